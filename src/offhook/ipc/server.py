"""A worker's side, for workers that run an asyncio loop (audio, speech) and for every worker of a world.

Several processes may connect; each is known by the name in its `Hello` and keeps its endpoint between
connections, so that it resumes. A second connection under one name replaces the first.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from offhook.core.clock import NS_PER_SECOND, Clock
from offhook.core.errors import RemoteProtocolError
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.framing import FrameDecoder, Reader
from offhook.ipc.handshake import DEAD_NS, AnyPacket, Hello
from offhook.ipc.link import Link
from offhook.ipc.pipes import Pipe, Receiver

log = logging.getLogger("offhook.ipc")

MAX_PEERS = 256
"""Names a server remembers; the local machine runs a few dozen processes at most."""

_packets: Reader[AnyPacket] = Reader(AnyPacket)


class Server:
    """`on_message(peer name, message)`, `on_up(up)`, `on_closed(peer name, reason)`.

    `endpoint` makes the endpoint of a peer seen for the first time; it gets the name the peer gave itself.
    """

    def __init__(
        self,
        endpoint: Callable[[str], Endpoint],
        clock: Clock,
        *,
        on_message: Callable[[str, Any], None],
        on_up: Callable[[Up], None] = lambda up: None,
        on_closed: Callable[[str, str], None] = lambda name, reason: None,
    ) -> None:
        self._clock = clock
        self._endpoint = endpoint
        self._links: dict[str, Link] = {}
        self._on_closed = on_closed
        self._on_message = on_message
        self._on_up = on_up

    def accept(self) -> Receiver:
        """The receiver of a new connection: give it to a listener."""
        return _Caller(self)

    def send(self, peer: str, message: msgspec.Struct) -> bool:
        """To a peer that has connected before; it waits while the peer is away. False when it never came."""
        link = self._links.get(peer)
        if link is None:
            return False
        link.send(message)
        return True

    def up(self, peer: str) -> bool:
        """The peer is connected and in step."""
        link = self._links.get(peer)
        return link is not None and link.endpoint.up

    def close(self) -> None:
        """End every connection."""
        for link in self._links.values():
            link.close()

    def link_of(self, name: str) -> Link:
        """The link of a peer, made when it is new. Raises RemoteProtocolError when there are too many."""
        link = self._links.get(name)
        if link is None:
            if len(self._links) >= MAX_PEERS:
                raise RemoteProtocolError(f"{MAX_PEERS} peers are known already; {name[:40]!r} is refused")
            link = self._links[name] = Link(
                self._endpoint(name),
                self._clock,
                lambda message: self._on_message(name, message),
                self._on_up,
                lambda reason, dead: self._on_closed(name, reason),
            )
        return link


class _Caller:
    """A connection: waits for `Hello`, then is the receiver of that peer's link."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._frames = FrameDecoder()
        self._held = b""
        self._pipe: Pipe | None = None
        self._target: Receiver | None = None
        self._timer: asyncio.TimerHandle | None = None

    def opened(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._timer = asyncio.get_running_loop().call_later(DEAD_NS / NS_PER_SECOND, pipe.close)

    def data(self, data: bytes) -> None:
        if self._target is not None:
            self._target.data(data)
        elif self._pipe is not None:
            self._greet(self._pipe, data)

    def closed(self) -> None:
        self._stop_timer()
        if self._target is not None:
            self._target.closed()

    def _greet(self, pipe: Pipe, data: bytes) -> None:
        self._held += data
        try:
            bodies = self._frames.feed(data)
            if not bodies:
                return
            hello = _packets.read(bodies[0])
            if not isinstance(hello, Hello):
                raise RemoteProtocolError("the first packet of a connection must be Hello")
            link = self._server.link_of(hello.name)
        except RemoteProtocolError as error:
            log.warning("a connection was refused: %s", error)
            pipe.close()
            return
        self._stop_timer()
        self._target = link.receiver()
        self._target.opened(pipe)
        self._target.data(self._held)
        self._held = b""

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
