"""What a bench run says: a table to read, or one JSON object."""

from dataclasses import asdict, dataclass
from typing import Any

from .gaps import LEAST_AUDIBLE, LONGEST_GAP_MS, MOST_LOSS
from .machine import Machine
from .ramp import Ramp, Step

METHOD = (
    "A real media worker process (SCHED_FIFO where permitted) is alone on one core; the load generator, the "
    "controlling process and the rest of the machine are on the other.",
    "Legs are opened over the worker's own control socket and joined in conversations; each leg is one UDP "
    "socket on 127.0.0.1 on either side.",
    "Each leg sends G.711 RTP every 20 ms; the legs' grids are spread over the 20 ms in steps of 1 ms.",
    "CPU is user and system time of the worker over the measured seconds, so it holds what its sockets cost "
    "in the kernel, sending up to the receiver's queue; legs per core = 20 000 µs / µs per leg and tick.",
    "Gaps are between packets at the receiver, by the kernel's time stamps; lost is what the "
    "sequence numbers and the time between a leg's first and last packet leave missing.",
    f"A step has held when loss < {MOST_LOSS:.1%}, no gap was over {LONGEST_GAP_MS:.0f} ms and at least "
    f"{LEAST_AUDIBLE:.0%} of the packets held sound; the ramp ends at the first step that has not.",
    "The kernel limit is a loop of one recv and one send a leg on the same core, with the same priority, "
    "generator and number of legs; the ratio is its µs over the worker's.",
    "Nothing is asserted, and nothing is corrected for what else the machine does: see the load average.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """One run."""

    machine: Machine
    placement: str
    generator: str
    seconds: float
    load_before: float
    cases: list[Ramp]
    limit: Ramp | None


def as_json(result: Result) -> dict[str, Any]:
    return {
        "machine": result.machine.as_json(),
        "placement": result.placement,
        "generator": result.generator,
        "seconds": result.seconds,
        "load_average_before": result.load_before,
        "cases": [_ramp_json(ramp, result.limit) for ramp in result.cases],
        "kernel_limit": None if result.limit is None else _ramp_json(result.limit, None),
        "method": list(METHOD),
    }


def as_text(result: Result) -> str:
    machine = result.machine
    lines = [
        "Media bench",
        f"  machine    {machine.cpu}, {machine.cores} cores, {machine.system}",
        f"  software   Python {machine.python}, NumPy {machine.numpy}",
        f"  placement  {result.placement}",
        f"  generator  {result.generator}",
        f"  load       {result.load_before} before the run",
        "",
        f"  {'case':<22}{'legs':>6}{'core':>7}{'µs/leg':>8}{'legs/core':>10}{'loss':>9}{'sound':>7}"
        f"{'p99 gap':>9}{'worst p99':>10}{'longest':>9}{'>40':>6}{'>60':>6}{'waited':>8}  held",
    ]
    for ramp in [*result.cases, *([] if result.limit is None else [result.limit])]:
        lines += [_row(ramp, step) for step in ramp.steps]
    lines += ["", *(_verdict(ramp, result.limit) for ramp in result.cases), "", "Method"]
    return "\n".join([*lines, *(f"  · {sentence}" for sentence in METHOD)])


def ratio(step: Step, limit: Ramp | None) -> float | None:
    """Legs per core of a step as a share of what the kernel loop reached with as many legs."""
    if limit is None or step.us_per_leg is None:
        return None
    bare = limit.at(step.legs).us_per_leg
    return None if not bare or not step.us_per_leg else bare / step.us_per_leg


def _row(ramp: Ramp, step: Step) -> str:
    gaps = step.gaps
    cpu = "-" if step.cpu is None else f"{step.cpu:.0%}"
    cost = "-" if step.us_per_leg is None else f"{step.us_per_leg:.2f}"
    waited = "-" if step.waited_ms is None else f"{step.waited_ms:.0f}"
    return (
        f"  {ramp.name:<22}{step.legs:>6}{cpu:>7}{cost:>8}{step.legs_per_core or '-':>10}{gaps.loss:>9.3%}"
        f"{gaps.audible:>7.0%}{gaps.p99_typical_ms:>9.1f}{gaps.p99_worst_ms:>10.1f}{gaps.longest_ms:>9.1f}"
        f"{gaps.over_40:>6}{gaps.over_60:>6}{waited:>8}  {'yes' if gaps.held else 'no'}"
    )


def _verdict(ramp: Ramp, limit: Ramp | None) -> str:
    step = ramp.best
    if step is None:
        return f"  {ramp.name}: no step held ({ramp.priority}, load {ramp.load_average})"
    text = f"  {ramp.name}: {step.legs} legs held"
    if step.us_per_leg is not None:
        text += f", {step.us_per_leg:.2f} µs per leg and tick = {step.legs_per_core} legs per core"
    share = ratio(step, limit)
    if share is not None and limit is not None:
        bare = limit.at(step.legs)
        text += f"; kernel limit {bare.us_per_leg:.2f} µs = {bare.legs_per_core}, ratio {share:.2f}"
    return f"{text} ({ramp.priority}, load {ramp.load_average})"


def _ramp_json(ramp: Ramp, limit: Ramp | None) -> dict[str, Any]:
    best = ramp.best
    return {
        "case": ramp.name,
        "priority": ramp.priority,
        "load_average": ramp.load_average,
        "largest_held": None if best is None else best.legs,
        "legs_per_core": None if best is None else best.legs_per_core,
        "us_per_leg_and_tick": None if best is None else best.us_per_leg,
        "ratio_to_kernel_limit": None if best is None else ratio(best, limit),
        "steps": [_step_json(step) for step in ramp.steps],
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "legs": step.legs,
        "cpu": step.cpu,
        "us_per_leg_and_tick": step.us_per_leg,
        "legs_per_core": step.legs_per_core,
        "held": step.gaps.held,
        "waited_ms": step.waited_ms,
        **asdict(step.gaps),
    }
