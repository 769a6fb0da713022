"""How many legs a core carries: scripts/bench media [--seconds N] [--legs N,N,…] [--json].

Measures, never asserts. How to read the figures: docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from rig.generator import build_program
from rig.machine import choose_cores, describe_machine, load_average, pin
from rig.ramp import Plan, run_case, run_kernel
from rig.report import Result, as_json, as_text

CASES = (("pairs (echo)", 2), ("conversations of 3", 3))
DEFAULT_LEGS = "400,800,1200,1600"
DEFAULT_SECONDS = 3.0


async def measure(legs: list[int], seconds: float) -> Result:
    """Both cases and, with as many legs, the kernel limit."""
    before, cores = load_average(), choose_cores()
    pin(0, cores.generator)
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as name:
        folder = Path(name)
        program = build_program(folder)
        plan = Plan(folder, program, cores, legs, seconds)
        cases = [await run_case(plan, case, size) for case, size in CASES]
        reached = [step.legs for ramp in cases if (step := ramp.best or ramp.steps[0])]
        limit = await run_kernel(plan, reached)
    return Result(describe_machine(), cores.describe(), program.name, seconds, before, cases, limit)


def counts(text: str) -> list[int]:
    """`400,800` as rising numbers of legs."""
    try:
        legs = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise argparse.ArgumentTypeError("write numbers of legs with commas between them: 400,800") from None
    if legs[0] < 2:
        raise argparse.ArgumentTypeError("a conversation has at least 2 legs")
    return legs


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/bench media", description=__doc__)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS, help="measured time of each step")
    parser.add_argument("--legs", type=counts, default=counts(DEFAULT_LEGS), help="steps of the ramp")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    result = asyncio.run(measure(options.legs, options.seconds))
    print(json.dumps(as_json(result), ensure_ascii=False) if options.json else as_text(result))


if __name__ == "__main__":
    main()
