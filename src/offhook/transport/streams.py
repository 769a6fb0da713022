"""What carries byte streams, as protocols: TCP sockets (`tcp.py`) or the memory of a world.

A wire of streams listens and dials; each connection is a `Link` on our side and tells a `Handler`. TLS is
another wire with the same three names. Nothing here knows SIP.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from offhook.sip.flow import Address, Flow


class Link(Protocol):
    """Our end of an open connection."""

    @property
    def backlog(self) -> int:
        """Bytes written that the peer has not taken yet."""
        ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None:
        """Send what is waiting, then close."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...


class Handler(Protocol):
    """Whoever is told of one connection: `opened` once or never, then data, then `lost` once."""

    def opened(self, link: Link) -> None: ...

    def received(self, data: bytes) -> None: ...

    def lost(self, reason: str) -> None:
        """It has ended, or never came about; not told after our own `close` or `abort` had been called."""
        ...


Accept = Callable[[Address], Handler | None]
"""A peer's address → who takes its connection; None turns it away."""


class StreamWire(Protocol):
    """A network of streams."""

    def listen(self, address: Address, accept: Accept, sock: socket.socket | None = None) -> Address:
        """Take connections at `address` (port 0 for any), or on a listening `sock`. Raises OSError."""
        ...

    def unlisten(self, address: Address) -> None:
        """Take no more connections there; those that stand go on."""
        ...

    def dial(self, local: Address, remote: Address, handler: Handler) -> Callable[[], None]:
        """Connect from the host of `local`; gives what cancels the attempt."""
        ...


class StreamSink(Protocol):
    """What connections deliver to: a `SipDriver`."""

    def feed(self, data: bytes, flow: Flow) -> None: ...

    def transport_failed(self, flow: Flow, reason: str) -> None: ...

    def disconnected(self, flow: Flow, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What peers may take from us. Seconds, bytes and counts."""

    connections: int = 4000
    """In all. When they are up, a trusted newcomer takes the place of the stranger that is quiet longest."""
    per_source: int = 100
    """From one address, unless it is trusted."""
    dial_s: float = 5.0
    first_message_s: float = 10.0
    """From the connection to the end of the first message; pings do not count."""
    message_s: float = 15.0
    """From the first byte of a later message to its last: a slow body ends the connection."""
    idle_s: float = 1800.0
    backlog: int = 1_000_000
    """Bytes that a peer may leave waiting before it is given up."""
