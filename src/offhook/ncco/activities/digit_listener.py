"""Asynchronous input: every key of the leg is one webhook, until the leg is over.

It does not hold the program up and takes no key away from others. A reply is not looked at.
"""

from dataclasses import dataclass
from typing import ClassVar

from offhook.ncco.contract import Activity, Context
from offhook.ncco.effects import Effect, SendWebhook
from offhook.ncco.events import Digit, Event
from offhook.ncco.input_result import KEYS, dtmf_result


@dataclass(slots=True, kw_only=True)
class DigitListener(Activity):
    """A later asynchronous input takes the place of an earlier one, so that a key is told once."""

    kind: ClassVar[str] = "digit_listener"
    single: ClassVar[bool] = True
    url: str | None
    legacy: bool
    token: str = ""
    told: int = 0

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.token = ctx.ids.token()
        return []

    def on(self, now: int, event: Event) -> list[Effect]:
        if self.done or not isinstance(event, Digit) or event.digit not in KEYS:
            return []
        self.told += 1
        data = dtmf_result(event.digit, timed_out=False, legacy=self.legacy)
        return [SendWebhook(f"{self.token}.{self.told}", "input", data, self.url, "POST")]
