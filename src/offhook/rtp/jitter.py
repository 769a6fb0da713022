"""A small jitter buffer for one stream, for a phone that hears one call.

Payloads go in by timestamp and come out one per packet time, in order. The delay is fixed in packets; the
media engine has its own adaptive buffer for many legs at once.
"""

from dataclasses import dataclass, field

from offhook.rtp.sequence import timestamp_step

RESYNC_FRAMES = 50
"""A timestamp this many packet times away from the one due starts the buffer anew."""


@dataclass(slots=True)
class JitterBuffer:
    """`frame` is the timestamp units of one packet; `delay` how many packet times the first one waits."""

    frame: int = 160
    delay: int = 2
    late: int = 0
    duplicate: int = 0
    missing: int = 0
    _waiting: dict[int, bytes] = field(default_factory=dict)
    _due: int | None = None
    _hold: int = 0

    def put(self, timestamp: int, payload: bytes) -> bool:
        """Keep a payload for its time. False when it is a duplicate or its time has passed."""
        if self._due is None:
            self._start(timestamp)
        ahead = timestamp_step(timestamp, self._now())
        if abs(ahead) > RESYNC_FRAMES * self.frame:
            self._waiting.clear()
            self._start(timestamp)
            ahead = 0
        if timestamp in self._waiting:
            self.duplicate += 1
            return False
        if ahead < 0:
            self.late += 1
            return False
        self._waiting[timestamp] = payload
        return True

    def pop(self) -> bytes | None:
        """The payload that is due now, or None when it is missing or the stream has not begun."""
        if self._due is None:
            return None
        if self._hold:
            self._hold -= 1
            return None
        payload = self._waiting.pop(self._due, None)
        if payload is None:
            self.missing += 1
        self._due = (self._due + self.frame) & 0xFFFF_FFFF
        return payload

    @property
    def depth(self) -> int:
        """Payloads waiting."""
        return len(self._waiting)

    def _start(self, timestamp: int) -> None:
        self._due = timestamp
        self._hold = self.delay

    def _now(self) -> int:
        return self._due if self._due is not None else 0
