"""The receiving half of a phone's RTP stream: packets in when they come, one frame out every 20 ms.

Pure: instants are arguments. A short jitter buffer with a fixed delay puts packets in order; what comes too
late for its place is lost, as it is to a listener. Keys are read from telephone events (RFC 4733 §2.5.2):
one event per timestamp, however many of its packets arrive.
"""

from dataclasses import dataclass, field

import numpy as np

from offhook.audio import tables
from offhook.audio.tables import FRAME, Pcm
from offhook.core.clock import NS_PER_MS
from offhook.core.errors import RemoteProtocolError
from offhook.rtp.jitter import JitterBuffer
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sequence import JitterMeter, SequenceTracker
from offhook.rtp.telephone_event import TelephoneEvent

LATE_IN_A_ROW = 5
"""After so many late packets the sender's clock has moved for good, and the buffer begins anew."""


@dataclass(slots=True)
class KeyHeard:
    """A key told in telephone events."""

    key: str
    at_ms: int
    duration_ms: int
    complete: bool
    """The packet that ends the event has come."""


@dataclass(slots=True)
class Arrivals:
    """Counters of one stream."""

    packets: int = 0
    """Voice packets."""
    late: int = 0
    duplicate: int = 0
    foreign: int = 0
    """Datagrams that are not RTP of this call."""
    largest_gap_ms: float = 0.0
    """Between two voice packets that followed each other."""


@dataclass(slots=True)
class Receiver:
    """`delay` is the jitter buffer's depth in packets."""

    delay: int = 3
    codec: str = "PCMU"
    payload_type: int = 0
    event_type: int | None = None
    arrivals: Arrivals = field(default_factory=Arrivals)
    keys: list[KeyHeard] = field(default_factory=list)
    _buffer: JitterBuffer = field(default_factory=JitterBuffer)
    _events: dict[int, KeyHeard] = field(default_factory=dict)
    _jitter: JitterMeter = field(default_factory=JitterMeter)
    _key_frames: int = 0
    _last: int | None = None
    _late_run: int = 0
    _tracker: SequenceTracker = field(default_factory=SequenceTracker)

    def __post_init__(self) -> None:
        self._buffer = JitterBuffer(FRAME, self.delay)

    @property
    def lost(self) -> int:
        """Packets that never came."""
        return self._tracker.lost

    @property
    def jitter_ms(self) -> float:
        return self._jitter.jitter / 8

    def receive(self, now: int, data: bytes, at_ms: int) -> None:
        """A datagram arrived at `now` (ns), `at_ms` after media began. Never raises."""
        try:
            packet = RtpPacket.parse(data)
        except RemoteProtocolError:
            self.arrivals.foreign += 1
            return
        if packet.payload_type == self.payload_type:
            self._voice(now, packet)
        elif packet.payload_type == self.event_type:
            self._tracker.update(packet.sequence)
            self._event(packet, at_ms)
        else:
            self.arrivals.foreign += 1

    def frame(self) -> Pcm | None:
        """The 160 samples due now, None when they did not come. A key has no audio: that is silence."""
        payload = self._buffer.pop()
        if payload is not None:
            return tables.decode(self.codec, payload)
        self._key_frames -= 1
        return np.zeros(FRAME, np.int16) if self._key_frames >= 0 else None

    def _voice(self, now: int, packet: RtpPacket) -> None:
        if self._tracker.update(packet.sequence) is None:
            return
        self.arrivals.packets += 1
        if self._last is not None:
            self.arrivals.largest_gap_ms = max(self.arrivals.largest_gap_ms, (now - self._last) / NS_PER_MS)
        self._last = now
        self._jitter.update(now * 8 // NS_PER_MS, packet.timestamp)
        # A packet of 10 ms is no whole frame; the platform and its peers send multiples of 20 ms.
        for start in range(0, len(packet.payload) - FRAME + 1, FRAME):
            self._put((packet.timestamp + start) & 0xFFFF_FFFF, packet.payload[start : start + FRAME])

    def _put(self, timestamp: int, payload: bytes) -> None:
        late = self._buffer.late
        self._buffer.put(timestamp, payload)
        self.arrivals.duplicate = self._buffer.duplicate
        if self._buffer.late == late:
            self._late_run = 0
            return
        self.arrivals.late += 1
        self._late_run += 1
        if self._late_run >= LATE_IN_A_ROW:
            self._late_run = 0
            self._buffer = JitterBuffer(FRAME, self.delay, self._buffer.late, self._buffer.duplicate)
            self._buffer.put(timestamp, payload)

    def _event(self, packet: RtpPacket, at_ms: int) -> None:
        try:
            event = TelephoneEvent.parse(packet.payload)
        except RemoteProtocolError:
            self.arrivals.foreign += 1
            return
        if event.digit is None:
            return
        self._key_frames = self.delay + 2
        key = self._events.get(packet.timestamp)
        if key is None:
            key = self._events[packet.timestamp] = KeyHeard(event.digit, at_ms, 0, False)
            self.keys.append(key)
        key.duration_ms = max(key.duration_ms, event.duration // 8)
        key.complete = key.complete or event.end
