"""Mixed calls for hours at a set rate against a platform of its own: scripts/soak --minutes N [options].

A line a minute, a verdict at the end; the status is 1 when something was wrong. docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import time

from scripts.benches.rig.installation import Installation
from scripts.benches.rig.machine import describe_machine

from offhook.cli.demonstration.application import Served

from .caller import Callers
from .desk import Desk
from .scenes import pick
from .watch import Lag, Minute, Watch, plain, verdict

LAST_CALLS = 90.0
FORGOTTEN = 36.0
"""After this SIP remembers no call."""


async def soak(options: argparse.Namespace) -> int:
    """The whole of it; the exit status."""
    installation, desk = Installation(), Desk()
    app = Served(desk, installation.place.app_port)
    try:
        await app.begin()
        await installation.start()
        callers = Callers(installation, desk, options.seed)
        await callers.open()
        lag = Lag()
        try:
            return await _run(options, installation, callers, lag)
        finally:
            lag.close()
            await callers.close()
    finally:
        await app.stop()
        await installation.close()


async def _run(options: argparse.Namespace, installation: Installation, callers: Callers, lag: Lag) -> int:
    watch, minutes, began = Watch(installation), [], time.monotonic()
    running: set[asyncio.Task[None]] = set()
    chance = random.Random(options.seed)

    async def look() -> Minute:
        account = callers.account
        gap, account.gap_ms = account.gap_ms, 0.0
        seconds = time.monotonic() - began
        minute = await watch.minute(seconds, account.over, account.failed, gap, lag.take())
        print(json.dumps(plain(minute)) if options.json else minute.text(), flush=True)
        return minute

    next_look, next_call = began + 60.0, began
    while time.monotonic() < began + options.minutes * 60:
        if len(running) < options.most:
            task = asyncio.ensure_future(callers.live(pick(chance)))
            running.add(task)
            task.add_done_callback(running.discard)
        else:
            callers.account.held_back += 1
        next_call += chance.expovariate(options.rate)
        while time.monotonic() < next_call:
            await asyncio.sleep(min(0.2, max(0.0, next_call - time.monotonic())))
            if time.monotonic() >= next_look:
                minutes.append(await look())
                next_look += 60.0
    if running:
        await asyncio.wait(running, timeout=LAST_CALLS)
    await asyncio.sleep(FORGOTTEN)
    end = await look()
    unfinished = [f"{len(running)} calls are not over after {LAST_CALLS:.0f} s"] if running else []
    return _conclude(options, callers, unfinished + verdict(minutes, end, installation.faults()))


def _conclude(options: argparse.Namespace, callers: Callers, wrong: list[str]) -> int:
    account = callers.account
    if options.json:
        found = {"good": not wrong, "wrong": wrong, "calls": account.over, "faults": account.faults}
        found["held_back"] = account.held_back
        print(json.dumps(found | {"scenes": account.by_scene, "machine": describe_machine().as_json()}))
        return 1 if wrong else 0
    scenes = ", ".join(f"{name} {count}" for name, count in account.by_scene.most_common())
    print(f"scenes: {scenes} (seed {options.seed}); {account.held_back} calls were held back")
    for fault in account.faults[:20]:
        print(f"failed: {fault}")
    print(
        "GOOD: every call went as it should, nothing was left behind" if not wrong else "NOT GOOD: ", end=""
    )
    print("; ".join(wrong))
    return 1 if wrong else 0


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with its bench
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long calls come")
    parser.add_argument("--rate", type=float, default=1.0, help="new calls a second, at random moments")
    parser.add_argument("--most", type=int, default=40, help="calls at a time; more are held back")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same order of scenes")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    try:
        sys.exit(asyncio.run(soak(parser.parse_args())))
    except KeyboardInterrupt:
        sys.exit("stopped before the verdict; the platform of the soak is down")


if __name__ == "__main__":
    main()
