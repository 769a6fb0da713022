"""What the far ends heard, and what that says about a step of the ramp. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

MOST_LOSS = 0.001
LONGEST_GAP_MS = 60.0
LEAST_AUDIBLE = 0.95


@dataclass(frozen=True, slots=True)
class LegHeard:
    """One leg at its receiver; gaps between packets in milliseconds."""

    received: int
    expected: int
    audible: int
    """Packets that held sound and not silence."""
    p50: float
    p99: float
    longest: float
    over_40: int
    over_60: int


@dataclass(frozen=True, slots=True)
class Heard:
    """All legs of a measurement, and how late the generator was itself, in milliseconds."""

    legs: list[LegHeard]
    late_p50: float
    late_p99: float
    late_max: float


@dataclass(frozen=True, slots=True)
class Gaps:
    """A measurement in one line."""

    received: int
    expected: int
    loss: float
    audible: float
    p99_typical_ms: float
    """The median over the legs of each leg's 99th percentile."""
    p99_worst_ms: float
    longest_ms: float
    over_40: int
    over_60: int
    generator_late_p99_ms: float

    @property
    def held(self) -> bool:
        """Whether a caller would have had nothing to complain of."""
        return self.loss < MOST_LOSS and self.longest_ms <= LONGEST_GAP_MS and self.audible >= LEAST_AUDIBLE


def parse_leg(words: Sequence[str]) -> LegHeard:
    """A `leg` line of the generator: see load.c."""
    if len(words) != 11 or words[0] != "leg":
        raise ValueError(f"the load generator said {' '.join(words)!r} where a leg was expected")
    received, expected, audible, _, p50, p99, longest, over_40, over_60 = (int(word) for word in words[2:])
    return LegHeard(received, expected, audible, p50 / 1000, p99 / 1000, longest / 1000, over_40, over_60)


def summarise(heard: Heard) -> Gaps:
    legs = heard.legs
    received, expected = sum(leg.received for leg in legs), sum(leg.expected for leg in legs)
    missing = sum(max(0, leg.expected - leg.received) for leg in legs)
    p99s = sorted(leg.p99 for leg in legs)
    return Gaps(
        received=received,
        expected=expected,
        loss=missing / expected if expected else 1.0,
        audible=sum(leg.audible for leg in legs) / received if received else 0.0,
        p99_typical_ms=p99s[len(p99s) // 2] if p99s else 0.0,
        p99_worst_ms=p99s[-1] if p99s else 0.0,
        longest_ms=max((leg.longest for leg in legs), default=0.0),
        over_40=sum(leg.over_40 for leg in legs),
        over_60=sum(leg.over_60 for leg in legs),
        generator_late_p99_ms=heard.late_p99,
    )
