"""Sequence numbers of one source: wrap, loss, restart (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8)."""

from dataclasses import dataclass

MAX_DROPOUT = 3000
"""Packets a source may jump ahead and still be the same run (RFC 3550 A.1)."""
MAX_MISORDER = 100
"""Packets a source may come late and still be the same run (RFC 3550 A.1)."""


def sequence_step(new: int, old: int) -> int:
    """How far `new` is ahead of `old` modulo 2¹⁶, −32 768 to 32 767."""
    return ((new - old + 0x8000) & 0xFFFF) - 0x8000


def timestamp_step(new: int, old: int) -> int:
    """How far `new` is ahead of `old` modulo 2³², −2³¹ to 2³¹ − 1."""
    return ((new - old + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


@dataclass(slots=True)
class SequenceTracker:
    """Give it every sequence number of one source; it says whether the packet counts, and keeps the loss.

    A jump beyond the limits counts only when a second packet follows it in order: then the source has
    restarted, and counting begins again with what was lost before kept.
    """

    started: bool = False
    highest: int = 0
    """The highest number seen, extended beyond 16 bits."""
    base: int = 0
    received: int = 0
    lost_before: int = 0
    _suspect: int = -1

    def update(self, sequence: int) -> int | None:
        """The extended number of this packet, or None when it must be ignored."""
        if not self.started:
            self._restart(sequence)
            return self.highest
        step = sequence_step(sequence, self.highest & 0xFFFF)
        if -MAX_MISORDER < step < MAX_DROPOUT:
            self._suspect = -1
            self.received += 1
            extended = self.highest + step
            self.highest = max(self.highest, extended)
            return extended
        if sequence != self._suspect:
            self._suspect = (sequence + 1) & 0xFFFF
            return None
        self.lost_before += self.lost_now
        self._restart(sequence)
        return self.highest

    @property
    def expected(self) -> int:
        """Packets the source sent in the present run, as far as its numbers tell."""
        return self.highest - self.base + 1 if self.started else 0

    @property
    def lost_now(self) -> int:
        return max(0, self.expected - self.received)

    @property
    def lost(self) -> int:
        """Packets that never came, over all runs. Duplicates hide losses, as in RFC 3550 A.3."""
        return self.lost_before + self.lost_now

    def _restart(self, sequence: int) -> None:
        self.started = True
        self.base = self.highest = sequence
        self.received = 1
        self._suspect = -1


@dataclass(slots=True)
class JitterMeter:
    """Interarrival jitter (RFC 3550 A.8) in timestamp units."""

    jitter: float = 0.0
    _transit: int | None = None

    def update(self, arrival: int, timestamp: int) -> float:
        """`arrival` in timestamp units of any origin. Returns the present estimate."""
        transit = arrival - timestamp
        if self._transit is not None:
            distance = abs(timestamp_step(transit & 0xFFFF_FFFF, self._transit & 0xFFFF_FFFF))
            self.jitter += (distance - self.jitter) / 16
        self._transit = transit
        return self.jitter
