"""The receive matrix: one sweep's datagrams of all rows, read at once (RFC 3550 §5.1).

A *common* packet has a plain 12-octet header, 20 ms of G.711, the payload type and the source that the row
expects. Packets that differ only in their length are read together, one length after another. Neither meets
Python one by one. The rest goes to `slow.py`: first packets, key presses, header extensions, padding,
restarts, noise.

Several packets of one row in one sweep are taken in rounds, in order of arrival, so that every array step
sees a row once.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from offhook.media.engine.batch import Batch
from offhook.media.engine.believe import Believed, believe
from offhook.media.engine.jitter import JitterBuffer
from offhook.media.engine.legs import SILENCE, Legs
from offhook.media.engine.links import Links
from offhook.media.engine.send import EVENT_PACKET
from offhook.media.engine.slow import LONGEST_PAYLOAD, SlowPath
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import FRAME, HEADER, PACKET, Arrivals, Flags, Ints, Longs, Octets
from offhook.rtp.sequence import MAX_DROPOUT, MAX_MISORDER

ROUNDS: Final = 32
"""Packets of one row that one sweep may bring; more is a flood and is ignored."""
STALE: Final = 10
"""Packets late in a row after which the stream's clock is read anew."""
GRAIN: Final = FRAME // 2
"""Other packet times are multiples of 10 ms."""


class Receiver:
    """Sorts arrivals and feeds the jitter buffer."""

    def __init__(self, legs: Legs, links: Links, slow: SlowPath) -> None:
        self.legs = legs
        self.links = links
        self.streams: Streams = slow.streams
        self.jitter: JitterBuffer = slow.jitter
        self.slow = slow
        self._first: Longs = np.zeros(legs.capacity, np.int64)

    def sweep(self, arrivals: Arrivals, tick: int, now: int) -> None:
        """Take every datagram of a tick."""
        if arrivals.long:
            self._long(arrivals.long, tick, now)
        count = arrivals.count
        if count:
            rows = arrivals.rows[:count].astype(np.int64)
            self._matrix(rows, arrivals.data[:count], arrivals.length[:count], tick, now)

    def _long(self, datagrams: list[tuple[int, bytes]], tick: int, now: int) -> None:
        """Datagrams that did not fit the matrix: frames of links, and 40 ms of G.711 and more."""
        alike: dict[int, list[tuple[int, bytes]]] = {}
        for row, datagram in datagrams:
            if not (0 <= row < self.legs.capacity and self.legs.active[row]):
                continue
            if self.legs.link[row] or not HEADER < len(datagram) <= HEADER + LONGEST_PAYLOAD:
                self._one(row, bytes(datagram), tick, now)
            else:
                alike.setdefault(len(datagram), []).append((row, datagram))
        for length, group in alike.items():
            rows = np.array([row for row, _ in group], np.int64)
            data = np.frombuffer(b"".join(datagram for _, datagram in group), np.uint8).reshape(-1, length)
            # The header's numbers are read in words of 2 and 4 octets: pad the rows to a multiple.
            data = np.pad(data, ((0, 0), (0, -length % 4)))
            self._matrix(rows, data, np.full(len(group), length, np.int32), tick, now)

    def _matrix(self, rows: Longs, data: Octets, length: Ints, tick: int, now: int) -> None:
        batch = Batch.read(rows, data, length)
        for index in self._rounds(rows):
            rest = self._round(batch, index, tick)
            if rest.size:
                rest = self._drop_repeats(batch, rest, tick)
            for i in rest.tolist():
                self._one(int(rows[i]), data[i, : length[i]].tobytes(), tick, now)

    def _round(self, batch: Batch, index: Longs, tick: int) -> Longs:
        """Take the audio of one round, size by size. Returns what the slow path has to look at."""
        size = self._sort(batch, index, tick)
        common = size == FRAME
        if common.all():
            return index[self._audio(batch, index, FRAME, tick)]
        slow = [index[size == 0]]
        for octets in set(size[size > 0].tolist()):
            some = index[size == octets]
            slow.append(some[self._audio(batch, some, octets, tick)])
        return np.concatenate(slow)

    def _rounds(self, rows: Longs) -> Iterator[Longs]:
        """Indices of datagrams of open rows, each row at most once in a round, in order of arrival."""
        index = np.flatnonzero((rows >= 0) & (rows < self.legs.capacity))
        index = index[self.legs.active[rows[index]]]
        for _ in range(ROUNDS):
            if index.size == 0:
                return
            mine = rows[index]
            self._first[mine[::-1]] = index[::-1]
            first = self._first[mine] == index
            yield index[first]
            index = index[~first]
        np.add.at(self.streams.ignored, rows[index], 1)

    def _sort(self, batch: Batch, index: Longs, tick: int) -> Longs:
        """The payload's length of each packet of a known stream with a plain header; 0 for all others.

        A row's first packet makes its stream known.
        """
        legs, streams = self.legs, self.streams
        rows = batch.pick(batch.rows, index)
        first, ssrc = batch.pick(batch.first, index), batch.pick(batch.ssrc, index)
        size = batch.pick(batch.length, index) - HEADER
        # Version 2, nothing that lengthens the header, either marker, the row's payload type.
        plain = ((first >> 16) & 0xFF7F) == (legs.payload_type[rows] | np.int64(0x8000))
        plain &= legs.rx[rows] & ~legs.link[rows]
        if not (size == FRAME).all():
            plain &= (size % GRAIN == 0) & (size > 0) & (size <= LONGEST_PAYLOAD)
        for i in np.flatnonzero(plain & ~self.jitter.latched[rows]).tolist():
            at = int(index[i])
            numbers = int(ssrc[i]), int(first[i]) & 0xFFFF, int(batch.stamp[at])
            self.slow.begin(int(rows[i]), *numbers, tick)
        plain &= ssrc == streams.ssrc[rows]
        sizes: Longs = size * plain
        return sizes

    def _audio(self, batch: Batch, index: Longs, size: int, tick: int) -> Flags:
        """Put packets of one size into the buffer. Returns those whose numbers are not believed at once."""
        rows, stamp = batch.pick(batch.rows, index), batch.pick(batch.stamp, index)
        sequence = batch.pick(batch.first, index) & 0xFFFF
        packets, strange = believe(self.streams, self.jitter, rows, sequence, stamp)
        if strange.any():
            index = index[~strange]
        payloads: Octets = batch.pick(batch.data, index)[:, HEADER : HEADER + size]
        if size + HEADER == PACKET:
            duplicate, late = self.jitter.put(packets.rows, packets.frames, payloads, tick)
        else:
            duplicate, late = self._other_size(packets, payloads, tick)
        self.streams.count(packets.rows, packets.extended, packets.samples, tick, duplicate, late)
        if late.any():
            self._read_anew(packets, tick)
        return strange

    def _read_anew(self, packets: Believed, tick: int) -> None:
        """Streams whose clock stood still while they were silent: else everything would be late for ever."""
        for i in np.flatnonzero(self.jitter.late_run[packets.rows] >= STALE).tolist():
            row = int(packets.rows[i])
            self.streams.rebase(row, tick - int(packets.frames[i]))
            self.jitter.latch(row, tick)

    def _other_size(self, packets: Believed, payloads: Octets, tick: int) -> tuple[Flags, Flags]:
        """Store packets that are not 20 ms long; duplicates are known by their sequence number."""
        rows, samples = packets.rows, packets.samples
        duplicate = self.slow.repeats.enter(rows, packets.extended)
        late = np.zeros(rows.size, np.bool_)
        new = np.flatnonzero(~duplicate)
        if new.size:
            first, last = samples[new] // FRAME, (samples[new] + payloads.shape[1] - 1) // FRAME
            self.jitter.observe(rows[new], first, last, tick)
            silence = SILENCE[self.legs.law[rows[new]]]
            late[new] = self.jitter.write(rows[new], samples[new], payloads[new], silence)
        return duplicate, late

    def _drop_repeats(self, batch: Batch, index: Longs, tick: int) -> Longs:
        """Count and drop packets that repeat a key press already reported; the rest."""
        streams, mine, first = self.streams, batch.rows[index], batch.first[index]
        repeat = ((first >> 16) & 0xFF7F) == (self.legs.event_type[mine] | np.int64(0x8000))
        repeat &= batch.length[index] == EVENT_PACKET
        repeat &= batch.ssrc[index] == streams.ssrc[mine]
        repeat &= batch.stamp[index] == self.slow.keys.done[mine]
        if not repeat.any():
            return index
        extended = streams.extend_sequence(mine, first & 0xFFFF)
        step = extended - streams.highest[mine]
        repeat &= (step > -MAX_MISORDER) & (step < MAX_DROPOUT) & self.legs.rx[mine]
        streams.count_event(mine[repeat], extended[repeat], tick)
        rest: Longs = index[~repeat]
        return rest

    def _one(self, row: int, datagram: bytes, tick: int, now: int) -> None:
        if not self.legs.link[row]:
            self.slow.packet(row, datagram, tick, now)
        elif self.links.put(row, datagram):
            self.streams.heard_link(row, tick)
        else:
            self.streams.ignored[row] += 1
