"""Short calls of SIPp against a platform on real sockets, and what its processes hold after every batch."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import capture, scenarios, sipp
from .curve import Point
from .installation import Helper, Installation
from .load_run import media_ports
from .processes import Footprint, footprint

RATE = 25.0
VOICE_SECONDS = 0.5
QUIET_SECONDS = 20.0
FORGOTTEN_SECONDS = 36.0
"""After this SIP remembers no call."""


@dataclass(frozen=True, slots=True)
class Real:
    """One run."""

    points: list[Point]
    failed: int
    before: dict[str, Footprint]
    """By process, after the first batch."""
    after: dict[str, Footprint]
    """36 s after the last call."""
    server_faults: list[str]


async def run(folder: Path, calls: int, batch: int, told: Callable[[Point], None]) -> Real:
    """`calls` calls in batches; a point of control's memory after each."""
    installation = Installation()
    app: Helper | None = None
    points: list[Point] = []
    before: dict[str, Footprint] = {}
    failed = 0
    try:
        await installation.start()
        record = folder / "webhooks"
        app = await Helper.start("served", str(installation.place.app_port), str(record), "short")
        control = installation.pids()["control"]
        for first in range(0, calls, batch):
            size = min(batch, calls - first)
            counted = await sipp.run(folder / f"batch-{first}", _order(folder, installation, size))
            failed += size - counted.successful
            held = await _quiet(installation)
            found = footprint(control)
            points.append(Point(first + size, found.rss if found else 0, None, held))
            told(points[-1])
            before = before or _all(installation)
        await asyncio.sleep(FORGOTTEN_SECONDS)
        return Real(points, failed, before, _all(installation), installation.faults())
    finally:
        if app is not None:
            await app.close()
        await installation.close()


def _order(folder: Path, installation: Installation, calls: int) -> sipp.Order:
    path = folder / "voice.pcap"
    path.write_bytes(capture.script(VOICE_SECONDS, {}))
    scenario, port = scenarios.until_hung_up(path), media_ports(calls)
    limit = calls / RATE + 40
    return sipp.Order(installation.target, installation.number, scenario, calls, RATE, port, limit)


async def _quiet(installation: Installation) -> dict[str, int]:
    """Wait until nothing goes on; what goes on nevertheless."""
    deadline = time.monotonic() + QUIET_SECONDS
    while True:
        held = await asyncio.to_thread(installation.live_rows)
        legs = (await installation.metrics())["offhook_live_legs"]
        if legs:
            held["live legs"] = round(legs)
        if not held or time.monotonic() > deadline:
            return held
        await asyncio.sleep(0.3)


def _all(installation: Installation) -> dict[str, Footprint]:
    found = {name: footprint(pid) for name, pid in installation.pids().items()}
    return {name: each for name, each in found.items() if each is not None}
