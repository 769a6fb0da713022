"""Writes that are in no hurry: they ride with the next transaction, or make their own after a moment.

For what nobody has to know before anything else happens, such as that a webhook was delivered: alone, such
a write costs a transaction and two changes of threads. Order stays that of submission, because the next
write takes along whatever waits here, in front of it. A crash may lose what rides and has not arrived.
"""

import asyncio
from collections.abc import Callable

from offhook.storage.jobs import Job

LONGEST_S = 0.05


class Riders:
    """Used on the loop's thread. `leave` is called when nobody has come to take them along."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._jobs: list[Job] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, job: Job) -> None:
        self._jobs.append(job)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LONGEST_S, self._over)

    def take(self) -> list[Job]:
        """Everything that waits, in order; it is the caller's from now on."""
        jobs, self._jobs = self._jobs, []
        return jobs

    def close(self) -> None:
        """Nobody is called any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer = None
        self._leave()
