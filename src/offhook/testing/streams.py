"""Byte streams in memory: connections between endpoints of a world, in virtual time.

Bytes arrive in order and whole, cut into pieces from a seed, as TCP may. Nothing is delivered in the call
that sends. A test can cut connections, let an address swallow attempts, and let a reader stall.
"""

import random
import socket
from collections.abc import Callable

from offhook.sip.flow import Address
from offhook.testing.loop import VirtualLoop
from offhook.transport.streams import Accept, Handler

DELAY = 0.001
FIRST_EPHEMERAL = 50_000
REFUSED = "Connection refused"


class MemoryStreams:
    """A wire of streams (`transport/streams.py`)."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self._loop = loop
        self._random = random.Random(seed)
        self._listening: dict[Address, Accept] = {}
        self._next_port = FIRST_EPHEMERAL
        self.dialled: list[Address] = []
        """The far end of every attempt, in order."""
        self.links: list[_Link] = []
        """Both ends of every connection that stands, the dialling end first."""
        self.silent: set[Address] = set()
        """Addresses where attempts are never answered."""
        self.stalled: set[Address] = set()
        """Addresses that take no more bytes: what is written to them waits."""
        self.largest = 400
        """Bytes that arrive at once, at most."""

    def listen(self, address: Address, accept: Accept, sock: socket.socket | None = None) -> Address:
        """Take connections at `address`, port 0 for any. Raises OSError when it is taken."""
        host, port = address
        if port == 0:
            port = self._port()
        if (host, port) in self._listening:
            raise OSError(f"{host}:{port} is in use in this world")
        self._listening[host, port] = accept
        return host, port

    def unlisten(self, address: Address) -> None:
        self._listening.pop(address, None)

    def dial(self, local: Address, remote: Address, handler: Handler) -> Callable[[], None]:
        self.dialled.append(remote)
        attempt = _Attempt(self, (local[0], self._port()), remote, handler)
        if remote not in self.silent:
            self.later(attempt.arrive)
        return attempt.cancel

    def cut(self, *, at: Address | None = None) -> int:
        """Break the connections at an address, or all; both ends are told. Gives how many."""
        broken = [link for link in self.links if link.dialled and at in (None, link.local, link.peer.local)]
        for link in broken:
            link.break_off("Connection reset by peer")
        return len(broken)

    def later(self, action: Callable[[], None]) -> None:
        self._loop.call_later(DELAY, action)

    def take(self, local: Address, remote: Address) -> "Handler | None":
        """Who serves a new connection at `remote`; None when nobody listens or it is turned away."""
        accept = self._listening.get(remote)
        return None if accept is None else accept(local)

    def pieces(self, data: bytes) -> list[bytes]:
        """The data in pieces of random sizes."""
        found = []
        while data:
            size = self._random.randint(1, self.largest)
            found.append(data[:size])
            data = data[size:]
        return found

    def _port(self) -> int:
        self._next_port += 1
        return self._next_port


class _Attempt:
    """A dial that is under way."""

    def __init__(self, streams: MemoryStreams, local: Address, remote: Address, handler: Handler) -> None:
        self._streams = streams
        self._local, self._remote = local, remote
        self._handler: Handler | None = handler

    def arrive(self) -> None:
        if self._handler is None:
            return
        other = self._streams.take(self._local, self._remote)
        if other is None:
            handler = self._handler
            self._streams.later(lambda: handler.lost(REFUSED))
            return
        ours = _Link(self._streams, self._local, self._handler, dialled=True)
        theirs = _Link(self._streams, self._remote, other, dialled=False)
        ours.peer, theirs.peer = theirs, ours
        self._streams.links += [ours, theirs]
        other.opened(theirs)
        self._streams.later(self._answered(ours))

    def _answered(self, link: "_Link") -> Callable[[], None]:
        def tell() -> None:
            if self._handler is None:
                link.abort()
            elif link.handler is not None:
                self._handler.opened(link)

        return tell

    def cancel(self) -> None:
        self._handler = None


class _Link:
    """One end of a connection."""

    def __init__(self, streams: MemoryStreams, local: Address, handler: Handler, *, dialled: bool) -> None:
        self._streams = streams
        self._waiting = bytearray()
        self.dialled = dialled
        self.handler: Handler | None = handler
        self.local = local
        self.peer: _Link = self

    @property
    def backlog(self) -> int:
        return len(self._waiting)

    def write(self, data: bytes) -> None:
        if self.handler is None:
            return
        if self.peer.local in self._streams.stalled:
            self._waiting += data
            return
        for piece in self._streams.pieces(bytes(self._waiting) + data):
            self._streams.later(self._carry(piece))
        self._waiting.clear()

    def close(self) -> None:
        self._end()
        self._streams.later(lambda: self.peer.end("closed by the peer"))

    def abort(self) -> None:
        self.close()

    def break_off(self, reason: str) -> None:
        """Both ends lose the connection."""
        self.end(reason)
        self.peer.end(reason)

    def end(self, reason: str) -> None:
        """This end loses the connection; one that has let go of it hears nothing."""
        handler = self.handler
        self._end()
        if handler is not None:
            handler.lost(reason)

    def _end(self) -> None:
        self.handler = None
        if self in self._streams.links:
            self._streams.links.remove(self)

    def _carry(self, piece: bytes) -> Callable[[], None]:
        def arrive() -> None:
            if self.peer.handler is not None:
                self.peer.handler.received(piece)

        return arrive
