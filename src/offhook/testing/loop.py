"""The standard event loop with a clock of its own.

Time stands still while a callback is ready or while something runs outside (`core.tasks.outside`), and
otherwise jumps to the next timer. Timers that are due at the same instant run in the order in which they
were set, so that a run depends on nothing but its inputs.
"""

import asyncio
import heapq
import selectors
from asyncio import events
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

from offhook.core.clock import NS_PER_SECOND
from offhook.core.tasks import running_outside

Ts = TypeVarTuple("Ts")
START = 1_000 * NS_PER_SECOND
"""The monotonic instant at which every world begins."""
WALL_START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z in UTC microseconds: the wall clock at `START`."""
OUTSIDE_PATIENCE = 30.0
"""Real seconds that work outside may take before the world gives up."""


class WorldStuckError(RuntimeError):
    """Every task waits and no timer is set: the test would hang for ever."""


class VirtualClock:
    """The clock of a world; moves only when its loop moves it."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> int:
        return self._now

    def wall(self) -> int:
        return WALL_START + (self._now - START) // 1000

    def advance(self, nanoseconds: int) -> None:
        self._now += nanoseconds


class _JumpingSelector(selectors.DefaultSelector):
    """Looks at real files without waiting, and turns waiting into a jump of the clock."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if running_outside():
            ready = super().select(OUTSIDE_PATIENCE)
            if not ready:
                raise WorldStuckError(f"work outside the world took more than {OUTSIDE_PATIENCE:.0f} s")
            return ready
        if timeout is None:
            raise WorldStuckError("every task waits and no timer is set")
        self._clock.advance(max(1, -int(-timeout * NS_PER_SECOND // 1)))
        return []


class _Timer(events.TimerHandle):
    """A timer handle that orders equal instants by age."""

    __slots__ = ("sequence",)
    sequence: int

    def __lt__(self, other: Any) -> bool:
        return (self.when(), self.sequence) < (other.when(), other.sequence)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting costs nothing."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        super().__init__(_JumpingSelector(self.clock))
        self._clock_resolution = 1e-9
        self._sequence = 0

    def time(self) -> float:
        return self.clock.now() / NS_PER_SECOND

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        self._check_closed()  # type: ignore[attr-defined]
        timer = _Timer(when, callback, args, self, context)
        self._sequence += 1
        timer.sequence = self._sequence
        heapq.heappush(self._scheduled, timer)  # type: ignore[attr-defined]
        timer._scheduled = True  # type: ignore[attr-defined]
        return timer

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        """Timers that are set, in no order."""
        return [timer for timer in self._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]

    def cancel_timers(self, packages: tuple[str, ...]) -> None:
        """Cancel the timers whose callback is code of `packages`: those of a process that was killed."""
        for timer in self.timers:
            module = getattr(timer._callback, "__module__", None) or ""  # type: ignore[attr-defined]
            if module.startswith(packages):
                timer.cancel()
