"""What is known of the stream that each row receives: source, numbers, counters (RFC 3550 appendix A).

Sequence numbers and timestamps are unwrapped against the highest seen, for many rows at once. Arrival times
are ticks: a packet counts as arrived when the sweep finds it, so interarrival jitter below 20 ms reads as
zero, and a stream whose phase sits on the edge of the sweep reads a few milliseconds too much.
"""

from typing import Final

import numpy as np

from offhook.media.engine.types import FRAME, Flags, Floats, Longs

NOT_YET: Final = -1


class Streams:
    """Incoming stream state of all rows."""

    def __init__(self, capacity: int) -> None:
        self.ssrc = np.zeros(capacity, np.uint32)
        self.highest: Longs = np.zeros(capacity, np.int64)
        """The highest sequence number, extended."""
        self.expected_before: Longs = np.zeros(capacity, np.int64)
        """Packets expected up to the present run's first, minus that first number: `highest +
        expected_before` is all that should have come."""
        self.stamp: Longs = np.zeros(capacity, np.int64)
        """The timestamp of the last packet counted, extended."""
        self.offset: Longs = np.zeros(capacity, np.int64)
        """The timestamp of frame 0."""
        self.transit: Longs = np.full(capacity, NOT_YET, np.int64)
        self.jitter: Floats = np.zeros(capacity, np.float32)
        self.heard_at: Longs = np.zeros(capacity, np.int64)
        self.received: Longs = np.zeros(capacity, np.int64)
        self.late: Longs = np.zeros(capacity, np.int64)
        self.duplicate: Longs = np.zeros(capacity, np.int64)
        self.ignored: Longs = np.zeros(capacity, np.int64)
        self.started: list[int] = []
        """Rows whose first packet came in this tick."""

    def wipe(self, row: int, tick: int) -> None:
        self.ssrc[row] = 0
        for array in (self.highest, self.expected_before, self.stamp, self.offset):
            array[row] = 0
        for array in (self.received, self.late, self.duplicate, self.ignored):
            array[row] = 0
        self.transit[row] = NOT_YET
        self.jitter[row] = 0
        self.heard_at[row] = tick

    def latch(self, row: int, ssrc: int, sequence: int, stamp: int, tick: int) -> None:
        """Take up a stream with this packet; the packet itself is counted by `count`."""
        expected = int(self.highest[row] + self.expected_before[row])
        self.ssrc[row] = ssrc
        self.highest[row] = sequence
        # The packet itself is one that should have come.
        self.expected_before[row] = expected + 1 - sequence
        self.stamp[row] = stamp
        self.offset[row] = stamp - tick * FRAME
        self.transit[row] = NOT_YET

    def rebase(self, row: int, frames: int) -> None:
        """Number the frames of a stream higher by `frames`."""
        self.offset[row] -= frames * FRAME
        self.transit[row] = NOT_YET

    def extend_sequence(self, rows: Longs, sequence: Longs) -> Longs:
        """16-bit numbers to extended ones, nearest to the highest of each row."""
        highest = self.highest[rows]
        return highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000

    def extend_timestamp(self, rows: Longs, stamp: Longs) -> Longs:
        """32-bit timestamps to extended ones, nearest to the last of each row."""
        last = self.stamp[rows]
        return last + ((stamp - last + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000

    def count(
        self, rows: Longs, extended: Longs, sample: Longs, tick: int, duplicate: Flags, late: Flags
    ) -> None:
        """Count believed audio packets, at most one per row; `sample` is relative to frame 0."""
        self.received[rows] += 1
        self.heard_at[rows] = tick
        self.highest[rows] = np.maximum(self.highest[rows], extended)
        self.stamp[rows] = np.maximum(self.stamp[rows], sample + self.offset[rows])
        transit = tick * FRAME - sample
        last = self.transit[rows]
        distance = np.abs(transit - last) * (last != NOT_YET)
        if duplicate.any():
            self.duplicate[rows] += duplicate
            distance *= ~duplicate
            transit = np.where(duplicate, last, transit)
        if late.any():
            self.late[rows] += late
        jitter = self.jitter[rows]
        self.jitter[rows] = jitter + (distance - jitter) / np.float32(16)
        self.transit[rows] = transit

    def count_event(self, rows: Longs, extended: Longs, tick: int) -> None:
        """Count believed packets of a key press: their timestamp stands still and tells no jitter."""
        self.received[rows] += 1
        self.heard_at[rows] = tick
        self.highest[rows] = np.maximum(self.highest[rows], extended)

    def lost(self, row: int) -> int:
        """Packets that never came. Duplicates do not hide losses here."""
        if self.received[row] == 0:
            return 0
        expected = int(self.highest[row] + self.expected_before[row])
        return max(0, expected - int(self.received[row] - self.duplicate[row]))

    def heard_link(self, row: int, tick: int) -> None:
        if self.received[row] == 0:
            self.started.append(row)
        self.received[row] += 1
        self.heard_at[row] = tick
