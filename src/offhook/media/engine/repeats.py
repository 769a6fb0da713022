"""Which of the last 64 sequence numbers of a row have been seen.

Common packets need no such memory: the slot of their frame is taken. Only uncommon ones are entered here.
"""

from typing import Final

import numpy as np

from offhook.media.engine.types import Flags, Longs

WINDOW: Final = 64


class Repeats:
    """A bit for every recent number of every row."""

    def __init__(self, capacity: int) -> None:
        self._seen = np.zeros(capacity, np.uint64)
        self._top: Longs = np.zeros(capacity, np.int64)

    def wipe(self, row: int) -> None:
        self._seen[row] = 0

    def enter(self, rows: Longs, extended: Longs) -> Flags:
        """Enter extended numbers, at most one per row. Returns which were there already."""
        seen, step = self._seen[rows], extended - self._top[rows]
        ahead = step > 0
        shift = np.minimum(np.abs(step), WINDOW - 1).astype(np.uint64)
        one = np.uint64(1)
        moved = np.where(step < WINDOW, seen << shift, np.uint64(0)) | one
        near = ~ahead & (step > -WINDOW)
        repeated: Flags = near & ((seen >> shift) & one).astype(np.bool_)
        self._seen[rows] = np.where(ahead, moved, np.where(near, seen | (one << shift), seen))
        self._top[rows] = np.where(ahead, extended, self._top[rows])
        return repeated
