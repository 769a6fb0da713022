"""wait: silence for a while, then the next action. It produces no webhook."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.core.clock import seconds
from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import CancelTimer, Effect, SetTimer
from offhook.ncco.events import Event, TimerFired
from offhook.ncco.fields import Fields

DEFAULT_S = 10.0
SHORTEST_S = 0.1
LONGEST_S = 7200.0


@dataclass(slots=True, kw_only=True)
class Wait(Action):
    kind: ClassVar[str] = "wait"
    timeout_s: float = DEFAULT_S
    timer: str = ""
    due: int = 0

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.timer = f"wait:{ctx.ids.token()}"
        self.due = now + seconds(self.timeout_s)
        return [SetTimer(self.timer, self.due)]

    def on(self, now: int, event: Event) -> list[Effect]:
        if not isinstance(event, TimerFired) or event.key != self.timer:
            return []
        if now < self.due:
            return [SetTimer(self.timer, self.due)]
        self.done = True
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        self.done = True
        return [CancelTimer(self.timer)]


def read(fields: Fields) -> Wait:
    timeout = fields.number("timeout", low=SHORTEST_S, high=LONGEST_S, clamp=True)
    return Wait(timeout_s=DEFAULT_S if timeout is None else float(timeout))
