"""The key that ended a recording, when it is told after the recording's end: no later input may see it.

The two reports come from different places and in no fixed order. Usually the key is told first, and then
this is not needed.
"""

from dataclasses import dataclass
from typing import ClassVar

from offhook.core.clock import NS_PER_SECOND
from offhook.ncco.contract import Activity
from offhook.ncco.effects import Effect
from offhook.ncco.events import Digit, Event

LATEST = 1 * NS_PER_SECOND
"""How long after the recording's end a report may still be about the key that ended it."""


@dataclass(slots=True, kw_only=True)
class SpentKey(Activity):
    kind: ClassVar[str] = "spent_key"
    digit: str
    until: int

    def takes(self, now: int, event: Event) -> bool:
        return not self.done and now <= self.until and isinstance(event, Digit) and event.digit == self.digit

    def on(self, now: int, event: Event) -> list[Effect]:
        self.done = now > self.until or self.takes(now, event)
        return []
