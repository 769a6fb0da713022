"""The demo's steps as they are told: one line each for people, one object at the end for machines."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from offhook.core.errors import OffhookError


class StepFailed(OffhookError):  # noqa: N818 — read as a sentence
    """A step did not find what it looked for."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried."""

    name: str
    ok: bool
    detail: str
    seconds: float


@dataclass(slots=True)
class Outcome:
    """Gathers steps. With `quiet` only the JSON at the end is printed."""

    quiet: bool = False
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.steps) and all(step.ok for step in self.steps)

    async def step(self, name: str, work: Callable[[], Awaitable[str]]) -> bool:
        """Do `work`, which gives what was found or raises; tell it. False when it failed."""
        began = asyncio.get_running_loop().time()
        try:
            ok, detail = True, await work()
        except TimeoutError as error:
            ok, detail = False, str(error) or "it did not happen in time"
        except OffhookError as error:
            ok, detail = False, str(error)
        seconds = round(asyncio.get_running_loop().time() - began, 1)
        self.steps.append(Step(name, ok, detail, seconds))
        self.say(f"{'✓' if ok else '✗'} {name}  ({seconds:.1f} s)\n    {detail}")
        return ok

    def say(self, text: str) -> None:
        """A line for people."""
        if not self.quiet:
            print(text, flush=True)

    def failure(self) -> str:
        """What went wrong first."""
        return next((f"{step.name}: {step.detail}" for step in self.steps if not step.ok), "")

    def as_json(self, **more: Any) -> str:
        reason = self.failure() or None
        value = {"ok": self.ok, "reason": reason, "steps": [asdict(step) for step in self.steps]}
        return json.dumps(value | more, indent=2)


def require(condition: bool, sentence: str) -> None:
    """Raise `StepFailed` with `sentence` unless `condition` holds."""
    if not condition:
        raise StepFailed(sentence)


def complain(text: str) -> None:
    """A line on standard error."""
    print(text, file=sys.stderr, flush=True)
