"""Many timers behind one timer of the event loop.

A SIP stack under load holds thousands of timers that are set and cancelled far more often than they fire;
a heap with lazy deletion makes both cheap and leaves the loop with a single handle.
"""

import asyncio
import heapq
from collections.abc import Callable

from offhook.core.clock import NS_PER_SECOND, Clock

MIN_WAIT = 1e-6
"""Seconds waited at least for a timer that is not due: less could be lost in rounding and spin the loop."""


class LoopTimers:
    """Calls `fire(key)` when a timer is due; equal instants fire in the order set."""

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop, fire: Callable[[str], None]) -> None:
        self._clock = clock
        self._loop = loop
        self._fire = fire
        self._heap: list[tuple[int, int, str]] = []
        self._live: dict[str, int] = {}
        self._sequence = 0
        self._handle: asyncio.TimerHandle | None = None
        self._armed_for = 0

    def __len__(self) -> int:
        return len(self._live)

    def set(self, key: str, at: int) -> None:
        """Fire `key` at the instant `at`; setting it again moves it. Call `arm` afterwards."""
        self._sequence += 1
        self._live[key] = self._sequence
        heapq.heappush(self._heap, (at, self._sequence, key))
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._live):
            self._heap = [entry for entry in self._heap if self._live.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def cancel(self, key: str) -> None:
        """Forget `key`; unknown keys are fine."""
        self._live.pop(key, None)

    def arm(self) -> None:
        """Let the loop wake us for the earliest timer that still counts."""
        self._drop_dead()
        if not self._heap:
            self._disarm()
            return
        at = self._heap[0][0]
        if self._handle is not None and self._armed_for == at:
            return
        self._disarm()
        left = at - self._clock.now()
        wait = max(left / NS_PER_SECOND, MIN_WAIT) if left > 0 else 0.0
        self._handle = self._loop.call_later(wait, self._wake)
        self._armed_for = at

    def close(self) -> None:
        """Forget everything."""
        self._disarm()
        self._heap.clear()
        self._live.clear()

    def _wake(self) -> None:
        self._handle = None
        now, newest = self._clock.now(), self._sequence
        while True:
            self._drop_dead()
            # What is set while we fire waits for the next turn of the loop, so that nobody is starved.
            if not self._heap or self._heap[0][0] > now or self._heap[0][1] > newest:
                break
            key = heapq.heappop(self._heap)[2]
            del self._live[key]
            self._fire(key)
        self.arm()

    def _drop_dead(self) -> None:
        while self._heap and self._live.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)

    def _disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
