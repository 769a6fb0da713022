"""The adaptive jitter buffer of all rows: where frames wait, when they play (docs/specs/media-engine.md).

A *frame* is 20 ms of a row's stream. Its number counts from the tick in which the stream was latched, so the
transit `tick − frame` stays small. The ring keeps the raw octets; a slot is valid when it holds the number
that is asked for, so nothing is ever cleared. Frames are placed by timestamp: loss and discontinuous
transmission need no special case.

The wanted lag is ceil(base + late_peak − 0.3): `base` a slowly rising minimum of the transit (it follows the
far end's clock), `late_peak` a decaying maximum of the lateness over it. The margin keeps a lone loss or a
drifting base from growing the buffer. The lag changes only where nobody hears it: a missing or quiet frame.
"""

from typing import Final

import numpy as np

from offhook.media.engine.types import FRAME, Flags, Floats, Longs, Octets

DEPTH: Final = 16
"""Slots of a row's ring: 320 ms."""
MAX_LAG: Final = 12
MARGIN: Final = 0.3
START_LATENESS: Final = 1.0
"""A fresh stream waits one frame: the sweep sees arrivals quantised to the tick."""
BASE_RISE: Final = 0.0005
"""Frames a packet; follows a clock that is 500 parts in a million slow."""
PEAK_DECAY: Final = 0.998
"""A packet; lateness is half forgotten after 7 s."""
SHRINK_PAUSE: Final = 10
"""Ticks between two shortenings."""
FORCED_EXCESS: Final = 3
"""Frames of lag too many at which the buffer is shortened even while somebody talks."""
FAR: Final = 500
"""Frames ahead of play-out beyond which a timestamp is not believed at once."""
EMPTY: Final = -(1 << 62)
"""The frame number of an empty slot; no frame has it."""
OLD: Final = -250
"""The same, behind."""


class JitterBuffer:
    """Ring, lag estimate and play-out position of every row."""

    def __init__(self, capacity: int) -> None:
        self.octets: Octets = np.zeros((capacity * DEPTH, FRAME), np.uint8)
        self.slot_frame: Longs = np.full(capacity * DEPTH, EMPTY, np.int64)
        self.play: Longs = np.zeros(capacity, np.int64)
        """The frame to play next."""
        self.base: Floats = np.zeros(capacity, np.float32)
        self.late_peak: Floats = np.zeros(capacity, np.float32)
        self.shrunk_at: Longs = np.zeros(capacity, np.int64)
        self.late_run: Longs = np.zeros(capacity, np.int64)
        """Packets that came too late since the last that did not."""
        self.latched: Flags = np.zeros(capacity, np.bool_)
        self.have: Flags = np.zeros(capacity, np.bool_)
        """Whether this tick's frame was there."""
        self._rows = np.arange(capacity, dtype=np.int64)

    def wipe(self, row: int) -> None:
        self.latched[row] = self.have[row] = False
        self.slot_frame[row * DEPTH : (row + 1) * DEPTH] = EMPTY
        self.play[row] = self.shrunk_at[row] = self.late_run[row] = 0
        self.base[row] = self.late_peak[row] = 0

    def latch(self, row: int, tick: int) -> None:
        """Begin a stream whose first frame is numbered `tick`."""
        self.wipe(row)
        self.latched[row] = True
        self.late_peak[row] = START_LATENESS
        self.play[row] = tick - 1

    def flush(self, row: int) -> None:
        """Forget the frames that wait; the stream goes on with what comes next."""
        self.slot_frame[row * DEPTH : (row + 1) * DEPTH] = EMPTY

    def put(self, rows: Longs, frames: Longs, payloads: Octets, tick: int) -> tuple[Flags, Flags]:
        """Store whole frames, at most one per row. Returns (duplicate, late) for each."""
        slots = rows * DEPTH + frames % DEPTH
        duplicate = self.slot_frame[slots] == frames
        if duplicate.any():
            new = ~duplicate
            self.observe(rows[new], frames[new], frames[new], tick)
        else:
            self.observe(rows, frames, frames, tick)
        late = ~duplicate & (frames < self.play[rows])
        run = self.late_run[rows]
        if late.any() or run.any():
            self.late_run[rows] = np.where(late, run + 1, run * duplicate)
        fresh = ~(duplicate | late)
        if fresh.all():
            self.octets[slots] = payloads
            self.slot_frame[slots] = frames
        else:
            self.octets[slots[fresh]] = payloads[fresh]
            self.slot_frame[slots[fresh]] = frames[fresh]
        return duplicate, late

    def observe(self, rows: Longs, frames: Longs, ends: Longs, tick: int) -> None:
        """Learn from the arrival times of packets, at most one per row; make room for those far ahead.

        `frames` are the first frames they touch, `ends` the last.
        """
        transit = (tick - frames).astype(np.float32)
        base = np.minimum(self.base[rows] + np.float32(BASE_RISE), transit)
        lateness = np.minimum(transit - base, np.float32(MAX_LAG))
        self.base[rows] = base
        self.late_peak[rows] = np.maximum(self.late_peak[rows] * np.float32(PEAK_DECAY), lateness)
        over = ends - self.play[rows] >= DEPTH
        if over.any():
            # The far end ran ahead (a stall on the way, or in us): drop what is old, keep a margin.
            jumped = rows[over]
            self.play[jumped] = frames[over] - 2
            self.base[jumped] = transit[over]

    def write(self, rows: Longs, samples: Longs, payloads: Octets, silence: Octets) -> Flags:
        """Store packets of any length from any position, at most one per row; all are equally long.

        A frame that is only partly filled plays `silence` for the rest. Returns those that came too late.
        """
        size = payloads.shape[1]
        first, last = samples // FRAME, (samples + size - 1) // FRAME
        play = self.play[rows]
        for step in range(int((last - first).max()) + 1):
            frames = first + step
            slots = rows * DEPTH + frames % DEPTH
            fresh = (frames <= last) & (frames >= play) & (self.slot_frame[slots] != frames)
            self.octets[slots[fresh]] = silence[fresh][:, None]
            self.slot_frame[slots[fresh]] = frames[fresh]
        place = samples[:, None] + np.arange(size)
        timely = place >= (play * FRAME)[:, None]
        place %= DEPTH * FRAME
        place += (rows * (DEPTH * FRAME))[:, None]
        flat = self.octets.reshape(-1)
        if timely.all():
            flat[place] = payloads
        else:
            flat[place[timely]] = payloads[timely]
        late: Flags = last < play
        self.late_run[rows] = np.where(late, self.late_run[rows] + 1, 0)
        return late

    def wanted(self, top: int) -> Longs:
        """The lag each row should have, in frames."""
        lag = np.ceil(self.base[:top] + self.late_peak[:top] - np.float32(MARGIN))
        frames: Longs = np.minimum(lag, self.base[:top] + MAX_LAG).astype(np.int64)
        return frames

    def advance(self, top: int, tick: int, quiet: Flags) -> tuple[Longs, Flags]:
        """Choose this tick's frame of rows `[:top]`: (ring slots, rows that hold still).

        `quiet[top]` tells rows whose audio is quiet just now. `have` says whether the frame is there.
        """
        rows = self._rows[:top]
        play = self.play[:top]
        slots = rows * DEPTH + play % DEPTH
        have = (self.slot_frame[slots] == play) & self.latched[:top]
        excess = (tick - play) - self.wanted(top)
        unsettled = (excess != 0) & self.latched[:top]
        hold = np.zeros(top, np.bool_)
        if unsettled.any():
            soft = (~have | quiet) & unsettled
            hold = (excess < 0) & soft
            skip = (excess > 0) & soft | (excess > FORCED_EXCESS) & unsettled
            if skip.any():
                self._skip(np.flatnonzero(skip), tick, slots, have)
            have &= ~hold
        self.have[:top] = have
        play += ~hold
        return slots, hold

    def _skip(self, rows: Longs, tick: int, slots: Longs, have: Flags) -> None:
        rows = rows[tick - self.shrunk_at[rows] >= SHRINK_PAUSE]
        self.shrunk_at[rows] = tick
        self.play[rows] += 1
        play = self.play[rows]
        slots[rows] = rows * DEPTH + play % DEPTH
        have[rows] = self.slot_frame[slots[rows]] == play

    def lag(self, row: int, tick: int) -> int:
        """Frames between a stream's present and its play-out."""
        if not self.latched[row]:
            return 0
        return max(0, int(tick - self.play[row] - np.floor(self.base[row])))
