"""Token buckets: how often something may happen per second and at once, for each of many.

Pure book-keeping with bounded memory; time is an argument. What is counted, and what happens to those who ask
for more, is decided elsewhere.
"""

from collections import OrderedDict

from offhook.core.clock import NS_PER_SECOND

MAX_SOURCES = 16_384
"""Remembered by one table; the one longest unheard is forgotten first."""


class Buckets:
    """A bucket for each source, which is any name, in a bounded table."""

    def __init__(self, rate: float, burst: float, size: int = MAX_SOURCES) -> None:
        self._rate = rate / NS_PER_SECOND
        self._burst = burst
        self._size = size
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, now: int, source: str) -> bool:
        """Take one token of `source`; False when there is none."""
        level = self._level(now, source)
        taken = level >= 1
        self._levels[source] = (level - 1 if taken else level, now)
        self._levels.move_to_end(source)
        if len(self._levels) > self._size:
            self._levels.popitem(last=False)
        return taken

    def empty(self, now: int, source: str) -> bool:
        """Whether `source` has no token left; takes none."""
        return self._level(now, source) < 1

    def wait(self, now: int, source: str) -> float:
        """Seconds until `source` has a token again."""
        return max(0.0, 1 - self._level(now, source)) / (self._rate * NS_PER_SECOND)

    def __len__(self) -> int:
        return len(self._levels)

    def _level(self, now: int, source: str) -> float:
        level, then = self._levels.get(source, (self._burst, now))
        return min(self._burst, level + max(0, now - then) * self._rate)
