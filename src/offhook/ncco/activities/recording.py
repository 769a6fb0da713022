"""A recording of the conversation, from the request until its file has been handed on."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from offhook.ncco.contract import Activity, Context
from offhook.ncco.effects import Effect, StartRecording, StopRecording
from offhook.ncco.events import Event, RecordingFinished


@dataclass(slots=True, kw_only=True)
class Recording(Activity):
    """Not done when it is stopped but when `RecordingFinished` comes: the file is still to be finished."""

    kind: ClassVar[str] = "recording"
    request: StartRecording
    stopping: bool = False
    reason: str = ""

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.request = replace(self.request, recording=ctx.ids.uuid())
        return [self.request]

    def on(self, now: int, event: Event) -> list[Effect]:
        if isinstance(event, RecordingFinished) and event.recording == self.request.recording:
            self.done = True
            self.reason = event.reason
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        if self.stopping or self.done:
            return []
        self.stopping = True
        return [StopRecording(self.request.recording)]

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "request": StartRecording(**data["request"])})
