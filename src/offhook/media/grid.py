"""The 20 ms grid that a worker's ticks lie on: absolute, so that lateness never adds up. Pure.

A tick that was late is followed by the next one on its own instant, but never by a burst: two ticks are at
least half a period apart. Who is more than three periods behind leaves the missed ones out.
"""

from collections.abc import Sequence

PERIOD = 20_000_000
"""In nanoseconds."""
MOST_BEHIND = 3


class Grid:
    """`due`: when the next tick may begin."""

    def __init__(self, start: int) -> None:
        self._point = start
        self.due = start

    def begin(self, now: int) -> tuple[int, int]:
        """A tick begins. Gives how late it is in nanoseconds, and how many ticks were left out before it."""
        late = now - self._point
        skipped = late // PERIOD if late > MOST_BEHIND * PERIOD else 0
        self._point += (1 + skipped) * PERIOD
        self.due = max(self._point, now + PERIOD // 2)
        return late, skipped


class Pace:
    """Measures of the ticks since the last `take`."""

    def __init__(self) -> None:
        self._late: list[int] = []
        self._busy: list[int] = []
        self._skipped = 0

    def add(self, late: int, skipped: int, busy: int) -> None:
        """One tick; nanoseconds."""
        self._late.append(late)
        self._busy.append(busy)
        self._skipped += skipped

    def take(self) -> dict[str, int]:
        """The fields of `ipc.media.Load` that are about time, in microseconds; begins anew."""
        late, busy = sorted(self._late), sorted(self._busy)
        measured = {
            "ticks": len(late),
            "skipped": self._skipped,
            "late_p50": _at(late, 0.5),
            "late_p99": _at(late, 0.99),
            "late_max": _at(late, 1.0),
            "busy_p50": _at(busy, 0.5),
            "busy_p99": _at(busy, 0.99),
        }
        self._late, self._busy, self._skipped = [], [], 0
        return measured


def _at(values: Sequence[int], share: float) -> int:
    """A quantile of sorted nanoseconds, in microseconds."""
    return max(0, values[min(len(values) - 1, int(share * len(values)))] // 1000) if values else 0
