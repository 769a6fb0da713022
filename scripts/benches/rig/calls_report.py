"""What a run of the calls bench says: text to read, or one JSON object."""

from dataclasses import dataclass
from typing import Any

from . import packets, profile
from .gaps import LONGEST_GAP_MS, Gaps, Heard, summarise
from .load_run import Outcome
from .machine import Machine
from .ramp import Ramp

TICKS_PER_SECOND = 50
METHOD = (
    "`offhook serve` runs in a data directory of its own with the default settings; media has SCHED_FIFO "
    "where permitted. SIPp, the application, the reader and the platform share the cores; nothing is "
    "pinned.",
    "SIPp places the calls and sends RTP (a hum and keys) from a capture. It does not read: a process of "
    "ours has the ports that SIPp's SDP names, and writes down every packet with the kernel's time stamp.",
    "One call more is placed than is read, because SIPp holds the port of its first; one call before "
    "warms up.",
    "A call is complete when SIPp's scenario went through. A prompt was heard when the audio of the call "
    "has a correlation of 0.9 with the samples that the platform played. Lost packets are missing "
    "sequence numbers.",
    "Webhooks are recorded in front of the application in order of arrival; in order means that the "
    "events of a call are exactly those owed, in their sequence, and `/answer` came once and before "
    "`answered`.",
    "CPU is user and system time of the process from the first INVITE to the last webhook, by the calls. "
    "INVITE→200 is SIPp's; the application's own time is from the arrival of the answer webhook to the "
    "end of its answer.",
    "The breakdown is of a separate run: py-spy samples control from outside, and a sample belongs to the"
    " part whose code is nearest to the end of the stack; libraries below a part belong to it.",
    "The kernel limit is a loop of one recv and one send a leg with as many sockets, pinned and with the "
    "priority of media, measured right after. Nothing is corrected for what else the machine did: see the"
    " load.",
)


@dataclass(frozen=True, slots=True)
class Result:
    """One run."""

    machine: Machine
    generator: str
    load_before: float
    outcomes: list[Outcome]
    limit: Ramp | None
    notes: list[str]


def as_json(result: Result) -> dict[str, Any]:
    """All figures under the names of the text."""
    return {
        "machine": result.machine.as_json(),
        "generator": result.generator,
        "load_average_before": result.load_before,
        "runs": [_outcome(each) for each in result.outcomes],
        "kernel_limit": _limit(result.limit),
        "notes": result.notes,
        "method": list(METHOD),
    }


def gaps_of(outcome: Outcome) -> Gaps:
    """All streams of a run in one line."""
    return summarise(Heard([stream.heard for stream in outcome.streams], 0.0, 0.0, 0.0))


def complete(outcome: Outcome) -> bool:
    """Whether every call, webhook and prompt was as it should be, and no gap above 60 ms."""
    counted = outcome.counted
    whole = counted.successful == counted.created == outcome.called == outcome.load.calls + 1
    heard = len(outcome.streams) == outcome.load.calls and not outcome.unheard
    return whole and heard and not outcome.order_faults and gaps_of(outcome).longest_ms <= LONGEST_GAP_MS


def _outcome(outcome: Outcome) -> dict[str, Any]:
    load, counted, gaps = outcome.load, outcome.counted, gaps_of(outcome)
    calls = max(1, counted.created)
    seconds = sum(stream.arrivals.size for stream in outcome.streams) / TICKS_PER_SECOND
    media = sum(used.cpu_seconds for name, used in outcome.used.items() if name.startswith("media"))
    answers = outcome.answer_us
    return {
        "run": load.name,
        "calls": counted.created,
        "rate": load.rate,
        "most_at_once": outcome.most_at_once,
        "seconds": outcome.seconds,
        "load_average": outcome.load_average,
        "good": complete(outcome),
        "completed": counted.successful,
        "failed": counted.failed,
        "retransmissions": counted.retransmissions,
        "complaint": counted.complaint,
        "webhooks": outcome.webhooks,
        "calls_with_wrong_webhooks": dict(outcome.order_faults),
        "read": len(outcome.streams),
        "prompt_not_heard": outcome.unheard,
        "lowest_correlation": outcome.worst_likeness,
        "packets": gaps.received,
        "packets_lost": sum(stream.lost for stream in outcome.streams),
        "packets_misordered": sum(stream.misordered for stream in outcome.streams),
        "gaps_ms": packets.percentiles(outcome.streams),
        "gaps_over_40": gaps.over_40,
        "gaps_over_60": gaps.over_60,
        "stamps": "when read" if outcome.late_stamps else "kernel",
        "invite_to_200_ms": {
            "p50": counted.answered_within(0.5),
            "p95": counted.answered_within(0.95),
            "p99": counted.answered_within(0.99),
        },
        "application_answer_ms": {
            "p50": answers[len(answers) // 2] / 1000 if answers else 0.0,
            "p95": answers[int(len(answers) * 0.95)] / 1000 if answers else 0.0,
        },
        "control_ms_per_call": outcome.used["control"].cpu_seconds * 1000 / calls,
        "media_us_per_leg_and_tick": media * 1e6 / (seconds * TICKS_PER_SECOND) if seconds else None,
        "processes": {
            name: {
                "cpu_seconds": used.cpu_seconds,
                "ms_per_call": used.cpu_seconds * 1000 / calls,
                "core": used.cpu_seconds / outcome.seconds,
                "waited_seconds": used.waited_seconds,
                "priority": used.priority,
            }
            for name, used in outcome.used.items()
        },
        "breakdown": profile.breakdown(outcome.folded),
        "hottest": profile.hottest(outcome.folded),
        "server_faults": outcome.server_faults[:20],
    }


def _limit(limit: Ramp | None) -> dict[str, Any] | None:
    if limit is None:
        return None
    step = limit.steps[-1]
    return {
        "legs": step.legs,
        "priority": limit.priority,
        "us_per_leg_and_tick": step.us_per_leg,
        "longest_gap_ms": step.gaps.longest_ms,
        "p99_gap_ms": step.gaps.p99_typical_ms,
        "gaps_over_60": step.gaps.over_60,
        "generator_late_p99_ms": step.gaps.generator_late_p99_ms,
    }


def as_text(result: Result) -> str:
    machine, whole = result.machine, as_json(result)
    lines = [
        "Calls bench",
        f"  machine    {machine.cpu}, {machine.cores} cores, {machine.system}",
        f"  software   Python {machine.python}, NumPy {machine.numpy}",
        f"  generator  {result.generator}, reader of our own",
        f"  load       {result.load_before} before the run",
    ]
    for run in whole["runs"]:
        lines += ["", *(_profiled(run) if run["run"] == "profiled" else _run(run))]
    if whole["kernel_limit"]:
        lines += ["", _limit_text(whole["kernel_limit"])]
    lines += ["", *(f"  {note}" for note in result.notes), "Method"]
    return "\n".join([*lines, *(f"  · {sentence}" for sentence in METHOD)])


def _run(run: dict[str, Any]) -> list[str]:
    gaps, answer, own = run["gaps_ms"], run["invite_to_200_ms"], run["application_answer_ms"]
    wrong = run["calls_with_wrong_webhooks"]
    lines = [
        f"  {run['run']}: {run['calls']} calls, {run['rate']:g} a second, {run['most_at_once']} at once, "
        f"{run['seconds']:.0f} s, load {run['load_average']}: {'GOOD' if run['good'] else 'NOT GOOD'}",
        f"    calls      {run['completed']} complete, {run['failed']} failed, "
        f"{run['retransmissions']} SIP messages repeated by SIPp",
        f"    webhooks   {run['webhooks']}; calls with missing, doubled or misplaced ones: {len(wrong)}",
        f"    audio      {run['read']} calls read, prompt not heard in {run['prompt_not_heard']}, lowest "
        f"correlation {run['lowest_correlation']:.4f}",
        f"    packets    {run['packets']}, {run['packets_lost']} lost, {run['packets_misordered']} late",
        f"    gaps       p50 {gaps['p50']:.1f}, p99 {gaps['p99']:.1f}, p99.9 {gaps['p99.9']:.1f}, largest "
        f"{gaps['largest']:.1f} ms; {run['gaps_over_40']} above 40, {run['gaps_over_60']} above 60 ms "
        f"({run['stamps']} stamps)",
        f"    INVITE→200 p50 {answer['p50']:.1f}, p95 {answer['p95']:.1f}, p99 {answer['p99']:.1f} ms; the "
        f"application's own answer p50 {own['p50']:.1f}, p95 {own['p95']:.1f} ms",
        f"    control    {run['control_ms_per_call']:.2f} ms CPU per call",
    ]
    if run["media_us_per_leg_and_tick"] is not None:
        lines.append(
            f"    media      {run['media_us_per_leg_and_tick']:.1f} µs per leg and tick, set-up included"
        )
    lines += [
        f"    {name:<11}{used['core']:>5.0%} of a core, {used['ms_per_call']:.2f} ms per call, waited "
        f"{used['waited_seconds'] * 1000:.0f} ms for a core, {used['priority']}"
        for name, used in run["processes"].items()
    ]
    lines += [f"    wrong      {uuid}: {what}" for uuid, what in list(wrong.items())[:5]]
    lines += [f"    SIPp       {run['complaint'][:300]}"] if run["complaint"] else []
    return lines + [f"    log        {line[:160]}" for line in run["server_faults"][:5]]


def _profiled(run: dict[str, Any]) -> list[str]:
    cost = run["control_ms_per_call"]
    lines = [f"  profiled: control {cost:.2f} ms CPU per call while sampled, by its parts"]
    lines += [
        f"    {name:<16}{share:>5.0%}  {cost * share:.2f} ms" for name, share in run["breakdown"].items()
    ]
    lines.append("  the functions with the most samples of their own")
    return lines + [f"    {share:>5.1%}  {name}" for name, share in run["hottest"]]


def _limit_text(limit: dict[str, Any]) -> str:
    return (
        f"  kernel limit with {limit['legs']} legs: {limit['us_per_leg_and_tick']:.2f} µs per leg and tick, "
        f"gaps p99 {limit['p99_gap_ms']:.1f}, largest {limit['longest_gap_ms']:.1f} ms, "
        f"{limit['gaps_over_60']} above 60 ms ({limit['priority']}; "
        f"generator late p99 {limit['generator_late_p99_ms']:.1f} ms)"
    )
