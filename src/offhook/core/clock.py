"""The two clocks of the platform, and how instants are printed.

`now()` is a monotonic instant in nanoseconds: machines, timers and the media tick use it and nothing else.
`wall()` is UTC in microseconds: rows, webhooks and log lines use it. No other module reads the time.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

NS_PER_MS = 1_000_000
NS_PER_SECOND = 1_000_000_000
US_PER_SECOND = 1_000_000


class Clock(Protocol):
    """A source of time. Tests pass one that they move by hand."""

    def now(self) -> int:
        """The monotonic instant, in nanoseconds."""
        ...

    def wall(self) -> int:
        """The UTC instant, in microseconds since 1970."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        return time.monotonic_ns()

    def wall(self) -> int:
        return time.time_ns() // 1000


def seconds(value: float) -> int:
    """Seconds as nanoseconds."""
    return round(value * NS_PER_SECOND)


def iso_milliseconds(wall: int) -> str:
    """`2026-01-02T03:04:05.678Z` from UTC microseconds."""
    return f"{_utc(wall).isoformat()[:19]}.{wall // 1000 % 1000:03d}Z"


def iso_whole_seconds(wall: int) -> str:
    """`2026-01-02T03:04:05.000Z` from UTC microseconds (start and end times of a finished call)."""
    return _utc(wall).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def iso_seconds(wall: int) -> str:
    """`2026-01-02T03:04:05Z` from UTC microseconds (times of a recording)."""
    return _utc(wall).strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(wall: int) -> datetime:
    return datetime.fromtimestamp(wall // US_PER_SECOND, UTC)
