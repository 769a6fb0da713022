"""A SIP peer on streams in a world whose every byte the test writes itself."""

from collections.abc import Iterable

from offhook.core.errors import RemoteProtocolError
from offhook.sip import build
from offhook.sip.flow import Address, Flow
from offhook.sip.framing import Keepalive, StreamFramer
from offhook.sip.headers import cseq
from offhook.sip.message import Message, Request, Response
from offhook.sip.parser import parse
from offhook.testing.world import PLATFORM, World
from offhook.transport.streams import Handler, Link

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
HOST = "127.0.0.1"


class Line(Handler):
    """One connection of the peer."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.heard: list[Message] = []
        self.pongs = 0
        self.raw = b""
        self.over = ""
        self._framer = StreamFramer()

    def opened(self, link: Link) -> None:
        self.link = link

    def received(self, data: bytes) -> None:
        self.raw += data
        for item in self._framer.feed(data):
            if isinstance(item, Keepalive):
                raise RemoteProtocolError("the platform sends no pings")
            self.heard.append(parse(item))

    def lost(self, reason: str) -> None:
        self.over = reason

    def say(self, data: bytes) -> None:
        assert self.link is not None, "not connected yet"
        self.link.write(data)

    def close(self) -> None:
        assert self.link is not None
        self.link.close()
        self.over = "we closed it"

    def stands(self) -> bool:
        return not self.over

    def requests(self, method: str) -> list[Request]:
        return [m for m in self.heard if isinstance(m, Request) and m.method == method]

    def statuses(self, method: str) -> list[int]:
        return [m.status for m in self.heard if isinstance(m, Response) and cseq(m).method == method]

    def response(self, method: str) -> Response:
        return [m for m in self.heard if isinstance(m, Response) and cseq(m).method == method][-1]


class Peer:
    """Listens at `port` for streams and datagrams; `lines` are its connections, oldest first."""

    def __init__(self, world: World, port: int = 5090, *, listens: bool = True) -> None:
        self.address: Address = (HOST, port)
        self.datagrams: list[Message] = []
        self.lines: list[Line] = []
        self.world = world
        self._count = 0
        if listens:
            world.network.streams.listen(self.address, self._accept)
        world.network.bind(self.address, lambda data, _: self.datagrams.append(parse(data)))

    def dial(self) -> Line:
        """Connect to the platform."""
        line = Line()
        self.lines.append(line)
        self.world.network.streams.dial(self.address, PLATFORM, line)
        self.world.wait(0.01)
        return line

    def _accept(self, source: Address) -> Line:
        self.lines.append(Line())
        return self.lines[-1]

    def request(
        self,
        method: str,
        *,
        to_tag: str | None = None,
        number: int = 1,
        via: str = "",
        call_id: str = "peer-call",
        body: bytes | None = None,
        user: str = "",
        headers: Iterable[tuple[str, str]] = (),
        branch: str = "",
    ) -> bytes:
        """A request of the peer, as bytes."""
        self._count += 1
        host, port = self.address
        branch = branch or f"z9hG4bKpeer{port}x{self._count}"
        content = (OFFER if method == "INVITE" else b"") if body is None else body
        made = build.request(
            method,
            f"sip:{user or self.world.number}@{PLATFORM[0]}",
            via=f"SIP/2.0/TCP {host}:{port};branch={branch}{via}",
            from_=f"<sip:15550111222@{host}>;tag=peer",
            to=f"<sip:{self.world.number}@{PLATFORM[0]}>" + (f";tag={to_tag}" if to_tag else ""),
            call_id=call_id,
            cseq=number,
            max_forwards=70,
            contact=f"<sip:peer@{host}:{port};transport=tcp>",
            headers=headers,
            body=content,
            content_type="application/sdp" if content else None,
        )
        return build.serialise(made)

    def reply(
        self, request: Request, status: int, *, body: bytes = b"", reach: str = ";transport=tcp"
    ) -> bytes:
        """A response of the peer, as bytes."""
        host, port = self.address
        contact = [("Contact", f"<sip:peer@{host}:{port}{reach}>")] if 100 < status < 300 else []
        kind = "application/sdp" if body else None
        made = build.response(request, status, to_tag="callee", headers=contact, body=body, content_type=kind)
        return build.serialise(made)

    def flow(self) -> Flow:
        return Flow("tcp", PLATFORM, self.address)
