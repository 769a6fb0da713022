"""The wires of the worker process: one UDP socket a leg, one Unix datagram socket a link.

A leg's socket learns its source with `recvfrom` and is then connected, after which a tick costs it one
pre-bound `recv_into` and one pre-bound `send`. A packet longer than the batch's rows turns the leg to a
slower reading of its own. Sockets that are learning, long or links are few and are read one by one.
"""

import ctypes
import logging
import socket
import sys
from collections.abc import Collection
from dataclasses import dataclass

from offhook.core.errors import MediaError
from offhook.ipc.pipes import remove_socket
from offhook.media.engine import Arrivals, Departures
from offhook.media.host.wires import Address
from offhook.media.latch import Latch
from offhook.media.ports import WarmPorts
from offhook.media.sweep import Sweep
from offhook.media.volley import Volley

log = logging.getLogger("offhook.media")

LARGEST = 2_048
READS = 12
"""Datagrams that a slowly read socket gives in one tick at most."""
SETTLES = 64
"""Legs whose first packet is taken in one tick: a first packet costs several times any other."""
STALE = 256
"""Datagrams thrown away at most when a warm port is taken."""
UNIX_PATH = 100
"""Characters that a Unix socket address holds everywhere."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(slots=True)
class _Leg:
    row: int
    socket: socket.socket
    latch: Latch
    long: bool = False


@dataclass(slots=True)
class _Link:
    row: int
    socket: socket.socket
    local: str
    remote: str


class Sockets:
    """`Wires` for `MediaHost`, and the two ends of a tick: `receive` and `send`."""

    def __init__(self, warm: WarmPorts, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._warm = warm
        self._legs: dict[int, _Leg] = {}
        self._links: dict[int, _Link] = {}
        self._slow: dict[int, _Leg] = {}
        self._sweep = Sweep(arrivals, self._too_long)
        self._volley = Volley()

    @property
    def unsent(self) -> int:
        """Packets that the kernel did not take."""
        return self._volley.unsent

    # ── Wires ───────────────────────────────────────────────────────────────────────────────────

    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None:
        taken = self._warm.take(port)
        if taken is None:
            raise MediaError(f"port {port} is not one of the ports that wait here: reserve another")
        _drain(taken)
        leg = _Leg(row, taken, Latch(numeric(remote), payload_types))
        self._legs[row] = leg
        self._learn(leg)

    def discard(self, port: int) -> None:
        unused = self._warm.take(port)
        if unused is not None:
            unused.close()

    def aim(self, row: int, remote: Address | None, payload_types: Collection[int]) -> None:
        leg = self._legs[row]
        if leg.latch.aim(numeric(remote), payload_types):
            self._learn(leg)

    def release(self, row: int) -> None:
        self._volley.drop(row)
        self._slow.pop(row, None)
        self._sweep.remove(row)
        leg = self._legs.pop(row, None)
        if leg is not None:
            leg.socket.close()
        link = self._links.pop(row, None)
        if link is not None:
            link.socket.close()
            remove_socket(link.local)

    def remote(self, row: int) -> Address | None:
        leg = self._legs.get(row)
        return leg.latch.destination if leg is not None and leg.latch.settled else None

    def link(self, row: int, local: str, remote: str) -> None:
        if max(len(local), len(remote)) > UNIX_PATH:
            raise MediaError(f"the path {local} is too long for a socket: use a shorter data directory")
        end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            end.setblocking(False)
            remove_socket(local)
            end.bind(local)
        except OSError as error:
            end.close()
            raise MediaError(f"the link cannot be bound at {local}: {error.strerror}") from None
        self._links[row] = _Link(row, end, local, remote)

    def relearn(self, row: int) -> None:
        leg = self._legs.get(row)
        if leg is not None and leg.latch.settled:
            leg.latch.forget()
            self._learn(leg)

    def close(self) -> None:
        for row in [*self._legs, *self._links]:
            self.release(row)

    # ── the two ends of a tick ──────────────────────────────────────────────────────────────────

    def receive(self) -> None:
        """Fill the arrivals."""
        self._sweep.run()
        learning = 0
        for leg in list(self._slow.values()):
            if not leg.latch.settled:
                if learning == SETTLES:
                    continue
                self._read(leg)
                learning += leg.latch.settled
            else:
                self._read(leg)
        for link in self._links.values():
            self._read_link(link)

    def send(self, departures: Departures) -> None:
        """Send what a tick produced. What the kernel does not take is dropped and counted."""
        self._volley.fire(departures)
        for row, datagram in departures.extra:
            self._send_extra(row, datagram)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _learn(self, leg: _Leg) -> None:
        """Read with addresses until the latch settles; send to what the latch says meanwhile."""
        self._sweep.remove(leg.row)
        _disconnect(leg.socket)
        self._slow[leg.row] = leg
        destination = leg.latch.destination
        if destination is None:
            self._volley.drop(leg.row)
        else:
            sendto = leg.socket.sendto
            self._volley.aim(leg.row, lambda data: sendto(data, destination))

    def _settle(self, leg: _Leg) -> None:
        """The source is known: connect, and read in the sweep."""
        assert leg.latch.destination is not None
        try:
            leg.socket.connect(leg.latch.destination)
        except OSError as error:
            log.warning("row %d cannot reach %s: %s", leg.row, leg.latch.destination, error)
            leg.latch.forget()
            return
        self._volley.aim(leg.row, leg.socket.send)
        if not leg.long:
            del self._slow[leg.row]
            self._sweep.add(leg.row, leg.socket)

    def _read(self, leg: _Leg) -> None:
        for _ in range(READS):
            try:
                data, source = leg.socket.recvfrom(LARGEST)
            except BlockingIOError:
                return
            except OSError:  # the peer's host said that nobody listens there
                continue
            if leg.latch.settled:
                self._arrivals.add(leg.row, data)
            elif leg.latch.offer(source[:2], data):
                self._arrivals.add(leg.row, data)
                self._settle(leg)
                if leg.row not in self._slow:
                    return

    def _read_link(self, link: _Link) -> None:
        for _ in range(READS):
            try:
                self._arrivals.long.append((link.row, link.socket.recv(LARGEST)))
            except OSError:
                return

    def _too_long(self, row: int) -> None:
        """A packet did not fit: from now on this leg is read with room."""
        leg = self._legs[row]
        leg.long = True
        self._sweep.remove(row)
        self._slow[row] = leg

    def _send_extra(self, row: int, datagram: bytes) -> None:
        link = self._links.get(row)
        if link is None:
            self._volley.send(row, datagram)
            return
        try:
            link.socket.sendto(datagram, link.remote)
        except OSError:
            self._volley.unsent += 1  # the other end is not there yet, or does not read


def numeric(remote: Address | None) -> Address | None:
    """`remote` if packets can go there: an address in figures that is not the unspecified one, and a port."""
    if remote is None or remote[1] <= 0 or remote[1] > 65535:
        return None
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            packed = socket.inet_pton(family, remote[0])
        except (OSError, ValueError):
            continue
        return (remote[0], remote[1]) if any(packed) else None
    return None


def _disconnect(opened: socket.socket) -> None:
    """Undo `connect` and keep the port; Python's own `connect` cannot name the family AF_UNSPEC."""
    nowhere = bytes(16) if sys.platform != "darwin" else bytes([16]) + bytes(15)
    _libc.connect(opened.fileno(), nowhere, 16)


def _drain(opened: socket.socket) -> None:
    """Throw away what strangers, or the port's last peer, sent before the leg existed."""
    try:
        for _ in range(STALE):
            opened.recv(LARGEST)
    except OSError:
        pass
