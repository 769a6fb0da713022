"""The slow path: packets that are not the common kind, one at a time.

First packets, key presses (RFC 4733), packet times other than 20 ms, header extensions, padding, contributing
sources, restarts of a stream, another source (RFC 3550 §8.2), and everything that is no RTP at all, which
gets silence.

A number that does not fit is believed when a second packet follows it in order (RFC 3550 A.1), another source
when it does so while the old one is quiet, or at once when the old one has been silent for 60 ms.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from offhook.core.errors import RemoteProtocolError
from offhook.media.engine.dtmf_in import DigitReceiver
from offhook.media.engine.jitter import FAR, OLD, JitterBuffer
from offhook.media.engine.legs import SILENCE, Legs
from offhook.media.engine.repeats import Repeats
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import FRAME, NO_EVENTS, Octets, SourceChanged
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sequence import MAX_DROPOUT, MAX_MISORDER, sequence_step, timestamp_step
from offhook.rtp.telephone_event import TelephoneEvent

COMFORT_NOISE: Final = 13
"""Static payload type of RFC 3389; its packets count but say nothing."""
LONGEST_PAYLOAD: Final = 8 * FRAME
"""160 ms, half the ring: longer packets are cut."""
SILENT_TICKS: Final = 3
QUIET_TICKS: Final = 2
"""A source in use gives way to a proven one when it missed a tick; two that talk at once do not alternate."""


@dataclass(slots=True)
class Suspect:
    """A source, and the number with which it would prove itself."""

    ssrc: int
    sequence: int


class SlowPath:
    """What the slow path remembers between packets."""

    def __init__(self, legs: Legs, streams: Streams, jitter: JitterBuffer, keys: DigitReceiver) -> None:
        self.legs = legs
        self.streams = streams
        self.jitter = jitter
        self.keys = keys
        self.changed: list[SourceChanged] = []
        """Changes of source in this tick."""
        self._suspects: dict[int, Suspect] = {}
        self.repeats = Repeats(legs.capacity)

    def wipe(self, row: int) -> None:
        self._suspects.pop(row, None)
        self.repeats.wipe(row)

    def begin(self, row: int, ssrc: int, sequence: int, stamp: int, tick: int) -> None:
        """Take up the first stream of a row with its first packet."""
        if self.streams.received[row] == 0:
            self.streams.started.append(row)
        self.wipe(row)
        self.streams.latch(row, ssrc, sequence, stamp, tick)
        self.jitter.latch(row, tick)

    def packet(self, row: int, datagram: bytes, tick: int, now: int) -> None:
        """Take one datagram of an open leg. Never raises on what it holds."""
        try:
            packet = RtpPacket.parse(datagram)
        except RemoteProtocolError:
            self.streams.ignored[row] += 1
            return
        kind = self._kind(row, packet)
        if kind is None or not self.legs.rx[row] or not self._believe(row, packet, tick):
            self.streams.ignored[row] += 1
        elif self._repeated(row, packet.sequence):
            self.streams.received[row] += 1
            self.streams.duplicate[row] += 1
        elif kind == "event":
            self._event(row, packet, tick, now)
        elif kind == "audio" and packet.payload:
            self._audio(row, packet, tick)
        else:
            self._count(row, packet, tick)

    def _kind(self, row: int, packet: RtpPacket) -> str | None:
        if packet.payload_type == self.legs.payload_type[row]:
            return "audio"
        events = self.legs.event_type[row]
        if events != NO_EVENTS and packet.payload_type == events:
            return "event"
        return "noise" if packet.payload_type == COMFORT_NOISE else None

    def _believe(self, row: int, packet: RtpPacket, tick: int) -> bool:
        """Whether this packet belongs to the row's stream; takes up a new stream when it proves itself."""
        streams, jitter = self.streams, self.jitter
        if not jitter.latched[row]:
            self.begin(row, packet.ssrc, packet.sequence, packet.timestamp, tick)
            return True
        stranger = packet.ssrc != streams.ssrc[row]
        if not stranger and self._fits(row, packet):
            self._suspects.pop(row, None)
            return True
        suspect = self._suspects.get(row)
        proven = suspect == Suspect(packet.ssrc, packet.sequence)
        silent = tick - int(streams.heard_at[row])
        if stranger:
            proven = silent >= SILENT_TICKS or (proven and silent >= QUIET_TICKS)
        if proven:
            self._latch(row, packet, tick)
            if stranger:
                self.changed.append(SourceChanged(row, packet.ssrc))
            return True
        self._suspects[row] = Suspect(packet.ssrc, (packet.sequence + 1) & 0xFFFF)
        return False

    def _fits(self, row: int, packet: RtpPacket) -> bool:
        streams = self.streams
        step = sequence_step(packet.sequence, int(streams.highest[row]) & 0xFFFF)
        ahead = self._sample(row, packet) // FRAME - int(self.jitter.play[row])
        # A long press keeps the timestamp of its beginning, up to 8 s ago.
        oldest = OLD if packet.payload_type == self.legs.payload_type[row] else 2 * OLD
        return -MAX_MISORDER < step < MAX_DROPOUT and oldest < ahead < FAR

    def _repeated(self, row: int, sequence: int) -> bool:
        rows = np.array([row])
        extended = self.streams.extend_sequence(rows, np.array([sequence]))
        return bool(self.repeats.enter(rows, extended)[0])

    def _latch(self, row: int, packet: RtpPacket, tick: int) -> None:
        self.wipe(row)
        self.streams.latch(row, packet.ssrc, packet.sequence, packet.timestamp, tick)
        self.jitter.latch(row, tick)

    def _sample(self, row: int, packet: RtpPacket) -> int:
        """Where the packet begins, in samples since frame 0."""
        streams = self.streams
        last = int(streams.stamp[row])
        return last + timestamp_step(packet.timestamp, last & 0xFFFF_FFFF) - int(streams.offset[row])

    def _audio(self, row: int, packet: RtpPacket, tick: int) -> None:
        sample = self._sample(row, packet)
        payload: Octets = np.frombuffer(packet.payload[:LONGEST_PAYLOAD], np.uint8)
        rows, samples = np.array([row]), np.array([sample])
        self.jitter.observe(rows, samples // FRAME, (samples + payload.size - 1) // FRAME, tick)
        late = self.jitter.write(rows, samples, payload[None, :], SILENCE[self.legs.law[rows]])
        self._count(row, packet, tick, late=bool(late[0]))

    def _event(self, row: int, packet: RtpPacket, tick: int, now: int) -> None:
        self._count(row, packet, tick, audio=False)
        try:
            event = TelephoneEvent.parse(packet.payload)
        except RemoteProtocolError:
            return
        self.keys.packet(row, packet.timestamp, packet.marker, event, tick, now)

    def _count(
        self, row: int, packet: RtpPacket, tick: int, *, late: bool = False, audio: bool = True
    ) -> None:
        streams = self.streams
        step = sequence_step(packet.sequence, int(streams.highest[row]) & 0xFFFF)
        extended = int(streams.highest[row]) + step
        if audio:
            sample = self._sample(row, packet)
            arrays = [np.array([value], np.int64) for value in (row, extended, sample)]
            flags = np.array([False]), np.array([late])
            streams.count(arrays[0], arrays[1], arrays[2], tick, *flags)
            return
        streams.count_event(np.array([row]), np.array([extended]), tick)
