"""A witness: a call that hears a steady tone while something goes wrong elsewhere, and what it noticed."""

from dataclasses import dataclass

import numpy as np

from offhook.audio.levels import goertzel
from offhook.audio.tables import RATE
from offhook.cli.demonstration.caller import Line

BLOCK = RATE // 10
AUDIBLE = 500.0
PURE = 0.8
"""Part of a block's energy that has to lie at the tone's frequency."""
LOST_PART, GAP_MS, TONE_PART = 0.05, 2_000.0, 0.6
"""What a machine may do to a call on which processes stand still for half a second now and then."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the witness heard since `Witness.begin`."""

    seconds: float
    packets: int
    lost: int
    gap_ms: float
    """The longest wait between two packets."""
    tone: float
    """The part of the time in which the tone was intact."""

    def __str__(self) -> str:
        return (
            f"{self.seconds:.1f} s, {self.packets} packets, {self.lost} lost, "
            f"largest gap {self.gap_ms:.1f} ms, tone intact {self.tone:.1%}"
        )

    def nothing(self) -> bool:
        """Whether the call went on as if nothing had happened."""
        enough = self.packets >= self.seconds * 50 * (1 - LOST_PART) - 100
        return (
            enough
            and self.lost <= max(2, LOST_PART * self.packets)
            and self.gap_ms <= GAP_MS
            and self.tone >= TONE_PART
        )


class Witness:
    """Watches a line on which the tone is playing."""

    def __init__(self, line: Line, hertz: float) -> None:
        self.line = line
        self._hertz = hertz
        self.begin()

    def begin(self) -> None:
        """Count anew from here."""
        receiver = self.line.call.media.receiver
        self._from_ms = self.line.now_ms
        self._packets, self._lost = receiver.arrivals.packets, receiver.lost
        receiver.arrivals.largest_gap_ms = 0.0

    def noticed(self) -> Noticed:
        """What was heard since."""
        assert not self.line.call.done.done(), "the witness's call is over"
        receiver = self.line.call.media.receiver
        heard = self.line.since(self._from_ms)
        return Noticed(
            seconds=heard.size / RATE,
            packets=receiver.arrivals.packets - self._packets,
            lost=receiver.lost - self._lost,
            gap_ms=receiver.arrivals.largest_gap_ms,
            tone=intact(heard, self._hertz),
        )


def intact(heard: "np.ndarray[tuple[int, ...], np.dtype[np.int16]]", hertz: float) -> float:
    """The part of the blocks of 100 ms in which nothing but the tone is heard."""
    blocks = heard[: heard.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    if not len(blocks):
        return 0.0
    good = 0
    for block in blocks:
        energy = float(np.mean(block.astype(np.float64) ** 2))
        good += energy > AUDIBLE**2 and goertzel(block, hertz) >= PURE * energy
    return good / len(blocks)
