"""Made-up audio for frames that did not come: the last pitch period again, fading out in 100 ms.

The last two frames played are still in the ring, so the good path pays nothing. This is the idea of G.711
Appendix I (repeat the waveform at the pitch) without its overlap at the seams.
"""

from typing import Final

import numpy as np

from offhook.media.engine.codecs import DECODE
from offhook.media.engine.jitter import DEPTH, JitterBuffer
from offhook.media.engine.types import FRAME, Floats, Longs, Octets

FADE: Final = np.array([1.0, 0.8, 0.6, 0.4, 0.2, 0.0], np.float32)
"""By the number of frames missing so far; then silence."""
LONGEST: Final = len(FADE) - 1
SHORTEST_PITCH: Final = 40
LONGEST_PITCH: Final = 120
TEMPLATE: Final = 80


class Concealer:
    """How long each row has had nothing to play, and what was last there."""

    def __init__(self, capacity: int) -> None:
        self.gap: Longs = np.full(capacity, LONGEST + 1, np.int64)
        self.last: Longs = np.full(capacity, -1, np.int64)
        """The last frame that was played from the ring."""

    def wipe(self, row: int) -> None:
        self.gap[row] = LONGEST + 1
        self.last[row] = -1

    def note(self, top: int, jitter: JitterBuffer) -> None:
        """Count this tick's gaps; `jitter.play` has already moved on."""
        have = jitter.have[:top]
        gap = self.gap[:top]
        gap += 1
        gap *= ~have
        np.copyto(self.last[:top], jitter.play[:top] - 1, where=have)

    def missing(self, top: int) -> Longs:
        """Rows to conceal in this tick; rows silent for longer just play silence."""
        gap = self.gap[:top]
        return np.flatnonzero((gap > 0) & (gap <= LONGEST))

    def conceal(self, rows: Longs, jitter: JitterBuffer, law: Octets) -> Floats:
        """[n, 160] samples that carry on what the rows played last."""
        history = self._history(rows, jitter, law)
        pitch = _pitch(history)
        steps = (self.gap[rows] - 1)[:, None] * FRAME + np.arange(FRAME)
        index = 2 * FRAME - pitch[:, None] + steps % pitch[:, None]
        audio = np.take_along_axis(history, index, axis=1)
        start, stop = FADE[self.gap[rows] - 1], FADE[self.gap[rows]]
        ramp = np.linspace(0, 1, FRAME, endpoint=False, dtype=np.float32)
        audio *= start[:, None] + (stop - start)[:, None] * ramp
        return np.rint(audio, out=audio)

    def _history(self, rows: Longs, jitter: JitterBuffer, law: Octets) -> Floats:
        history = np.zeros((len(rows), 2, FRAME), np.float32)
        offset = law[rows].astype(np.int64)[:, None] * 256
        for place, frames in enumerate((self.last[rows] - 1, self.last[rows])):
            slots = rows * DEPTH + frames % DEPTH
            there = jitter.slot_frame[slots] == frames
            history[there, place] = DECODE[jitter.octets[slots[there]] + offset[there]]
        return history.reshape(len(rows), 2 * FRAME)


def _pitch(history: Floats) -> Longs:
    """The lag in samples at which each row's end is most like what came before."""
    template = history[:, -TEMPLATE:]
    earliest = 2 * FRAME - TEMPLATE - LONGEST_PITCH
    windows = np.lib.stride_tricks.sliding_window_view(history[:, earliest:-SHORTEST_PITCH], TEMPLATE, axis=1)
    product = np.einsum("nwt,nt->nw", windows, template)
    energy = np.einsum("nwt,nwt->nw", windows, windows)
    likeness = product / np.sqrt(energy + 1.0)
    # The last window begins SHORTEST_PITCH before the template, the first LONGEST_PITCH.
    pitch: Longs = LONGEST_PITCH - np.argmax(likeness, axis=1)
    return pitch
