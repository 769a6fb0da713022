"""How fast calls that REST placed are dialled: at once, or one after the other at a set rate.

A carrier that takes so many calls a second refuses the others; those that wait here are accepted, stored and
`started`, and their time to ring begins when they are dialled. What waits is bounded by the number of legs.
Time is an argument: monotonic nanoseconds.
"""

from offhook.core.clock import NS_PER_SECOND


class Pace:
    """`per_second` dials each second, evenly; 0: all at once."""

    def __init__(self, per_second: int) -> None:
        self._gap = NS_PER_SECOND // per_second if per_second else 0
        self._next = 0

    def wait(self, now: int) -> float:
        """Take the next free turn; seconds until it comes, 0 where it is free."""
        if not self._gap:
            return 0.0
        turn = max(now, self._next)
        self._next = turn + self._gap
        return (turn - now) / NS_PER_SECOND
