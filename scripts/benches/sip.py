"""What SIP costs: the stack by itself, and OPTIONS against a running control: scripts/bench sip [options].

Measures, never asserts. How to read the figures: docs/guides/benchmarks.md.
"""

import argparse
import asyncio
import json
import signal
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rig import options as asking
from rig.machine import choose_cores, describe_machine, load_average
from rig.sip_stack import measure_calls, measure_parts

METHOD = (
    "The stack by itself: two of them in one process exchange INVITE, 100 to 200, ACK, BYE and 200 as "
    "bytes in memory, 100 calls a second of virtual time, so that what is kept for 32 s is there. What "
    "went into each end is then put into a stack alone, and its CPU time counted: parser, checks, "
    "transactions, dialog, writer and timers; no sockets, journal or calls.",
    "messages/s is what one core would take in at that rate, both ends' time by the messages taken in.",
    "left counts transactions, sessions and timers 70 s after the last call: anything but 0 is a leak.",
    "OPTIONS/s: `offhook serve` with control pinned to one core; a C program on another keeps a fixed "
    "number of requests under way and sends the next when one is answered. Half a second without an "
    "answer is a loss.",
    "The kernel limit is a C loop of recvfrom and sendto on the same core under the same asker.",
    "CPU is user and system time of the answering process by its answers, waiting for the core not included.",
)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, under the names of the JSON."""
    before = load_average()
    parts = measure_parts(options.calls)
    stack = measure_calls(options.calls)
    asked: list[asking.Asked] = []
    cores, notes = choose_cores(), []
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as name:
        program = asking.build(Path(name))
        if program is None:
            notes.append(asking.MISSING)
        else:
            asked = await asking.measure(program, options.window, options.seconds, cores)
    return {
        "machine": describe_machine().as_json(),
        "placement": cores.describe().replace("worker", "what answers"),
        "load_average_before": before,
        "parts": [asdict(part) for part in parts],
        "stack": asdict(stack) | {"messages_per_second": 1e6 / stack.message_us},
        "options": [asdict(a) | {"per_second": a.per_second, "cpu_us": a.cpu_us} for a in asked],
        "ratio_to_kernel_limit": asked[0].per_second / asked[1].per_second if asked else None,
        "notes": notes,
        "method": list(METHOD),
    }


def as_text(found: dict[str, Any]) -> str:
    machine, stack = found["machine"], found["stack"]
    lines = [
        "SIP bench",
        f"  machine    {machine['cpu']}, {machine['cores']} cores, {machine['system']}",
        f"  software   Python {machine['python']}",
        f"  placement  {found['placement']}",
        f"  load       {found['load_average_before']} before the run",
        "",
        *(f"  {part['name']:<26}{part['us']:>8.1f} µs an INVITE" for part in found["parts"]),
        f"  {'INVITE → BYE, callee':<26}{stack['callee_us']:>8.1f} µs a call",
        f"  {'INVITE → BYE, caller':<26}{stack['caller_us']:>8.1f} µs a call",
        f"  {'messages':<26}{stack['messages_per_second']:>8.0f} a second and core "
        f"({stack['message_us']:.1f} µs each, {stack['messages']} in {stack['calls']} calls)",
        f"  {'left':<26}{stack['left']:>8}",
        "",
    ]
    lines += [
        f"  OPTIONS, {a['name']:<13}{a['per_second']:>9.0f}/s, {a['cpu_us']:.1f} µs CPU each, p50 "
        f"{a['p50_us'] / 1000:.2f}, p99 {a['p99_us'] / 1000:.2f}, longest {a['longest_us'] / 1000:.1f} ms; "
        f"{a['window']} under way, {a['refused']} refused, {a['lost']} lost; waited "
        f"{a['waited_seconds'] * 1000:.0f} ms, {a['priority']}, load {a['load_average']}"
        for a in found["options"]
    ]
    if found["ratio_to_kernel_limit"] is not None:
        lines.append(f"  control answers {found['ratio_to_kernel_limit']:.1%} of what the kernel alone would")
    lines += [*(f"  {note}" for note in found["notes"]), "", "Method"]
    return "\n".join([*lines, *(f"  · {sentence}" for sentence in METHOD)])


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the platform ends with its bench
    parser = argparse.ArgumentParser(prog="scripts/bench sip", description=__doc__)
    parser.add_argument("--calls", type=int, default=5000, help="calls of the stack by itself")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long OPTIONS are asked")
    parser.add_argument("--window", type=int, default=32, help="OPTIONS under way at a time")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the text")
    options = parser.parse_args()
    found = asyncio.run(measure(options))
    print(json.dumps(found, ensure_ascii=False) if options.json else as_text(found))


if __name__ == "__main__":
    main()
