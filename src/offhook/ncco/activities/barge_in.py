"""Sticky barge-in: once in force it covers every prompt up to the next input.

It notices the interruption and keeps the key that made it; the interpreter stops the prompt, jumps to the
input and hands the key on as its first digit. The key and the end of the prompt come in either order,
because the media worker stops the prompt by itself.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from offhook.ncco.contract import Activity
from offhook.ncco.effects import Barge, Effect
from offhook.ncco.events import Digit, Event, PlaybackFinished
from offhook.ncco.input_result import KEYS


@dataclass(slots=True, kw_only=True)
class BargeIn(Activity):
    kind: ClassVar[str] = "barge_in"
    barge: Barge
    playback: str = ""
    """The prompt that plays now."""
    interrupted: bool = False
    digit: str | None = None

    def on(self, now: int, event: Event) -> list[Effect]:
        if isinstance(event, Digit) and self.barge.digits and event.digit in KEYS:
            self.interrupted = True
            self.digit = self.digit or event.digit
        elif isinstance(event, PlaybackFinished) and event.playback == self.playback:
            by_digit = event.reason == "digit" and self.barge.digits
            by_speech = event.reason == "speech" and self.barge.speech
            self.interrupted = self.interrupted or by_digit or by_speech
        return []

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "barge": Barge(**data["barge"])})
