"""What a run of the HTTP bench says: text to read, or one JSON object."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .http_asker import Asked
from .machine import Machine

CREATE_GOAL, LIST_GOAL_MS = 400.0, 30.0
METHOD = (
    "`offhook serve` in a data directory of its own, with control pinned to one core; this program asks "
    "from another over keep-alive connections, each with one request under way. CPU is user and system "
    "time of control by its answers, threads of its own included; `a core` is what one core would "
    "answer at that price.",
    "A create is POST /v1/calls with a phone number and an NCCO of one sentence: token, checks, rows, "
    "webhook and journal, answered after the commit. `one token`: all requests carry the same one; `a "
    "token each`: every request has its own, as several client libraries do, and its signature is "
    "checked.",
    "Dialling goes at --dials a second meanwhile (OFFHOOK_CALLS__DIALS_PER_SECOND), so that creates are "
    "measured and not SIP. What one dialled call costs is taken once the creates are over, and "
    "subtracted in `without the dials`. Everything that was created is dialled in the end, declined by "
    "the carrier, and counted.",
    "The floor is the same server, loop and parser with an application that reads the body and answers "
    "a constant, on the same core under the same asker.",
    "The listing asks for pages of 100, newest first, one request at a time, at the beginning, in the "
    "middle and at the end of the stored calls.",
)


@dataclass(frozen=True, slots=True)
class Dials:
    """What became of the calls."""

    per_second: int
    cpu_us: float
    """Of control, for one call from its dialling to its last webhook."""
    ended: dict[str, int]
    """How many ended how."""

    def without(self, asked: Asked) -> float:
        """CPU (µs) of one create, less that of the calls that were dialled meanwhile."""
        spent = asked.cpu_seconds * 1e6 - self.per_second * asked.seconds * self.cpu_us
        return max(0.0, spent) / max(1, len(asked.times))


@dataclass(frozen=True, slots=True)
class Result:
    """One run."""

    machine: Machine
    placement: str
    load_before: float
    stored: int
    floor: Asked
    creates: Sequence[Asked]
    lists: Sequence[Asked]
    dials: Dials
    faults: Sequence[str]
    """Lines of the server's log that tell of errors."""


def placed(result: Result) -> int:
    return sum(asked.statuses[201] for asked in result.creates)


def faults(result: Result) -> list[str]:
    """What makes the figures worth nothing."""
    found = []
    for asked, good in [(each, 201) for each in result.creates] + [(each, 200) for each in result.lists]:
        others = {status: count for status, count in asked.statuses.items() if status != good}
        found += [f"{asked.name}: {others} in place of {good}"] if others else []
    if result.dials.ended != {"rejected": placed(result)}:
        found.append(f"{placed(result)} calls were created, and ended so: {result.dials.ended}")
    return [*found, *result.faults[:5]]


def as_json(result: Result) -> dict[str, Any]:
    """All figures under the names of the text."""
    return {
        "machine": result.machine.as_json(),
        "placement": result.placement,
        "load_average_before": result.load_before,
        "floor": _asked(result.floor),
        "creates": [
            _asked(each) | {"cpu_us_without_dials": result.dials.without(each)} for each in result.creates
        ],
        "stored": result.stored,
        "lists": [_asked(each) for each in result.lists],
        "dials": asdict(result.dials),
        "faults": faults(result),
        "method": list(METHOD),
    }


def as_text(result: Result) -> str:
    machine = result.machine
    lines = [
        "HTTP bench",
        f"  machine    {machine.cpu}, {machine.cores} cores, {machine.system}",
        f"  software   Python {machine.python}",
        f"  placement  {result.placement}",
        f"  load       {result.load_before} before the run",
        "",
        _line("floor", result.floor),
        *(
            _line(f"create, {each.name}", each) + _alone(result.dials.without(each))
            for each in result.creates
        ),
        f"  goal       {CREATE_GOAL:.0f} creates a second and core",
        "",
        *(_line(f"list, {each.name}", each) for each in result.lists),
        f"  goal       100 of {result.stored} calls within {LIST_GOAL_MS:.0f} ms",
        "",
        f"  dialled    {result.dials.ended}, {result.dials.cpu_us:.0f} µs CPU each, "
        f"{result.dials.per_second} a second",
        *(f"  NOT GOOD: {each}" for each in faults(result)),
        "",
        "Method",
    ]
    return "\n".join([*lines, *(f"  · {sentence}" for sentence in METHOD)])


def _line(name: str, asked: Asked) -> str:
    return (
        f"  {name:<22}{asked.per_second:>8.0f}/s, {asked.cpu_us:>6.0f} µs CPU each "
        f"({asked.per_core:.0f}/s a core), p50 {asked.percentile(0.5):.1f}, p99 "
        f"{asked.percentile(0.99):.1f} ms; {len(asked.times)} asked; waited "
        f"{asked.waited_seconds * 1000:.0f} ms, load {asked.load_average}"
    )


def _alone(cpu_us: float) -> str:
    rate = f"{1e6 / cpu_us:.0f}" if cpu_us else "-"
    return f"; without the dials {cpu_us:.0f} µs, {rate}/s a core"


def _asked(asked: Asked) -> dict[str, Any]:
    return {
        "name": asked.name,
        "seconds": asked.seconds,
        "answered": len(asked.times),
        "statuses": {str(status): count for status, count in sorted(asked.statuses.items())},
        "per_second": asked.per_second,
        "per_core": asked.per_core,
        "cpu_us": asked.cpu_us,
        "p50_ms": asked.percentile(0.5),
        "p99_ms": asked.percentile(0.99),
        "waited_seconds": asked.waited_seconds,
        "load_average": asked.load_average,
    }
