"""The receive matrix: one sweep's datagrams of all rows, read at once (RFC 3550 §5.1).

A *common* packet has a plain 12-octet header, 20 ms of G.711, the payload type and the source that the row
expects. Common packets never meet Python one by one. The rest goes to `slow.py`: first packets, key presses,
other packet times, header extensions, padding, restarts, noise.

Several packets of one row in one sweep are taken in rounds, in order of arrival, so that every array step
sees a row once.
"""

from typing import Final

import numpy as np

from offhook.media.engine.jitter import FAR, OLD, JitterBuffer
from offhook.media.engine.legs import Legs
from offhook.media.engine.links import Links
from offhook.media.engine.send import EVENT_PACKET
from offhook.media.engine.slow import SlowPath
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import FRAME, HEADER, PACKET, Arrivals, Flags, Longs, Octets
from offhook.rtp.sequence import MAX_DROPOUT, MAX_MISORDER

STALE: Final = 10
"""Packets late in a row after which the stream's clock is read anew."""
ROUNDS: Final = 32
"""Packets of one row that one sweep may bring; more is a flood and is ignored."""


class Receiver:
    """Sorts arrivals and feeds the jitter buffer."""

    def __init__(
        self, legs: Legs, links: Links, streams: Streams, jitter: JitterBuffer, slow: SlowPath
    ) -> None:
        self.legs = legs
        self.links = links
        self.streams = streams
        self.jitter = jitter
        self.slow = slow
        self._seen: Longs = np.zeros(legs.capacity, np.int64)

    def sweep(self, arrivals: Arrivals, tick: int, now: int) -> None:
        """Take every datagram of a tick."""
        for row, datagram in arrivals.long:
            if 0 <= row < self.legs.capacity and self.legs.active[row]:
                self._one(row, bytes(datagram), tick, now)
        count = arrivals.count
        if count == 0:
            return
        rows = arrivals.rows[:count].astype(np.int64)
        known = (rows >= 0) & (rows < self.legs.capacity)
        index = np.flatnonzero(known)
        index = index[self.legs.active[rows[index]]]
        taken = 0
        while index.size:
            if taken == ROUNDS:
                np.add.at(self.streams.ignored, rows[index], 1)
                return
            taken += 1
            now_rows = rows[index]
            self._seen[now_rows[::-1]] = index[::-1]
            first = self._seen[now_rows] == index
            self._round(arrivals, rows, index[first], tick, now)
            index = index[~first]

    def _round(self, arrivals: Arrivals, rows: Longs, index: Longs, tick: int, now: int) -> None:
        """Take one datagram each of some rows."""
        common = self._common(arrivals, rows[index], index)
        plain = index[common]
        if plain.size:
            strange = self._plain(arrivals, rows[plain], plain, tick)
            slow = np.concatenate([index[~common], plain[strange]]) if strange.any() else index[~common]
        else:
            slow = index
        if slow.size:
            slow = self._drop_repeats(arrivals, rows, slow, tick)
        for i in slow.tolist():
            self._one(int(rows[i]), arrivals.data[i, : arrivals.length[i]].tobytes(), tick, now)

    def _common(self, arrivals: Arrivals, rows: Longs, index: Longs) -> Flags:
        data = arrivals.data
        legs = self.legs
        common = (data[index, 0] == 0x80) & (arrivals.length[index] == PACKET)
        common &= (data[index, 1] & 0x7F) == legs.payload_type[rows]
        common &= data.view(">u4")[index, 2] == self.streams.ssrc[rows]
        common &= self.jitter.latched[rows] & legs.rx[rows] & ~legs.link[rows]
        flags: Flags = common
        return flags

    def _plain(self, arrivals: Arrivals, rows: Longs, index: Longs, tick: int) -> Flags:
        """Put common packets into the buffer. Returns those whose numbers are not to be believed at once."""
        streams, jitter = self.streams, self.jitter
        sequence = arrivals.data.view(">u2")[index, 1].astype(np.int64)
        stamp = arrivals.data.view(">u4")[index, 1].astype(np.int64)
        extended = streams.extend_sequence(rows, sequence)
        sample = streams.extend_timestamp(rows, stamp) - streams.offset[rows]
        # A far end may restart its talk anywhere: the nearest frame is at most 10 ms off.
        frame = (sample + FRAME // 2) // FRAME
        step = extended - streams.highest[rows]
        ahead = frame - jitter.play[rows]
        strange = (step <= -MAX_MISORDER) | (step >= MAX_DROPOUT) | (ahead >= FAR) | (ahead <= OLD)
        if strange.any():
            good = ~strange
            rows, index, extended, sample, frame = (
                rows[good],
                index[good],
                extended[good],
                sample[good],
                frame[good],
            )
        payloads: Octets = arrivals.data[index, HEADER:PACKET]
        duplicate, late = jitter.put(rows, frame, payloads, tick)
        streams.count(rows, extended, sample, tick, duplicate, late)
        for i in np.flatnonzero(jitter.late_run[rows] >= STALE).tolist():
            # The far end's clock stood still while it was silent: everything would be late for ever.
            streams.rebase(int(rows[i]), tick - int(frame[i]))
            jitter.latch(int(rows[i]), tick)
        return strange

    def _drop_repeats(self, arrivals: Arrivals, rows: Longs, index: Longs, tick: int) -> Longs:
        """Count and drop packets that repeat a key press already reported; the rest."""
        data, streams = arrivals.data, self.streams
        mine = rows[index]
        repeat = (data[index, 1] & 0x7F) == self.legs.event_type[mine]
        repeat &= (data[index, 0] == 0x80) & (arrivals.length[index] == EVENT_PACKET)
        repeat &= data.view(">u4")[index, 2] == streams.ssrc[mine]
        repeat &= data.view(">u4")[index, 1] == self.slow.keys.done[mine]
        if not repeat.any():
            return index
        sequence = data.view(">u2")[index, 1].astype(np.int64)
        extended = streams.extend_sequence(mine, sequence)
        step = extended - streams.highest[mine]
        repeat &= (step > -MAX_MISORDER) & (step < MAX_DROPOUT) & self.legs.rx[mine]
        streams.count_event(mine[repeat], extended[repeat], tick)
        rest: Longs = index[~repeat]
        return rest

    def _one(self, row: int, datagram: bytes, tick: int, now: int) -> None:
        if self.legs.link[row]:
            if self.links.put(row, datagram):
                self.streams.heard_link(row, tick)
            else:
                self.streams.ignored[row] += 1
        else:
            self.slow.packet(row, datagram, tick, now)
