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
        for index in self._rounds(rows):
            kind = self._sort(rows[index], data, length[index], index)
            slow = [index[kind == 0]]
            for size in np.unique(kind[kind > 0]).tolist():
                some = index[kind == size]
                strange = self._audio(rows[some], data, some, size, tick)
                slow.append(some[strange])
            rest = np.concatenate(slow) if len(slow) > 1 else slow[0]
            if rest.size:
                rest = self._drop_repeats(rows, data, length, rest, tick)
            for i in rest.tolist():
                self._one(int(rows[i]), data[i, : length[i]].tobytes(), tick, now)

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

    def _sort(self, rows: Longs, data: Octets, length: Ints, index: Longs) -> Longs:
        """The payload's length of each packet of a known stream with a plain header; 0 for all others."""
        legs = self.legs
        plain = (data[index, 0] == 0x80) & ((data[index, 1] & 0x7F) == legs.payload_type[rows])
        plain &= data.view(">u4")[index, 2] == self.streams.ssrc[rows]
        plain &= self.jitter.latched[rows] & legs.rx[rows] & ~legs.link[rows]
        plain &= (length - HEADER) % GRAIN == 0
        plain &= (length > HEADER) & (length <= HEADER + LONGEST_PAYLOAD)
        return np.where(plain, length - HEADER, 0).astype(np.int64)

    def _audio(self, rows: Longs, data: Octets, index: Longs, size: int, tick: int) -> Flags:
        """Put packets of one size into the buffer. Returns those whose numbers are not believed at once."""
        sequence = data.view(">u2")[index, 1].astype(np.int64)
        stamp = data.view(">u4")[index, 1].astype(np.int64)
        packets, strange = believe(self.streams, self.jitter, rows, sequence, stamp)
        if strange.any():
            index = index[~strange]
        payloads: Octets = data[index, HEADER : HEADER + size]
        if size + HEADER == PACKET:
            duplicate, late = self.jitter.put(packets.rows, packets.frames, payloads, tick)
        else:
            duplicate, late = self._other_size(packets, payloads, tick)
        self.streams.count(packets.rows, packets.extended, packets.samples, tick, duplicate, late)
        for i in np.flatnonzero(self.jitter.late_run[packets.rows] >= STALE).tolist():
            # The far end's clock stood still while it was silent: everything would be late for ever.
            row = int(packets.rows[i])
            self.streams.rebase(row, tick - int(packets.frames[i]))
            self.jitter.latch(row, tick)
        return strange

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

    def _drop_repeats(self, rows: Longs, data: Octets, length: Ints, index: Longs, tick: int) -> Longs:
        """Count and drop packets that repeat a key press already reported; the rest."""
        streams, mine = self.streams, rows[index]
        repeat = (data[index, 1] & 0x7F) == self.legs.event_type[mine]
        repeat &= (data[index, 0] == 0x80) & (length[index] == EVENT_PACKET)
        repeat &= data.view(">u4")[index, 2] == streams.ssrc[mine]
        repeat &= data.view(">u4")[index, 1] == self.slow.keys.done[mine]
        if not repeat.any():
            return index
        extended = streams.extend_sequence(mine, data.view(">u2")[index, 1].astype(np.int64))
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
