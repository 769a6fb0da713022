"""connect: add a leg to the conversation, and wait until it is over or has failed.

Not answered: the next action runs, which makes a list of connects hunt from one to the next. Answered and
ended: the call is over (a setting keeps the program going instead).
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from offhook.ncco.addresses import caller_number, hook, one_url
from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import Effect, Endpoint, Json, PhoneEndpoint, SipEndpoint, StartConnect, StopConnect
from offhook.ncco.endpoints import read_endpoint
from offhook.ncco.events import ConnectFinished, Event
from offhook.ncco.fields import Fields
from offhook.ncco.settings import Settings

DEFAULT_TIMEOUT_S = 60
TIMEOUT_S = (1, 120)
LONGEST_S = 7200
BEEP_TIMEOUT_S = (30, 120)
DEFAULT_BEEP_TIMEOUT_S = 45
OVERRIDES = frozenset({"timeout", "failed", "rejected", "unanswered", "busy", "disconnected"})
"""Statuses whose webhook may be answered with an NCCO when `eventType` is synchronous."""


@dataclass(slots=True, kw_only=True)
class Connect(Action):
    kind: ClassVar[str] = "connect"
    request: StartConnect
    was_answered: bool = False

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.request = replace(self.request, connect=ctx.ids.uuid())
        return [self.request]

    def on(self, now: int, event: Event) -> list[Effect]:
        if isinstance(event, ConnectFinished) and event.connect == self.request.connect:
            self.done = True
            self.was_answered = event.answered
            if self.request.synchronous and event.status in OVERRIDES:
                self.reply = event.ncco
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        self.done = True
        return [StopConnect(self.request.connect)]

    def ends_call(self, settings: Settings) -> str | None:
        return "connected leg is over" if self.was_answered and settings.connect_ends_call else None

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        request = {**data["request"], "endpoint": _load_endpoint(data["request"]["endpoint"])}
        return cls(**{**data, "request": StartConnect(**request)})


def _load_endpoint(data: dict[str, Any]) -> Endpoint:
    if "number" in data:
        return PhoneEndpoint(**data)
    return SipEndpoint(**{**data, "headers": tuple((name, value) for name, value in data["headers"])})


def read(fields: Fields) -> Connect:
    endpoint = read_endpoint(fields)
    random_from = fields.flag("randomFromNumber")
    if random_from and fields.has("from"):
        fields.error("from", "cannot stand next to randomFromNumber; give one or the other")
    url, method = hook(fields)
    timeout = fields.integer("timeout", low=TIMEOUT_S[0], high=TIMEOUT_S[1], clamp=True)
    request = StartConnect(
        connect="",
        endpoint=endpoint or PhoneEndpoint(""),
        from_number=caller_number(fields, "from"),
        random_from=random_from,
        timeout_s=DEFAULT_TIMEOUT_S if timeout is None else timeout,
        limit_s=fields.integer("limit", low=1, high=LONGEST_S, clamp=True) or LONGEST_S,
        synchronous=fields.choice("eventType", options=("synchronous",)) is not None,
        event_url=url,
        event_method=method,
        ringback_url=one_url(fields, "ringbackTone", "ringback", either=True),
        machine_detection=fields.choice("machineDetection", options=("continue", "hangup")),
        advanced_machine_detection=_advanced_detection(fields),
    )
    return Connect(request=request)


def _advanced_detection(fields: Fields) -> dict[str, Json] | None:
    options = fields.child("advancedMachineDetection")
    if options is None:
        return None
    low, high = BEEP_TIMEOUT_S
    wanted = {
        "behavior": options.choice("behavior", options=("continue", "hangup")) or "continue",
        "mode": options.choice("mode", options=("default", "detect", "detect_beep")) or "detect",
        "beep_timeout": options.integer("beepTimeout", low=low, high=high) or DEFAULT_BEEP_TIMEOUT_S,
    }
    options.note_unknown()
    return wanted
