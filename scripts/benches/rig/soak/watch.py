"""What a soak looks at every minute, and the verdict at its end."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from scripts.benches.rig.curve import slope
from scripts.benches.rig.installation import Installation
from scripts.benches.rig.machine import load_average
from scripts.benches.rig.processes import Footprint, footprint

MB = 1 << 20
BUCKET = 'offhook_loop_lag_seconds_bucket{le="'
MOST_GROWTH = 4_000.0
"""Bytes a call by which a process may still grow: allocators and SQLite's pages settle in hours."""
MOST_DESCRIPTORS = 12


@dataclass(frozen=True, slots=True)
class Minute:
    """One line. Counts are since the beginning, gap and lags of this minute."""

    seconds: float
    calls: int
    live: int
    failed: int
    processes: Mapping[str, Footprint]
    rows: Mapping[str, int]
    gap_ms: float
    lag_ms: float
    """Upper bound of the bucket that has the worst lateness of control's loop; 1 000 000 above the last."""
    own_lag_ms: float
    """The same of this process: gaps are not below it."""
    load_average: float

    def text(self) -> str:
        shown = " ".join(
            f"{name} {each.rss / MB:.0f}/{each.descriptors}/{each.threads}"
            for name, each in self.processes.items()
        )
        rows = ", ".join(f"{count} {name}" for name, count in self.rows.items()) or "none"
        parts = (
            f"{self.seconds / 60:>6.1f} min  {self.calls} calls, {self.live} up, {self.failed} failed",
            f"MB/fds/threads {shown}",
            f"rows {rows}",
            f"gap {self.gap_ms:.0f}, loop lag ≤ {self.lag_ms:g}, own {self.own_lag_ms:.0f} ms",
            f"load {self.load_average}",
        )
        return " | ".join(parts)


class Lag:
    """How late this process's own loop is, worst since the last look."""

    EVERY = 0.05

    def __init__(self) -> None:
        self._worst = 0.0
        self._task = asyncio.ensure_future(self._run())

    def take(self) -> float:
        worst, self._worst = self._worst, 0.0
        return worst * 1000

    def close(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            due = time.monotonic() + self.EVERY
            await asyncio.sleep(self.EVERY)
            self._worst = max(self._worst, time.monotonic() - due)


class Watch:
    """Looks at one installation."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._buckets: dict[str, float] = {}

    async def minute(
        self, seconds: float, calls: int, failed: int, gap_ms: float, own_lag_ms: float
    ) -> Minute:
        metrics = await self._installation.metrics()
        found = {name: footprint(pid) for name, pid in self._installation.pids().items()}
        return Minute(
            seconds=seconds,
            calls=calls,
            live=round(metrics["offhook_live_legs"]),
            failed=failed,
            processes={name: each for name, each in found.items() if each is not None},
            rows=await asyncio.to_thread(self._installation.live_rows),
            gap_ms=gap_ms,
            lag_ms=self._worst_lag(metrics),
            own_lag_ms=own_lag_ms,
            load_average=load_average(),
        )

    def _worst_lag(self, metrics: Mapping[str, float]) -> float:
        """Of the time since the last look, from the cumulative buckets."""
        buckets = {name: value for name, value in metrics.items() if name.startswith(BUCKET)}
        fresh = {name: value - self._buckets.get(name, 0.0) for name, value in buckets.items()}
        self._buckets = buckets
        total = max(fresh.values(), default=0.0)
        for name in fresh:
            if fresh[name] >= total:
                bound = name.removeprefix(BUCKET).rstrip('"}')
                return 1e6 if bound == "+Inf" else float(bound) * 1000
        return 0.0


def verdict(minutes: Sequence[Minute], end: Minute, faults: Sequence[str]) -> list[str]:
    """What is wrong, in sentences; empty when all is well. `end` is seen when all should be over."""
    wrong = [f"{end.failed} of {end.calls} calls failed"] if end.failed else []
    if end.live or end.rows:
        rows = ", ".join(f"{count} {name}" for name, count in end.rows.items())
        wrong.append(f"left behind: {end.live} live legs; rows: {rows or 'none'}")
    first = minutes[0] if minutes else end
    for name, before in first.processes.items():
        after = end.processes.get(name)
        if after is None:
            wrong.append(f"{name} is gone")
        elif after.descriptors > before.descriptors + MOST_DESCRIPTORS:
            wrong.append(
                f"{name} has {after.descriptors - before.descriptors} descriptors more than at first"
            )
    settled = minutes[len(minutes) // 3 :]
    for name in end.processes if len(settled) >= 3 else ():
        points = [(m.calls, m.processes[name].rss) for m in settled if name in m.processes]
        growth = slope(points)
        if growth > MOST_GROWTH:
            wrong.append(f"{name} grows by {growth:.0f} bytes with every call")
    return wrong + (
        [f"{len(faults)} errors in the server's log, the first: {faults[0][:200]}"] if faults else []
    )


def plain(minute: Minute) -> dict[str, object]:
    """For JSON."""
    return asdict(minute) | {"processes": {name: asdict(each) for name, each in minute.processes.items()}}
