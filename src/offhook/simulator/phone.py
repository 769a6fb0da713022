"""A virtual phone: a number, a behaviour when it is called, and calls of its own. Real SIP and RTP.

    phone = Phone.on(wire, clock, ids, "127.0.0.1", "15550100", tts=engine)
    call = phone.call("15550199", platform, parse('wait-speech; press 1; hangup'))
    report = await call.done

Several phones may share one agent (the carrier's do); one made with `Phone.on` has an agent to itself.
"""

import asyncio
from collections.abc import Sequence

from offhook.core.clock import Clock
from offhook.core.errors import Invalid
from offhook.core.ids import Ids
from offhook.sdp.negotiator import CODECS
from offhook.simulator.agent import Agent
from offhook.simulator.behaviour import Answers, Behaviour
from offhook.simulator.call import Call
from offhook.simulator.report import Report
from offhook.simulator.script import Script
from offhook.simulator.wire import Wire
from offhook.sip.events import InviteReceived
from offhook.sip.flow import Address
from offhook.speech.base import TTS


class Phone:
    """`behaviour` may be changed at any time; it holds for the next call."""

    def __init__(
        self,
        agent: Agent,
        number: str,
        behaviour: Behaviour | None = None,
        *,
        tts: TTS | None = None,
        codecs: Sequence[str] = CODECS,
    ) -> None:
        self.agent = agent
        self.behaviour: Behaviour = behaviour or Answers()
        self.calls: list[Call] = []
        """Every call, inbound and outbound, in order."""
        self.number = number
        self._codecs = tuple(codecs)
        self._tts = tts
        self._waiting: list[asyncio.Future[Call]] = []

    @classmethod
    def on(
        cls,
        wire: Wire,
        clock: Clock,
        ids: Ids,
        host: str,
        number: str,
        behaviour: Behaviour | None = None,
        *,
        port: int = 0,
        transport: str = "udp",
        tts: TTS | None = None,
        codecs: Sequence[str] = CODECS,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> "Phone":
        """A phone with a SIP endpoint of its own at `host`:`port`; every INVITE that reaches it is for it.

        `transport` is what its own calls go over; it is called over either.
        """
        agent = Agent(wire, clock, ids, host, port, transport=transport, loop=loop)
        phone = cls(agent, number, behaviour, tts=tts, codecs=codecs)
        agent.on_invite = phone.receive
        return phone

    @property
    def address(self) -> Address:
        """Where it listens for SIP."""
        return self.agent.address

    def call(
        self,
        to: str,
        destination: Address,
        script: Script = (),
        *,
        headers: Sequence[tuple[str, str]] = (),
        ring_seconds: float = 120.0,
    ) -> Call:
        """Dial a number or a SIP URI; the INVITE goes to `destination`. Raises Invalid."""
        uri = to if to.startswith("sip:") else _uri(without_separators(to), destination)
        if any(character.isspace() or not character.isprintable() for character in uri):
            raise Invalid("to", f"{to!r} is neither a number nor a SIP URI such as sip:alice@127.0.0.1:5070")
        call = self._new_call(Report("outbound", to, uri))
        call.dial(destination, uri, self.number, script, headers=tuple(headers), ring_seconds=ring_seconds)
        return call

    def receive(self, invite: InviteReceived) -> None:
        """An INVITE for this phone."""
        call = self._new_call(Report("inbound", invite.user, invite.from_uri, invite.headers))
        call.receive(invite, self.behaviour)
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(call)

    async def next_call(self, seconds: float = 30.0) -> Call:
        """The next inbound call from now on. Raises TimeoutError when none comes."""
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        async with asyncio.timeout(seconds):
            return await future

    async def close(self) -> None:
        """Hang up every call; an agent of its own is closed by its owner."""
        for call in self.calls:
            if not call.done.done():
                call.hang_up()

    def _new_call(self, report: Report) -> Call:
        call = Call(self.agent, report, self._tts, self._codecs)
        self.calls.append(call)
        return call


def without_separators(number: str) -> str:
    """A telephone number without what people write between digits; anything else as it stands."""
    bare = "".join(character for character in number if character not in "-. ()")
    return bare if bare.removeprefix("+").isdigit() else number


def _uri(number: str, destination: Address) -> str:
    host, port = destination
    return f"sip:{number}@{f'[{host}]' if ':' in host else host}:{port}"
