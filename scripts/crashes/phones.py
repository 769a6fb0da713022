"""Plain phones behind one socket: they call and are called, ring, answer, send a tone, and remember.

They use the SIP stack that the simulator's phones use, and nothing of the platform. What a called number does
is in its digits (`Behaviour`).
"""

import asyncio
import socket
import time
from dataclasses import dataclass, field
from enum import StrEnum

from offhook.audio.tables import encode
from offhook.audio.tones import sine
from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.sdp import negotiator
from offhook.simulator.agent import Agent
from offhook.simulator.wire import UdpWire
from offhook.sip import commands, events
from offhook.sip.flow import Address

HOST = "127.0.0.1"
CODECS = ("PCMU",)


class Behaviour(StrEnum):
    """The digit after the prefix of a called number."""

    ANSWERS = "1"
    RINGS = "2"
    RINGS_THEN_ANSWERS = "3"
    IS_BUSY = "4"


RING_SECONDS = 2.0


@dataclass
class PhoneCall:
    """One call as a phone saw it."""

    number: str
    session: str
    ours: bool
    """The phone called; else it was called."""
    began: float = field(default_factory=time.monotonic)
    rang: float | None = None
    answered: float | None = None
    over: float | None = None
    ending: str = ""
    """`far end`, `phone`, or what else ended it."""
    offer: bytes = b""
    talked: "Talker | None" = None


class Talker:
    """Sends a tone from a socket of its own, 20 ms at a time."""

    def __init__(self, remote: Address) -> None:
        self.frames = 0
        self._remote = remote
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        self._payload = encode("PCMU", sine(450.0, 160))

    def send(self) -> None:
        start = self.frames % 8 * 160
        head = bytes([0x80, 0 if self.frames else 0x80]) + (self.frames & 0xFFFF).to_bytes(2, "big")
        head += (self.frames * 160 & 0xFFFFFFFF).to_bytes(4, "big") + b"CRSH"
        self.frames += 1
        try:
            self._socket.sendto(head + self._payload[start : start + 160], self._remote)
        except OSError:
            return  # the port is gone with its process

    def close(self) -> None:
        self._socket.close()


class Phones:
    """All phones. `talks(number)` says which of them make sound."""

    def __init__(self) -> None:
        self._ids = RandomIds(0)
        self._agent = Agent(UdpWire(), SystemClock(), self._ids, HOST, on_invite=self._called)
        self._sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sink.bind((HOST, 0))
        self.calls: dict[str, PhoneCall] = {}
        self._talkers: set[Talker] = set()
        self._loud: set[str] = set()
        self._clock = asyncio.ensure_future(self._talk())

    @property
    def address(self) -> Address:
        return self._agent.address

    async def close(self) -> None:
        self._clock.cancel()
        await self._agent.close()
        self._sink.close()

    def live(self) -> list[PhoneCall]:
        return [call for call in self.calls.values() if call.over is None]

    def call(self, number: str, to: str, platform: Address, *, loud: bool) -> PhoneCall:
        """Call the platform; a loud phone talks once it is answered."""
        session = self._ids.uuid()
        call = self.calls[session] = PhoneCall(number, session, True)
        if loud:
            self._loud.add(session)
        call.offer = negotiator.make_offer(HOST, self._sink.getsockname()[1], CODECS, 1)
        self._agent.own(session, self)
        uri = f"sip:{to}@{platform[0]}:{platform[1]}"
        flow = self._agent.flow_to(platform)
        self._agent.command(commands.Dial(session, uri, self._agent.uri(number), call.offer, flow))
        return call

    def hang_up(self, call: PhoneCall) -> None:
        call.ending = "phone"
        self._agent.command(commands.HangUp(call.session, status=486))

    def on_sip(self, event: events.Event) -> None:
        """What the stack says of a call."""
        call = self.calls[event.session]
        now = time.monotonic()
        if isinstance(event, events.Ringing):
            call.rang = call.rang or now
        elif isinstance(event, events.Answered):
            call.answered = now
            if call.session in self._loud:
                self._begin_to_talk(call, event.body)
        elif isinstance(event, events.Confirmed):
            call.answered = now
        elif isinstance(event, events.Failed):
            self._end(call, now, "phone" if event.local and call.ending else f"{event.status}")
        elif isinstance(event, events.Ended):
            self._end(call, now, "far end" if event.by == "remote" else event.by)

    def _called(self, event: events.InviteReceived) -> None:
        session = event.session
        call = self.calls[session] = PhoneCall(event.user, session, False, offer=event.offer)
        self._agent.own(session, self)
        behaviour = event.user[5:6]
        if behaviour == Behaviour.IS_BUSY:
            self._agent.command(commands.Reject(session, 486))
            return
        self._agent.command(commands.Ring(session))
        call.rang = time.monotonic()
        if behaviour == Behaviour.ANSWERS:
            self._answer(call)
        elif behaviour == Behaviour.RINGS_THEN_ANSWERS:
            asyncio.get_running_loop().call_later(RING_SECONDS, self._answer, call)

    def _answer(self, call: PhoneCall) -> None:
        if call.over is not None:
            return
        made = negotiator.answer(call.offer, HOST, self._sink.getsockname()[1])
        self._agent.command(commands.Answer(call.session, made.body))

    def _begin_to_talk(self, call: PhoneCall, answer: bytes) -> None:
        remote = negotiator.accept_answer(call.offer, answer).remote
        if remote is not None:
            call.talked = Talker(remote)
            self._talkers.add(call.talked)

    def _end(self, call: PhoneCall, now: float, ending: str) -> None:
        call.over = now
        call.ending = call.ending or ending
        if call.talked is not None:
            self._talkers.discard(call.talked)
            call.talked.close()

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            for talker in self._talkers:
                talker.send()
            due = max(due + 0.02, loop.time() - 0.1)
            await asyncio.sleep(max(0.0, due - loop.time()))
