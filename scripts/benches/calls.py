"""Whole calls through a platform that was started as users start it: scripts/bench calls [options].

Measures, never asserts. How to read the figures: docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import signal
import tempfile
from pathlib import Path

from rig import calls_report, profile, sipp
from rig.generator import build_program
from rig.load_run import Load, Outcome, run
from rig.machine import choose_cores, describe_machine, load_average
from rig.ramp import Plan, Ramp, run_kernel

KEYS = {4.0: "1", 9.0: "777#"}
"""The caller of the order line asks for the status of order 777."""
LIMIT_SECONDS = 5.0


def concurrent(calls: int) -> Load:
    """`calls` callers in the order line at the same time; the last has called before the first hangs up."""
    ramp = 10.0
    return Load(
        name="concurrent",
        application="ivr",
        calls=calls,
        rate=max(1.0, calls / ramp),
        voice_seconds=14.0,
        keys=KEYS,
        hold_seconds=ramp + 15.0,
        webhooks=("/menu", "/order"),
        heard_seconds=3.0,
    )


def sustained(rate: float, seconds: float, profile_seconds: int = 0) -> Load:
    """`rate` scripted calls a second: a sentence, and the platform hangs up."""
    return Load(
        name="profiled" if profile_seconds else "sustained",
        application="short",
        calls=round(rate * seconds),
        rate=rate,
        voice_seconds=1.0,
        profile_seconds=profile_seconds,
    )


async def measure(options: argparse.Namespace) -> calls_report.Result:
    before, notes = load_average(), []
    outcomes: list[Outcome] = []
    limit: Ramp | None = None
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as name:
        folder = Path(name)
        if options.only != "sustained":
            outcomes.append(await run(folder / "concurrent", concurrent(options.calls)))
            limit = await kernel(folder, options.calls)
        if options.only != "concurrent":
            outcomes.append(await run(folder / "sustained", sustained(options.rate, options.seconds)))
            if profile.program() is None:
                notes.append(profile.MISSING)
            elif not options.no_profile:
                load = sustained(options.rate, options.profile_seconds + 6.0, options.profile_seconds)
                outcomes.append(await run(folder / "profiled", load))
    return calls_report.Result(describe_machine(), sipp.version(), before, outcomes, limit, notes)


async def kernel(folder: Path, legs: int) -> Ramp:
    """A loop of recv and send with as many sockets, right after: what the kernel does by itself."""
    plan = Plan(folder, build_program(folder), choose_cores(), [legs], LIMIT_SECONDS)
    return await run_kernel(plan, [legs])


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with its bench
    parser = argparse.ArgumentParser(prog="scripts/bench calls", description=__doc__)
    parser.add_argument("--calls", type=int, default=200, help="calls at the same time")
    parser.add_argument("--rate", type=float, default=30.0, help="scripted calls a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long they come")
    parser.add_argument("--profile-seconds", type=int, default=20, help="how long control is sampled")
    parser.add_argument("--no-profile", action="store_true", help="without the breakdown")
    parser.add_argument("--only", choices=("concurrent", "sustained"))
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the text")
    options = parser.parse_args()
    try:
        sipp.version()
    except FileNotFoundError as missing:
        raise SystemExit(f"NOT RUN: {missing}") from None
    result = asyncio.run(measure(options))
    shown = calls_report.as_json(result)
    print(json.dumps(shown, ensure_ascii=False) if options.json else calls_report.as_text(result))


if __name__ == "__main__":
    main()
