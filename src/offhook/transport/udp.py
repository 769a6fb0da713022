"""SIP over UDP on asyncio: several sockets, IPv4 and IPv6, bound here or handed in (RFC 3261 §18).

Sends from the socket that a message came in on, because NATs and strict peers expect it. Knows nothing of
SIP but what `acl` glances at.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Protocol, cast

from offhook.core.clock import Clock
from offhook.sip.flow import Address, Flow
from offhook.transport.acl import Acl, is_keepalive

log = logging.getLogger("offhook.transport")

MAX_QUEUED = 1_048_576
"""Bytes waiting for the kernel on one socket; what comes on top is lost, as UDP may."""
RECEIVE_BUFFER = 4_194_304
"""Bytes of kernel buffer asked for, so that a burst of calls survives a busy moment."""

OnDatagram = Callable[[bytes, Flow], None]


class Sink(Protocol):
    """What a listener delivers to: a `SipDriver`."""

    def feed(self, data: bytes, flow: Flow) -> None: ...

    def transport_failed(self, flow: Flow, reason: str) -> None: ...


class _Endpoint(Protocol):
    """What the loops' datagram transports have in common; typeshed leaves out the buffer size."""

    def sendto(self, data: bytes, addr: Address) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def is_closing(self) -> bool: ...

    def close(self) -> None: ...


class UdpTransport:
    """All UDP sockets of one SIP element. `acl`, when given, needs `clock` too."""

    def __init__(self, *, acl: Acl | None = None, clock: Clock | None = None) -> None:
        if acl is not None and clock is None:
            raise ValueError("an access list needs a clock")
        self._acl = acl
        self._clock = clock
        self._sockets: dict[Address, _Socket] = {}

    async def bind(
        self, host: str, port: int, target: Sink | OnDatagram, sock: socket.socket | None = None
    ) -> Address:
        """Listen on `host`:`port` (0 = any), or on the bound datagram socket `sock`, and deliver to `target`.

        Gives the address bound. `host` is an IP literal; `::` takes IPv6 only, so bind `0.0.0.0` beside
        it. Raises OSError when the address is taken or not ours.
        """
        made = sock if sock is not None else _bound(host, port)
        try:
            _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Socket(target, self._admits), sock=made
            )
        except BaseException:
            made.close()
            raise
        self._sockets[protocol.local] = protocol
        return protocol.local

    @property
    def addresses(self) -> list[Address]:
        """The addresses bound, in the order of binding."""
        return list(self._sockets)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one datagram on `flow`. A failure is reported to the target as `transport_failed`."""
        chosen = self._sockets.get(flow.local) or self._of_family(flow.remote[0])
        if chosen is None:
            log.error("no UDP socket can reach %s: bind one of its address family", flow)
            return
        if self._answers(flow.remote[0], data):
            chosen.send(data, flow)

    def close(self) -> None:
        """Close all sockets at once."""
        for opened in self._sockets.values():
            opened.close()
        self._sockets.clear()

    def _admits(self, host: str, data: bytes) -> bool:
        if self._acl is None or self._clock is None:
            return True
        return self._acl.admits(self._clock.now(), host, data)

    def _answers(self, host: str, data: bytes) -> bool:
        if self._acl is None or self._clock is None:
            return True
        return self._acl.may_answer(self._clock.now(), host, data)

    def _of_family(self, host: str) -> "_Socket | None":
        for local, opened in self._sockets.items():
            if (":" in local[0]) == (":" in host):
                return opened
        return None


class _Socket(asyncio.DatagramProtocol):
    """One bound socket."""

    def __init__(self, target: Sink | OnDatagram, admits: Callable[[str, bytes], bool]) -> None:
        self._deliver: OnDatagram = target if callable(target) else target.feed
        self._failed = None if callable(target) else target.transport_failed
        self._admits = admits
        self._transport: _Endpoint | None = None
        self._sending: Flow | None = None
        self.local: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(_Endpoint, transport)
        name = transport.get_extra_info("sockname")
        self.local = (name[0], name[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if is_keepalive(data) or not self._admits(addr[0], data):
            return
        flow = Flow("udp", self.local, (addr[0], addr[1]))
        try:
            self._deliver(data, flow)
        except Exception:
            log.exception("a datagram from %s could not be delivered", flow)

    def error_received(self, exc: Exception) -> None:
        # asyncio reports a failed sendto here, before sendto returns; any other error names no peer.
        if self._sending is None:
            log.warning("UDP socket %s:%d reports: %s", *self.local, exc)
        else:
            self._report(self._sending, str(exc))

    def send(self, data: bytes, flow: Flow) -> None:
        if self._transport is None or self._transport.is_closing():
            self._report(flow, "the socket is closed")
            return
        if self._transport.get_write_buffer_size() > MAX_QUEUED:
            log.warning("the queue to the kernel is full: a datagram to %s is lost", flow)
            return
        self._sending = flow
        try:
            self._transport.sendto(data, flow.remote)
        except (OSError, ValueError) as error:
            self._report(flow, str(error))
        finally:
            self._sending = None

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _report(self, flow: Flow, reason: str) -> None:
        if self._failed is None:
            log.warning("sending on %s failed: %s", flow, reason)
        else:
            self._failed(flow, reason)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made
