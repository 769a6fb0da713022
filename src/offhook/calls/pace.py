"""How fast calls that REST placed are dialled: at once, or one after the other at a set rate.

A carrier that takes so many calls a second refuses the others; those that wait here are accepted, stored and
`started`, and their time to ring begins when they are dialled. Who is hung up while it waits gives its turn
to the next. What waits is bounded by the number of legs.
"""

from asyncio import TimerHandle
from collections.abc import Callable

from offhook.core.clock import NS_PER_SECOND, Clock

Go = Callable[[], None]


class Turn:
    """A place in the row; `cancel` leaves it, and does nothing once its turn has come."""

    def __init__(self, row: "dict[Turn, Go]") -> None:
        self._row = row

    def cancel(self) -> None:
        self._row.pop(self, None)


class Pace:
    """`per_second` dials each second, evenly; 0: all at once. `at` calls a function at an instant."""

    def __init__(self, per_second: int, clock: Clock, at: Callable[[int, Go], TimerHandle]) -> None:
        self._gap = NS_PER_SECOND // per_second if per_second else 0
        self._clock = clock
        self._at = at
        self._next = 0
        """When the next one may be dialled (monotonic nanoseconds)."""
        self._row: dict[Turn, Go] = {}
        self._timed = False

    def turn(self, go: Go) -> Turn:
        """Call `go` when it may be dialled: at once where nobody waits, else from the loop."""
        turn, now = Turn(self._row), self._clock.now()
        if not self._timed and self._next <= now:
            self._next = now + self._gap
            go()
        else:
            self._row[turn] = go
            self._arm()
        return turn

    def __len__(self) -> int:
        """How many wait."""
        return len(self._row)

    def _arm(self) -> None:
        if not self._timed:
            self._timed = True
            self._at(self._next, self._due)

    def _due(self) -> None:
        self._timed = False
        if not self._row:
            return  # all were hung up: the turn is still free
        first = next(iter(self._row))
        go = self._row.pop(first)
        # Evenly from turn to turn, yet after a loop that stood still without a burst.
        self._next = max(self._next + self._gap, self._clock.now())
        if self._row:
            self._arm()
        go()
