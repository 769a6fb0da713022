"""Two or more SIP ends in one test: an in-memory wire in virtual time, with loss, copies and reordering.

A `Phone` is an end with a whole stack; a `Puppet` is an end whose every message the test writes itself.
"""

import heapq
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from offhook.core.clock import NS_PER_MS, seconds
from offhook.core.ids import SeededIds
from offhook.sip import build
from offhook.sip.commands import Command, Credentials, Dial
from offhook.sip.flow import Flow
from offhook.sip.headers import cseq
from offhook.sip.machine import (
    CancelTimer,
    Input,
    Output,
    Received,
    Send,
    SetTimer,
    TimerFired,
    TransportFailed,
)
from offhook.sip.message import Headers, Message, Request, Response
from offhook.sip.parser import parse
from offhook.sip.stack import SipStack, StackConfig

OFFER = b"v=0\r\ns=offer\r\n"
ANSWER = b"v=0\r\ns=answer\r\n"
DELAY = 10 * NS_PER_MS
E = TypeVar("E")


@dataclass(frozen=True)
class Carried:
    """One message that left an end."""

    at: int
    sender: str
    data: bytes
    to: tuple[str, int]

    @property
    def message(self) -> Message:
        return parse(self.data)

    @property
    def line(self) -> str:
        """`INVITE` or `200 INVITE`."""
        message = self.message
        if isinstance(message, Request):
            return message.method
        return f"{message.status} {cseq(message).method}"


class End:
    """Anything with an address."""

    def __init__(self, wire: "Wire", name: str, address: tuple[str, int]) -> None:
        self.wire, self.name, self.address = wire, name, address

    def flow(self, other: "End", transport: str = "udp") -> Flow:
        return Flow(transport, self.address, other.address)

    def arrive(self, data: bytes, flow: Flow) -> None:
        """Bytes have come."""

    def sent(self) -> list[str]:
        """The first words of all messages this end has sent, in order."""
        return [each.line for each in self.wire.log if each.sender == self.name]

    def messages(self, line: str) -> list[Carried]:
        """All messages of that kind this end has sent."""
        return [each for each in self.wire.log if each.sender == self.name and each.line == line]


class Phone(End):
    """An end with a stack. `react` gives the commands that follow an event."""

    def __init__(self, wire: "Wire", name: str, address: tuple[str, int], seed: int, **config: Any) -> None:
        super().__init__(wire, name, address)
        self.config = StackConfig(address[0], address[1], name, b"secret of " + name.encode(), **config)
        self.stack = SipStack(self.config, SeededIds(seed))
        self.events: list[Any] = []
        self.react: Callable[[Any], Iterable[Command]] = lambda event: ()
        self.timers: dict[str, int] = {}

    def do(self, command: Command) -> None:
        self.take(command)

    def call(self, other: End, session: str = "call", transport: str = "udp", **more: Any) -> str:
        """Dial another end."""
        more.setdefault("offer", OFFER)
        uri = f"sip:callee@{other.address[0]}:{other.address[1]}"
        flow = self.flow(other, transport)
        self.do(Dial(session, uri, f"sip:caller@{self.address[0]}", destination=flow, **more))
        return session

    def arrive(self, data: bytes, flow: Flow) -> None:
        self.take(Received(data, flow))

    def fail(self, flow: Flow) -> None:
        self.take(TransportFailed(flow, "connection refused"))

    def take(self, given: Input) -> None:
        self.perform(self.stack.handle(self.wire.now, given))

    def perform(self, outputs: list[Output]) -> None:
        happened: list[Any] = []
        for output in outputs:
            if isinstance(output, Send):
                self.wire.carry(self, output.data, output.flow)
            elif isinstance(output, SetTimer):
                self.timers[output.key] = output.at
                self.wire.at(output.at, partial(self._due, output.key, output.at))
            elif isinstance(output, CancelTimer):
                self.timers.pop(output.key, None)
            else:
                happened.append(output)
        for event in happened:
            self.events.append(event)
            for command in self.react(event):
                self.do(command)

    def got(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[E]) -> E:
        """The only event of that kind."""
        found = self.got(kind)
        assert len(found) == 1, f"{len(found)} of {kind.__name__} in {self.events}"
        return found[0]

    def _due(self, key: str, at: int) -> None:
        if self.timers.get(key) == at:
            del self.timers[key]
            self.take(TimerFired(key))


class Puppet(End):
    """An end that says what the test makes it say, and keeps what it hears."""

    def __init__(self, wire: "Wire", name: str, address: tuple[str, int]) -> None:
        super().__init__(wire, name, address)
        self.heard: list[Message] = []
        self.count = 0

    def arrive(self, data: bytes, flow: Flow) -> None:
        self.heard.append(parse(data))

    def request(self, method: str = "INVITE", nth: int = -1) -> Request:
        """A request it heard; the last one unless told."""
        return [each for each in self.heard if isinstance(each, Request) and each.method == method][nth]

    def requests(self, method: str) -> list[Request]:
        return [each for each in self.heard if isinstance(each, Request) and each.method == method]

    def statuses(self, method: str) -> list[int]:
        """The statuses it heard for one method."""
        return [r.status for r in self.heard if isinstance(r, Response) and cseq(r).method == method]

    def response(self, method: str) -> Response:
        """The last response it heard for one method."""
        return [r for r in self.heard if isinstance(r, Response) and cseq(r).method == method][-1]

    def reply(
        self,
        other: End,
        request: Request,
        status: int,
        tag: str | None = "puppet",
        contact: str | None = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        transport: str = "udp",
    ) -> bytes:
        """Answer a request it heard."""
        extra = list(headers)
        if contact is not None and 100 < status < 300:
            extra.append(("Contact", contact or f"<sip:puppet@{self.address[0]}:{self.address[1]}>"))
        kind = "application/sdp" if body else None
        made = build.response(request, status, to_tag=tag, headers=extra, body=body, content_type=kind)
        data = build.serialise(made)
        self.say(other, data, transport)
        return data

    def say(self, other: End, data: bytes, transport: str = "udp") -> None:
        self.wire.carry(self, data, self.flow(other, transport))

    def ask(
        self,
        other: End,
        method: str = "INVITE",
        *,
        branch: str | None = None,
        from_tag: str = "ptag",
        to_tag: str | None = None,
        call_id: str = "puppet-call",
        number: int = 1,
        uri: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
        via: str | None = None,
        contact: bool = True,
        transport: str = "udp",
    ) -> Request:
        """Send a request; the request it has sent."""
        self.count += 1
        host, port = self.address
        branch = branch or f"z9hG4bK{self.name}{self.count}"
        made_via = via or f"SIP/2.0/{transport.upper()} {host}:{port};branch={branch};rport"
        if body is None:
            body = OFFER if method == "INVITE" else b""
        made = build.request(
            method,
            uri or f"sip:user@{other.address[0]}:{other.address[1]}",
            via=made_via,
            from_=f"<sip:puppet@{host}>;tag={from_tag}" if from_tag else f"<sip:puppet@{host}>",
            to="<sip:user@offhook.example>" + (f";tag={to_tag}" if to_tag else ""),
            call_id=call_id,
            cseq=number,
            max_forwards=70,
            contact=f"<sip:puppet@{host}:{port}>" if contact else None,
            headers=headers,
            body=body,
            content_type="application/sdp" if body else None,
        )
        self.say(other, build.serialise(made), transport)
        return made

    def acknowledge(self, other: End, invite: Request, response: Message, **more: Any) -> None:
        """The ACK to a 2xx."""
        self.ask(
            other,
            "ACK",
            from_tag=tag_of(invite.headers, "From"),
            to_tag=tag_of(response.headers, "To"),
            call_id=invite.headers.get("Call-ID") or "",
            number=cseq(invite).number,
            **more,
        )

    def cancel(self, other: End, invite: Request) -> None:
        """CANCEL an INVITE it has sent."""
        headers = Headers(
            [(n, v) for n, v in invite.headers if n in ("Via", "From", "To", "Call-ID", "Max-Forwards")]
        )
        headers.add("CSeq", f"{cseq(invite).number} CANCEL")
        self.say(other, build.serialise(Request("CANCEL", invite.uri, headers, b"")))


@dataclass
class Weather:
    """What the wire does to datagrams."""

    seed: int = 0
    loss: float = 0.0
    copies: float = 0.0
    jitter: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def delays(self) -> list[int]:
        """One delay for each copy that arrives."""
        if self.dice.random() < self.loss:
            return []
        count = 2 if self.dice.random() < self.copies else 1
        return [DELAY + (self.dice.randrange(self.jitter) if self.jitter else 0) for _ in range(count)]


class Wire:
    """The network and the clock."""

    def __init__(self, weather: Weather | None = None) -> None:
        self.now = seconds(1000)
        self.log: list[Carried] = []
        self.ends: dict[tuple[str, int], End] = {}
        self.drop: Callable[[Carried], bool] = lambda carried: False
        self._weather = weather or Weather()
        self._queue: list[tuple[int, int, Callable[[], object]]] = []
        self._sequence = 0

    def phone(self, name: str, **config: Any) -> Phone:
        end = Phone(self, name, self._address(), 1 + len(self.ends), **config)
        self.ends[end.address] = end
        return end

    def puppet(self, name: str = "puppet") -> Puppet:
        end = Puppet(self, name, self._address())
        self.ends[end.address] = end
        return end

    def at(self, instant: int, action: Callable[[], object]) -> None:
        self._sequence += 1
        heapq.heappush(self._queue, (instant, self._sequence, action))

    def after(self, delay: float, action: Callable[[], object]) -> None:
        """Do something `delay` seconds from now."""
        self.at(self.now + seconds(delay), action)

    def carry(self, sender: End, data: bytes, flow: Flow) -> None:
        carried = Carried(self.now, sender.name, data, flow.remote)
        self.log.append(carried)
        receiver = self.ends.get(flow.remote)
        if receiver is None or self.drop(carried):
            return
        back = Flow(flow.transport, receiver.address, sender.address)
        delays = [DELAY] if flow.reliable else self._weather.delays()
        for delay in delays:
            self.at(self.now + delay, lambda: receiver.arrive(data, back))

    def run(self, duration: float) -> None:
        """Let `duration` seconds pass."""
        end = self.now + seconds(duration)
        while self._queue and self._queue[0][0] <= end:
            self.now, _, action = heapq.heappop(self._queue)
            action()
        self.now = end

    def ladder(self) -> list[str]:
        """Everything that was said, as `name: line`."""
        return [f"{each.sender}: {each.line}" for each in self.log]

    def _address(self) -> tuple[str, int]:
        return (f"127.0.0.{1 + len(self.ends)}", 5060)


def tag_of(headers: Headers, name: str) -> str:
    """The tag in From or To."""
    value = headers.get(name) or ""
    return value.partition(";tag=")[2]


CREDENTIALS = Credentials("alice", "wonderland")
