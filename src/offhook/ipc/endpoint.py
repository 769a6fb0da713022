"""One side of a link between two processes, without any I/O: the same code on both sides and in every world.

Who owns the connection tells the endpoint `connected`, `received`, `disconnected` and, at `next_check`,
`check`; each gives outputs to carry out in order. `send` may be called at any time: a message waits for
the link, is sent when it is up, and is sent again on the next connection until the peer has confirmed it.
The peer therefore sees each message once and in order for as long as both processes live. State table:
docs/specs/ipc.md §3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from offhook.core.errors import RemoteProtocolError
from offhook.ipc.framing import FrameDecoder, Reader, frame
from offhook.ipc.handshake import (
    DEAD_NS,
    HEARTBEAT_NS,
    PROTOCOL,
    AnyPacket,
    Heartbeat,
    Hello,
    Numbered,
    Resume,
    Snapshot,
)
from offhook.ipc.outbox import Outbox

CONFIRM_EVERY = 256
"""Messages received before they are confirmed without waiting for the heartbeat."""


@dataclass(frozen=True, slots=True)
class Write:
    """Put these bytes on the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Up:
    """The link is ready. `fresh`: the peer is another process than before (or the first one seen)."""

    name: str
    fresh: bool
    missed: int
    """Messages of the peer that were lost to the bound of its buffer."""
    items: dict[str, list[str]]
    """What the peer holds: kind → ids."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """A message of the peer."""

    message: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message of the peer was skipped: this side does not know it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """The peer has been silent too long: close the connection."""

    reason: str


Output = Write | Up | Deliver | Unreadable | Dead

_encode = msgspec.msgpack.Encoder().encode
_packets: Reader[AnyPacket] = Reader(AnyPacket)


def _nothing() -> dict[str, list[str]]:
    return {}


@dataclass(slots=True)
class _Connection:
    """What belongs to one connection and dies with it."""

    frames: FrameDecoder
    heard_at: int
    beat_at: int
    greeted: bool = False
    writable: bool = False
    up: bool = False
    fresh: bool = False
    unconfirmed: int = 0


class Endpoint:
    """`incoming` is the union of messages that the peer may send.

    `keep`: messages that a dead peer had not confirmed go to its successor (for messages that are
    idempotent and complete in themselves); otherwise they die with it.
    """

    def __init__(
        self,
        name: str,
        epoch: str,
        incoming: object,
        *,
        describe: Callable[[], dict[str, list[str]]] = _nothing,
        keep: bool = False,
        outbox: Outbox | None = None,
    ) -> None:
        self.name = name
        self._epoch = epoch
        self._reader: Reader[Any] = Reader(incoming)
        self._describe = describe
        self._keep = keep
        self.outbox = Outbox() if outbox is None else outbox
        self._connection: _Connection | None = None
        self._peer_epoch: str | None = None
        self._peer_name = ""
        self._received = 0

    @property
    def up(self) -> bool:
        """Both sides have agreed where to go on."""
        return self._connection is not None and self._connection.up

    @property
    def next_check(self) -> int | None:
        """When `check` is due, None while there is no connection."""
        link = self._connection
        return None if link is None else min(link.beat_at, link.heard_at + DEAD_NS)

    # ── inputs ──────────────────────────────────────────────────────────────────────────────────

    def connected(self, now: int) -> list[Output]:
        """A connection stands; one that stood before is forgotten."""
        self._connection = _Connection(FrameDecoder(), heard_at=now, beat_at=now + HEARTBEAT_NS)
        return [_write(Hello(PROTOCOL, self._epoch, self.name))]

    def disconnected(self) -> None:
        """The connection is gone. Messages wait for the next one."""
        self._connection = None

    def received(self, now: int, data: bytes) -> list[Output]:
        """Bytes from the peer. Raises RemoteProtocolError on anything but the protocol: close the
        connection.
        """
        link = self._connection
        if link is None:
            return []
        link.heard_at = now
        outputs: list[Output] = []
        for body in link.frames.feed(data):
            outputs += self._packet(link, _packets.read(body))
        if link.unconfirmed >= CONFIRM_EVERY:
            outputs.append(self._heartbeat(link, now))
        return outputs

    def check(self, now: int) -> list[Output]:
        """Time passed: a heartbeat, or the end of a silent peer.

        Who calls this late was stopped itself (a busy host, a paused machine), and what the peer said
        meanwhile may still be unread: the peer then has one more heartbeat before it is judged.
        """
        link = self._connection
        if link is None:
            return []
        if now >= min(link.beat_at, link.heard_at + DEAD_NS) + HEARTBEAT_NS:
            link.heard_at = max(link.heard_at, now - DEAD_NS + HEARTBEAT_NS)
        if now >= link.heard_at + DEAD_NS:
            self._connection = None
            return [Dead(f"{self._peer_name or 'the peer'} said nothing for {DEAD_NS // HEARTBEAT_NS} s")]
        return [self._heartbeat(link, now)] if now >= link.beat_at else []

    def send(self, message: msgspec.Struct) -> list[Output]:
        """Number a message, and write it if the link is ready. Raises LocalStateError when it is too
        large.
        """
        body = _encode(message)
        seq = self.outbox.next
        packet = _write(Numbered(seq, msgspec.Raw(body)))  # checks the size before the message is kept
        self.outbox.add(body)
        link = self._connection
        return [packet] if link is not None and link.writable else []

    # ── packets ─────────────────────────────────────────────────────────────────────────────────

    def _packet(self, link: _Connection, packet: AnyPacket) -> list[Output]:
        if isinstance(packet, Hello):
            return self._hello(link, packet)
        if not link.greeted:
            raise RemoteProtocolError("the first packet of a connection must be Hello")
        if isinstance(packet, Numbered):
            return self._numbered(link, packet)
        if isinstance(packet, Resume):
            return self._resume(link, packet)
        if isinstance(packet, Snapshot):
            return self._snapshot(link, packet)
        self.outbox.confirm(packet.received)
        return []

    def _hello(self, link: _Connection, hello: Hello) -> list[Output]:
        if link.greeted:
            raise RemoteProtocolError("a second Hello on one connection")
        if hello.protocol != PROTOCOL:
            raise RemoteProtocolError(
                f"{hello.name} speaks protocol {hello.protocol} and {self.name} speaks {PROTOCOL}: "
                "run both processes from the same version"
            )
        link.greeted = True
        if hello.epoch != self._peer_epoch:
            self.outbox.restart(self._keep or self._peer_epoch is None)
            self._received = 0
            self._peer_epoch = hello.epoch
            link.fresh = True
        self._peer_name = hello.name
        return [_write(Resume(self._received))]

    def _resume(self, link: _Connection, resume: Resume) -> list[Output]:
        if link.writable:
            raise RemoteProtocolError("a second Resume on one connection")
        waiting = list(self.outbox.resume(resume.last_seq))
        link.writable = True
        start = _write(Snapshot(self.outbox.first, self._describe()))
        return [start, *(_write(Numbered(seq, msgspec.Raw(body))) for seq, body in waiting)]

    def _snapshot(self, link: _Connection, snapshot: Snapshot) -> list[Output]:
        if link.up:
            raise RemoteProtocolError("a second Snapshot on one connection")
        missed = snapshot.next_seq - self._received - 1
        if missed < 0:
            raise RemoteProtocolError(f"Snapshot goes back to message {snapshot.next_seq}")
        self._received += missed
        link.up = True
        return [Up(self._peer_name, link.fresh, missed, snapshot.items)]

    def _numbered(self, link: _Connection, packet: Numbered) -> list[Output]:
        if not link.up:
            raise RemoteProtocolError("a message before the Snapshot")
        if packet.seq <= self._received:
            return []
        if packet.seq != self._received + 1:
            raise RemoteProtocolError(f"message {packet.seq} follows message {self._received}")
        self._received = packet.seq
        link.unconfirmed += 1
        try:
            return [Deliver(self._reader.read(bytes(packet.body)))]
        except RemoteProtocolError as error:  # skipped, or the peer would send it for ever
            return [Unreadable(str(error))]

    def _heartbeat(self, link: _Connection, now: int) -> Write:
        link.beat_at = now + HEARTBEAT_NS
        link.unconfirmed = 0
        return _write(Heartbeat(self._received))


def _write(packet: AnyPacket) -> Write:
    return Write(frame(_encode(packet)))
