"""The people of the demo, and their ears: a caller and an operator, virtual phones with real SIP and RTP.

Waiting and listening belong here; what is asked of them is in `story.py`.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from offhook.audio import tones
from offhook.audio.tables import RATE, Pcm
from offhook.cli.demonstration.hearing import ALIKE, SHARE, Prompt, find_prompt
from offhook.cli.demonstration.outcome import StepFailed
from offhook.core.clock import SystemClock
from offhook.core.ids import RandomIds
from offhook.core.tasks import outside
from offhook.simulator.behaviour import Answers
from offhook.simulator.call import Call
from offhook.simulator.control import Registration, register
from offhook.simulator.phone import Phone
from offhook.simulator.places import CARRIER_SOCKET
from offhook.simulator.wire import UdpWire

AMPLITUDE = 8_000.0
KEY_MS, KEY_GAP_MS = 100, 80
POLL = 0.02
TAIL = RATE * 3 // 10
"""Samples at the end of a prompt that a hang-up right after it may leave in the jitter buffer."""


@dataclass(slots=True)
class People:
    """Both phones, registered with the simulated carrier of one instance."""

    caller: Phone
    operator: Phone
    wire: UdpWire
    held: list[Registration] = field(default_factory=list)

    @classmethod
    async def at(cls, run_dir: Path, host: str, numbers: tuple[str, str]) -> "People":
        """Make them and take their numbers. Raises NotFound without a carrier."""
        wire, clock = UdpWire(), SystemClock()
        made = [Phone.on(wire, clock, RandomIds(), host, number, Answers(0.5)) for number in numbers]
        people = cls(made[0], made[1], wire)
        for phone in made:
            socket = str(run_dir / CARRIER_SOCKET)
            people.held.append(await register(socket, phone.number, phone.address))
        return people

    async def close(self) -> None:
        for each in self.held:
            await each.close()
        for phone in (self.caller, self.operator):
            await phone.close()
            await phone.agent.close()
        self.wire.close()


class Line:
    """One phone's end of a call that is up."""

    def __init__(self, call: Call) -> None:
        self.call = call

    @property
    def now_ms(self) -> int:
        """How much has been heard."""
        return self.call.media.heard.milliseconds

    def since(self, start_ms: int) -> Pcm:
        return self.call.media.heard.pcm[start_ms * RATE // 1000 :]

    async def answered(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while self.call.report.answered_ms is None:
                if self.call.done.done():
                    ending = self.call.report.ending
                    raise StepFailed(f"the call was refused: {ending.status if ending else ''}")
                await asyncio.sleep(POLL)

    async def listen(self, milliseconds: int) -> None:
        """Until so much more was heard."""
        await self.listen_until(self.now_ms + milliseconds)

    async def listen_until(self, at_ms: int) -> None:
        async with asyncio.timeout(60.0):
            while self.now_ms < at_ms:
                if self.call.done.done():
                    raise StepFailed("the far end has hung up")
                await asyncio.sleep(POLL)

    async def press(self, keys: str) -> int:
        """Press keys as telephone events; gives when it began on the clock of what is heard."""
        at = self.now_ms
        await self._while_up(self.call.media.press(keys, KEY_MS, KEY_GAP_MS))
        return at

    async def tone(self, hertz: float, seconds: float) -> None:
        """Send a marker."""
        await self._while_up(self.call.media.play(tones.sine(hertz, round(seconds * 1000), AMPLITUDE)))

    async def _while_up(self, sending: Coroutine[Any, Any, None]) -> None:
        """Until it is sent or the call is over: a call that ends forgets what waits to be sent."""
        task = asyncio.ensure_future(sending)
        either: list[asyncio.Future[Any]] = [task, self.call.done]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def hear(self, prompt: Pcm, start_ms: int, milliseconds: int, seconds: float = 20.0) -> Prompt:
        """Wait until `milliseconds` of a prompt that begins after `start_ms` were heard. Its places count
        from the beginning of the call. Raises `StepFailed` when it does not come.
        """
        wanted = min(prompt.size, milliseconds * RATE // 1000) // 160 * 160
        deadline = asyncio.get_running_loop().time() + seconds
        offset = start_ms * RATE // 1000
        best = Prompt(0.0, 0, 0)
        over = False
        while asyncio.get_running_loop().time() < deadline and not over:
            over = self.call.done.done()
            heard = self.since(start_ms)
            if heard.size >= wanted - TAIL:
                best = await outside(lambda heard=heard: find_prompt(prompt, heard, least=wanted - TAIL))
                if best.heard and best.end - best.start >= wanted - TAIL:
                    return replace(best, start=best.start + offset, end=best.end + offset)
            await asyncio.sleep(0.2)
        raise StepFailed(
            f"the prompt was not heard: the best match has a correlation of {best.alike:.2f} over "
            f"{(best.end - best.start) / RATE:.1f} s with {best.share:.0%} of its sound; "
            f"needed are {ALIKE:.2f} over {(wanted - TAIL) / RATE:.1f} s with {SHARE:.0%}"
        )
