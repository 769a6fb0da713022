"""Messages on their way to a peer: numbered, kept until confirmed, bounded.

Above a bound the oldest go, and `lost` counts them: a peer that stays away must not cost memory without end.
"""

from collections import deque
from collections.abc import Iterator

MAX_MESSAGES = 65_536
MAX_BYTES = 32 << 20


class Outbox:
    """Encoded bodies in order of sending; the sequence number of the first kept one is `first`."""

    def __init__(self, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._bodies: deque[bytes] = deque()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._max_messages = max_messages
        self.first = 1
        self.lost = 0

    @property
    def next(self) -> int:
        """The number that the next message will get."""
        return self.first + len(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies)

    def add(self, body: bytes) -> int:
        """Keep `body`; gives its number."""
        number = self.next
        self._bodies.append(body)
        self._bytes += len(body)
        while len(self._bodies) > self._max_messages or self._bytes > self._max_bytes:
            self._drop()
            self.lost += 1
        return number

    def confirm(self, last: int) -> None:
        """The peer has everything up to `last`. A number beyond what was sent confirms all."""
        while self._bodies and self.first <= last:
            self._drop()

    def resume(self, last: int) -> Iterator[tuple[int, bytes]]:
        """Go on after `last`: confirms up to it, then gives what is still kept.

        A peer that remembers more than this box ever sent is believed: numbering goes on after it.
        """
        self.confirm(last)
        self.first = max(self.first, last + 1)
        yield from enumerate(self._bodies, self.first)

    def restart(self, keep: bool) -> None:
        """A new peer: count from 1 again, with or without the messages meant for the old one."""
        if not keep:
            self._bodies.clear()
            self._bytes = 0
        self.first = 1

    def abandon(self) -> None:
        """Forget what waits without counting anew: the peer will see a gap."""
        while self._bodies:
            self._drop()

    def _drop(self) -> None:
        self._bytes -= len(self._bodies.popleft())
        self.first += 1
