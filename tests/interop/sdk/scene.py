"""What the tests with SDKs have in common: a call to a phone, and judgements on what it heard."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from tests.real import Stage
from vonage import Vonage
from vonage_voice.models import CreateCallRequest, Phone, ToPhone

from offhook.audio.tables import RATE, Pcm
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.hearing import find_tone, level_of
from offhook.core.tasks import outside
from offhook.simulator.behaviour import Answers
from offhook.simulator.listen import ToneHeard, segments, tones

IDLE = [{"action": "wait", "timeout": 90}]
LINGER = {"action": "wait", "timeout": 2}
"""After the last words of a program: a phone on a busy machine hears them to their end before the BYE."""
_NUMBERS = itertools.count(15550530000)
SETTLE_MS = 600
"""How much is listened to before and after a change: longer than a busy machine stands still."""


def fresh() -> str:
    """A number that no test has used yet."""
    return str(next(_NUMBERS))


def answered(stage: Stage, vonage: Vonage, number: str, **request: object) -> tuple[str, Line]:
    """A call that the SDK makes to a phone which answers; without a program it waits. Leg and line."""
    if not request:
        stage.app.serve("/idle", IDLE)
        request = {"answer_url": [stage.url("/idle")]}
    phone = stage.run(stage.phone(number, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    made = vonage.voice.create_call(
        CreateCallRequest(
            to=[ToPhone(number=number)],
            from_=Phone(number=stage.known["number"]),
            **request,
        )
    )
    line = Line(coming.result(65))
    stage.run(line.answered(45))
    stage.run(stage.told(made.uuid, "answered"))
    return made.uuid, line


def over(stage: Stage, uuid: str, line: Line) -> None:
    """The call has ended at both ends."""

    async def wait() -> None:
        await asyncio.wait_for(asyncio.shield(line.call.done), 45)

    stage.run(wait())
    stage.run(stage.told(uuid))


def settle(stage: Stage, *lines: Line) -> None:
    """Let everything that is under way arrive."""

    async def wait() -> None:
        await asyncio.gather(*(line.listen(SETTLE_MS) for line in lines))

    stage.run(wait())


def say(stage: Stage, line: Line, hertz: float, seconds: float = 1.6) -> None:
    """A phone sends a tone."""
    stage.run(line.tone(hertz, seconds))


def has_heard(line: Line, hertz: float, least_ms: int = 600) -> bool:
    """Whether a tone is in what a phone heard since the call began."""
    tone = find_tone(line.since(0), hertz)
    return tone is not None and tone.duration_ms >= least_ms


def not_heard(line: Line, hertz: float) -> bool:
    return find_tone(line.since(0), hertz) is None


def tone_level(stage: Stage, line: Line, start_ms: int, hertz: float, least_ms: int) -> float:
    """The level at which a tone came after `start_ms`, once so much of it was heard; dBov."""
    heard, tone = wait_tone(stage, line, start_ms, hertz, lambda t: t.duration_ms >= least_ms)
    return level_of(heard, tone)


def wait_tone(
    stage: Stage, line: Line, start_ms: int, hertz: float, enough: Callable[[ToneHeard], bool]
) -> tuple[Pcm, ToneHeard]:
    """What was heard after `start_ms` and the tone in it, as soon as there is enough of it."""

    async def wait() -> tuple[Pcm, ToneHeard]:
        for _ in range(150):
            heard = line.since(start_ms)
            tone = await outside(find_tone, heard, hertz)
            if tone is not None and enough(tone):
                return heard, tone
            await line.listen(100)
        heard = line.since(start_ms)
        media = line.call.media
        told = [
            f"no tone of {hertz} Hz was heard, or too little of it, within {heard.size / RATE:.1f} s",
            f"tones: {tones(heard)}",
            f"sound: {segments(heard)}",
            f"missing frames: {media.heard.gaps[-20:]}; packets: {media.receiver.arrivals}",
            f"the last webhooks: {[hook.fields for hook in stage.app.webhooks[-8:]]}",
            f"the end of the server's log:\n{stage.instance.tail()}",
        ]
        pytest.fail("\n".join(told))

    return stage.run(wait())


def wait_quiet(stage: Stage, line: Line) -> None:
    """Until nothing has been heard for half a second."""
    assert stage.run(line.call.media.heard.wait_silence(0.5, 30.0)), "the phone still hears something"
