"""Which webhooks reached an application, and whether every call's came complete and in their order. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

STATES = ("started", "ringing", "answered", "completed")


@dataclass(frozen=True, slots=True)
class Hook:
    """One request as the application's record has it."""

    at: int
    """Nanoseconds, monotonic."""
    path: str
    fields: dict[str, Any]
    answer_us: int

    @property
    def what(self) -> str:
        """Its status, or its path where it tells none."""
        return str(self.fields.get("status") or self.path)


def read(lines: Iterable[str]) -> list[Hook]:
    """The lines of `served.py`."""
    values = (json.loads(line) for line in lines if line.endswith("\n"))
    return [Hook(at, path, fields, took) for at, _, path, fields, took in values]


def by_call(hooks: Sequence[Hook]) -> dict[str, list[Hook]]:
    """By the leg's uuid, each in order of arrival."""
    found: dict[str, list[Hook]] = {}
    for hook in hooks:
        uuid = hook.fields.get("uuid")
        if isinstance(uuid, str):
            found.setdefault(uuid, []).append(hook)
    return found


def faults(hooks: Sequence[Hook], middle: Sequence[str]) -> dict[str, str]:
    """What is wrong, by uuid; empty when all is well. Every call owes `started`, `ringing`, `answered`, then
    the paths in `middle`, then `completed`, in this order. `/answer` belongs before `answered`; it goes a way
    of its own and may overtake the first two.
    """
    wrong: dict[str, str] = {}
    wanted = [*STATES[:3], *middle, STATES[3]]
    for uuid, own in by_call(hooks).items():
        told = [hook.what for hook in own]
        events = [what for what in told if what != "/answer"]
        if events != wanted:
            wrong[uuid] = f"came: {', '.join(events) or 'nothing'}; owed: {', '.join(wanted)}"
        elif told.count("/answer") != 1 or told.index("/answer") > told.index("answered"):
            wrong[uuid] = f"the answer webhook came {told.count('/answer')} times or too late"
    return wrong
