"""What talk and stream share: a prompt that plays to the conversation until it is over.

What may interrupt it comes with the context; the sticky barge-in itself is `activities/barge_in.py`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import Barge, Effect, StopPlayback
from offhook.ncco.events import Event, PlaybackFinished
from offhook.ncco.fields import Fields

MOST_PLAYS = 100_000


@dataclass(slots=True, kw_only=True)
class Prompt(Action, ABC):
    """`loop` plays (0 for ever) at `level` (−1 … 1)."""

    loop: int = 1
    level: float = 0.0
    barge_in: bool = False
    playback: str = ""

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.playback = ctx.ids.uuid()
        return [self.play(ctx.barge)]

    @abstractmethod
    def play(self, barge: Barge) -> Effect:
        """The effect that starts the prompt."""

    def on(self, now: int, event: Event) -> list[Effect]:
        # However it ended, the program goes on; a failed prompt has been reported by whoever played it.
        if isinstance(event, PlaybackFinished) and event.playback == self.playback:
            self.done = True
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        self.done = True
        return [StopPlayback(self.playback)]


def read_loop(fields: Fields) -> int:
    loop = fields.integer("loop", low=0, high=MOST_PLAYS)
    return 1 if loop is None else loop


def read_level(fields: Fields) -> float:
    level = fields.number("level", low=-1, high=1)
    return 0.0 if level is None else float(level)
