"""One-shot timers on the event loop, in the nanoseconds of the machines.

Not a machine and not a task: a timer is a loop handle that calls a function, and whoever sets it cancels it.
"""

import asyncio
from collections.abc import Callable

from offhook.core.clock import NS_PER_SECOND, Clock


class Timers:
    """Sets timers against one clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def at(self, instant: int, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` at a monotonic instant in nanoseconds; at once, but later, when it has passed."""
        wait = max(0, instant - self._clock.now()) / NS_PER_SECOND
        return asyncio.get_running_loop().call_later(wait, callback)

    def after(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `callback` in `seconds`."""
        return asyncio.get_running_loop().call_later(seconds, callback)
