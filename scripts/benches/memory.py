"""Whether thousands of calls leave anything behind: scripts/bench memory [options].

Measures and gives a verdict; the status is 1 when something was left behind. docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import shutil
import signal
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rig import memory_real, memory_world
from rig.curve import Point, Verdict, judge
from rig.machine import describe_machine, load_average

MB = 1 << 20
REAL_LIMIT = 4_000.0
"""Bytes a call by which control may grow on real sockets: its allocator and SQLite's pages settle later than
a bench lasts, and what SIP keeps for 32 s is in every point."""
METHOD = (
    "World: the whole platform in one thread and in virtual time, durable storage. Calls end in every "
    "way: the program is over, the caller hangs up while it rings, before, during and after the prompt, a"
    " key is pressed, the number is nobody's. After every batch 34 s of virtual time pass, and what is "
    "still held is counted by name: legs, SIP sessions, transactions and timers, ports, playbacks, "
    "recordings, tasks, webhooks, prompts, files.",
    "Objects are those Python's collector knows after a collection, RSS that of the process, harness "
    "included; what phones, application and journal of a test keep on purpose is thrown away before the "
    "count.",
    "Real: `offhook serve`, SIPp with 25 calls a second, a sentence and BYE. After every batch: no live "
    "leg, no row that says that something goes on; RSS of control.",
    "The verdict is over the slope after the first 1 000 calls (least squares).",
)


def world(options: argparse.Namespace) -> dict[str, Any]:
    points = memory_world.run(options.calls, options.batch or max(1, options.calls // 20), _tell)
    return {"points": [asdict(p) for p in points], "verdict": asdict(judge(points))}


async def real(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as name:
        batch = options.batch or max(1, options.real // 10)
        found = await memory_real.run(Path(name), options.real, batch, _tell)
    verdict = judge(found.points, bytes_limit=REAL_LIMIT)
    faults = [f"{found.failed} calls failed"] if found.failed else []
    for process, before in found.before.items():
        after = found.after.get(process)
        if after is None:
            faults.append(f"{process} is gone")
        elif after.descriptors > before.descriptors + 8:
            faults.append(f"{process} has {after.descriptors - before.descriptors} descriptors more")
    if faults:
        verdict = Verdict(
            False, verdict.bytes_per_call, None, verdict.held, "; ".join([*faults, verdict.sentence])
        )
    return {
        "points": [asdict(point) for point in found.points],
        "after": {name: asdict(each) for name, each in found.after.items()},
        "server_faults": found.server_faults[:20],
        "verdict": asdict(verdict),
    }


def as_text(found: dict[str, Any]) -> str:
    machine = found["machine"]
    lines = [
        "Memory bench",
        f"  machine    {machine['cpu']}, {machine['cores']} cores, {machine['system']}",
        f"  software   Python {machine['python']}",
        f"  load       {found['load_average_before']} before the run",
    ]
    for name in ("world", "real"):
        part = found[name]
        if part is None:
            continue
        lines += ["", f"  {name:<8}{'calls':>8}{'RSS MB':>10}{'objects':>11}  left behind"]
        lines += [
            f"  {'':<8}{p['calls']:>8}{p['rss'] / MB:>10.1f}{p['objects'] or '-':>11}  "
            f"{p['held'] or 'nothing'}"
            for p in part["points"]
        ]
        verdict = part["verdict"]
        objects = verdict["objects_per_call"]
        slope = f"{verdict['bytes_per_call']:.0f} bytes"
        slope += "" if objects is None else f", {objects:.3f} objects"
        lines.append(f"  {'GOOD' if verdict['good'] else 'NOT GOOD'}: {verdict['sentence']} ({slope} a call)")
    lines += [*(f"  {note}" for note in found["notes"]), "", "Method"]
    return "\n".join([*lines, *(f"  · {sentence}" for sentence in METHOD)])


def _tell(point: Point) -> None:
    """Progress, where a person looks."""
    if sys.stderr.isatty():
        print(f"· {point.calls} calls, {point.rss / MB:.1f} MB", file=sys.stderr)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with its bench
    parser = argparse.ArgumentParser(prog="scripts/bench memory", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="calls in the world; 0 for none")
    parser.add_argument("--real", type=int, default=2_000, help="calls on real sockets; 0 for none")
    parser.add_argument("--batch", type=int, default=0, help="calls between two points")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the text")
    options = parser.parse_args()
    found: dict[str, Any] = {
        "machine": describe_machine().as_json(),
        "load_average_before": load_average(),
        "world": world(options) if options.calls else None,
        "real": None,
        "notes": [],
        "method": list(METHOD),
    }
    if options.real and shutil.which("sipp"):
        found["real"] = asyncio.run(real(options))
    elif options.real:
        found["notes"].append(
            "NOT RUN: SIPp is not installed (scripts/_peers.sh), so there are no real sockets"
        )
    print(json.dumps(found, ensure_ascii=False) if options.json else as_text(found))
    parts = [part for part in (found["world"], found["real"]) if part is not None]
    sys.exit(0 if all(part["verdict"]["good"] for part in parts) else 1)


if __name__ == "__main__":
    main()
