"""Whether memory stays flat while calls come and go. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field

LEAST_POINTS = 3
WARM_CALLS = 1000
"""The first calls fill caches and pools, and what SIP keeps for 32 s; at most half of all."""
MOST_OBJECTS_PER_CALL = 0.5
MOST_BYTES_PER_CALL = 600.0
"""What a fragmented heap may still grow by; one forgotten call is ten times as much."""


@dataclass(frozen=True, slots=True)
class Point:
    """After so many calls, when all are over."""

    calls: int
    rss: int
    """Bytes of resident memory."""
    objects: int | None
    """Python objects that the collector knows; None for another process."""
    held: dict[str, int] = field(default_factory=dict)
    """What should be gone and is not."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`bytes_per_call` and `objects_per_call` are slopes after the warm part, by least squares."""

    good: bool
    bytes_per_call: float
    objects_per_call: float | None
    held: dict[str, int]
    sentence: str


def judge(points: Sequence[Point], *, bytes_limit: float = MOST_BYTES_PER_CALL) -> Verdict:
    """The verdict over a curve of at least three points after the warm part."""
    warm = min(WARM_CALLS, points[-1].calls / 2)
    rest = [point for point in points if point.calls >= warm]
    rss = slope([(point.calls, point.rss) for point in rest])
    counted = [(point.calls, point.objects) for point in rest if point.objects is not None]
    objects = slope(counted) if counted else None
    held = {name: count for point in points for name, count in point.held.items() if count}
    faults: list[str] = []
    if held:
        faults.append("left behind: " + ", ".join(f"{count} {name}" for name, count in held.items()))
    if objects is not None and objects > MOST_OBJECTS_PER_CALL:
        faults.append(f"{objects:.2f} objects more with every call")
    if rss > bytes_limit:
        faults.append(f"{rss:.0f} bytes more with every call")
    if len(rest) < LEAST_POINTS:
        faults = [fault for fault in faults if fault.startswith("left behind")]
        faults = faults or [f"too few batches to tell: {LEAST_POINTS} are needed after {warm:.0f} calls"]
    sentence = "; ".join(faults) or f"flat after {warm:.0f} calls, nothing left behind"
    return Verdict(not faults, rss, objects, held, sentence)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line through points; 0 for fewer than two."""
    if len(points) < 2:
        return 0.0
    middle_x = sum(x for x, _ in points) / len(points)
    middle_y = sum(y for _, y in points) / len(points)
    square = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / square if square else 0.0
