"""The contract of actions and background activities with the interpreter.

Both are machines: `start(now, ctx)`, `on(now, event)` and `stop(now, reason)` return effects and never call
anything. Their fields are JSON data, so that `dump()` and `load()` carry them between processes. `now` is a
monotonic instant in nanoseconds.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

from offhook.core.ids import Ids
from offhook.ncco.effects import Barge, Effect, Json
from offhook.ncco.events import Event
from offhook.ncco.settings import Settings

NO_BARGE = Barge()


@dataclass(frozen=True, slots=True)
class Context:
    """What an action may know of its surroundings when it starts."""

    ids: Ids
    settings: Settings
    barge: Barge = NO_BARGE
    """What may interrupt the prompt that starts."""


@dataclass(slots=True, kw_only=True)
class Part:
    """What actions and activities have in common: a kind, an end, and a form that can be stored."""

    kind: ClassVar[str]
    done: bool = False

    def start(self, now: int, ctx: Context) -> list[Effect]:
        return []

    def on(self, now: int, event: Event) -> list[Effect]:
        return []

    def stop(self, now: int, reason: str) -> list[Effect]:
        """End at once; what is still running outside is stopped by the effects returned."""
        self.done = True
        return []

    def dump(self) -> dict[str, Any]:
        """The state as JSON data."""
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """The reverse of `dump`; `data` has no `kind` any more."""
        return cls(**data)


@dataclass(slots=True, kw_only=True)
class Activity(Part):
    """Something that goes on while later actions run. It ends by itself or when the leg is over."""

    def takes(self, now: int, event: Event) -> bool:
        """Whether the action that runs must not see `event`; asked before `on`."""
        return False


@dataclass(slots=True, kw_only=True)
class Action(Part):
    """One step of a program. It is over when `done`, and the next one starts."""

    reply: Json = None
    """An application's answer that may be an NCCO to go on with."""

    def leave(self) -> list[Activity]:
        """The running activities that outlive the action; asked once, when it is over."""
        return []

    def ends_call(self, settings: Settings) -> str | None:
        """Why the call is over with this action, None when the next action runs."""
        return None
