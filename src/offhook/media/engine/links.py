"""Link rows: the far end is a program on this host that speaks 20 ms frames of 16-bit samples.

Another media worker with a part of the same conversation, or a WebSocket worker. Both run on the same clock,
so a short queue is enough: it starts when a frame is there, and gives one frame up when it has not run low
for a second. Frames that find the queue full push the oldest out.
"""

from typing import Final

import numpy as np

from offhook.media.engine.codecs import to_pcm
from offhook.media.engine.types import FRAME, LINK_BYTES, Floats, Longs, Shorts

QUEUE: Final = 8
PATIENCE: Final = 50
"""Ticks over which the queue must stay above one frame before one is dropped."""


class Links:
    """Queues of the link rows. Arrays are by place; `place` maps a row to its place."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self._frames: Shorts = np.zeros((4, QUEUE, FRAME), np.int16)
        self._head: Longs = np.zeros(4, np.int64)
        self._tail: Longs = np.zeros(4, np.int64)
        self._lowest: Longs = np.full(4, QUEUE, np.int64)
        self._place: dict[int, int] = {}
        self._index: Longs = np.zeros(0, np.int64)

    def open(self, row: int) -> None:
        place = len(self.rows)
        if place == len(self._head):
            self._grow()
        self.rows.append(row)
        self._place[row] = place
        self._head[place] = self._tail[place] = 0
        self._lowest[place] = QUEUE
        self._index = np.array(self.rows, np.int64)

    def close(self, row: int) -> None:
        """Forget a row; the last place moves into the gap."""
        place = self._place.pop(row)
        last = len(self.rows) - 1
        moved = self.rows[last]
        for array in (self._frames, self._head, self._tail, self._lowest):
            array[place] = array[last]
        self.rows[place] = moved
        self.rows.pop()
        if moved != row:
            self._place[moved] = place
        self._index = np.array(self.rows, np.int64)

    def put(self, row: int, frame: bytes) -> bool:
        """Queue a frame; False when it is not one."""
        if len(frame) != LINK_BYTES:
            return False
        place = self._place[row]
        tail = self._tail[place]
        self._frames[place, tail % QUEUE] = np.frombuffer(frame, "<i2")
        self._tail[place] = tail + 1
        self._head[place] = max(self._head[place], tail + 1 - QUEUE)
        return True

    def flush(self, row: int) -> None:
        """Forget what is queued."""
        place = self._place[row]
        self._head[place] = self._tail[place]

    def depth(self, row: int) -> int:
        place = self._place[row]
        return int(self._tail[place] - self._head[place])

    def play(self, bus: Floats, tick: int) -> Longs:
        """Write this tick's frame of every link into its bus row. Returns the rows that had none."""
        n = len(self.rows)
        if n == 0:
            return self._index
        places = np.arange(n)
        head, depth = self._head[:n], self._tail[:n] - self._head[:n]
        have = depth > 0
        audio = self._frames[places, head % QUEUE].astype(np.float32)
        audio[~have] = 0
        bus[self._index] = audio
        head += have
        np.minimum(self._lowest[:n], depth, out=self._lowest[:n])
        if tick % PATIENCE == PATIENCE - 1:
            head += self._lowest[:n] > 1
            np.minimum(head, self._tail[:n], out=head)
            self._lowest[:n] = QUEUE
        return self._index[~have]

    def frames(self, heard: Floats) -> list[tuple[int, bytes]]:
        """What every link's far end hears, as (row, frame)."""
        if not self.rows:
            return []
        pcm = to_pcm(heard[self._index])
        return [(row, pcm[i * LINK_BYTES : (i + 1) * LINK_BYTES]) for i, row in enumerate(self.rows)]

    def _grow(self) -> None:
        self._frames = np.concatenate([self._frames, np.zeros_like(self._frames)])
        self._head = np.concatenate([self._head, np.zeros_like(self._head)])
        self._tail = np.concatenate([self._tail, np.zeros_like(self._tail)])
        self._lowest = np.concatenate([self._lowest, np.zeros_like(self._lowest)])
