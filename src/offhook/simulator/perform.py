"""Runs a script on a call that is up. One step after the other; a step that gets nothing is a problem, not an
end: the report says so and the script goes on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from offhook.audio import tones
from offhook.core.errors import OffhookError
from offhook.core.tasks import outside
from offhook.simulator import script as steps
from offhook.simulator.media import Media
from offhook.simulator.report import Report, StepDone
from offhook.simulator.speak import read_wav, words
from offhook.speech.base import TTS

TONE_AMPLITUDE = 8_000.0
PAUSE_SECONDS = 0.5


@dataclass(slots=True)
class Recording:
    """A file that is written when the call ends."""

    path: str
    from_sample: int


class Performance:
    """One script on one call. `ended` is done when the call is over."""

    def __init__(
        self, media: Media, report: Report, tts: TTS | None, ended: "asyncio.Future[Report]"
    ) -> None:
        self._ended = ended
        self._media = media
        self._report = report
        self._tts = tts
        self.recordings: list[Recording] = []

    async def run(self, script: steps.Script, elapsed_ms: Callable[[], int]) -> bool:
        """Do every step; True when the script wants to hang up."""
        for number, step in enumerate(script, 1):
            if isinstance(step, steps.HangUp):
                return True
            try:
                problem = await self._step(step)
            except OffhookError as error:
                problem = str(error)
            if problem:
                self._report.problems.append(f"step {number} ({type(step).__name__}): {problem}")
            self._report.steps.append(StepDone(step, elapsed_ms()))
        return False

    async def _step(self, step: steps.Step) -> str | None:
        match step:
            case steps.WaitSpeech(seconds):
                if not await self._media.heard.wait_speech(seconds):
                    return f"nothing was said within {seconds:g} s"
            case steps.WaitSilence(quiet, seconds):
                if not await self._media.heard.wait_silence(quiet, seconds):
                    return f"the far end was not quiet within {seconds:g} s"
            case steps.Wait(seconds):
                await asyncio.sleep(seconds)
            case steps.WaitHangUp(seconds):
                return await self._wait_hang_up(seconds)
            case steps.Press():
                await self._press(step)
            case steps.Record(path):
                self.recordings.append(Recording(path, self._media.heard.milliseconds * 8))
            case _:
                return await self._sound(step)
        return None

    async def _sound(self, step: steps.Step) -> str | None:
        match step:
            case steps.Speak(text, language):
                if self._tts is None:
                    return "this phone has no speech engine"
                await self._media.play(await words(self._tts, text, language))
            case steps.PlayFile(path):
                await self._media.play(await outside(read_wav, path))
            case steps.Tone(hertz, seconds):
                await self._media.play(tones.sine(hertz, round(seconds * 1000), TONE_AMPLITUDE))
        return None

    async def _press(self, step: steps.Press) -> None:
        for key in step.keys:
            if key == "p":
                await asyncio.sleep(PAUSE_SECONDS)
            elif step.in_band or self._media.sender.event_type is None:
                await self._media.play(tones.dtmf(key, step.tone_ms))
                await self._media.play(tones.silence(step.gap_ms))
            else:
                await self._media.press(key, step.tone_ms, step.gap_ms)

    async def _wait_hang_up(self, seconds: float) -> str | None:
        done, _ = await asyncio.wait([self._ended], timeout=seconds)
        return None if done else f"the far end did not hang up within {seconds:g} s"
