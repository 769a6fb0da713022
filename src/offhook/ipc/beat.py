"""Signs of life to the supervisor: a hung process is a dead one.

A byte a second into the pipe named by `OFFHOOK_BEAT`, written by the loop that does the work, so that a loop
which stands still is noticed. Without the variable, and when nobody reads any more, nothing happens.
"""

import asyncio
import contextlib
import os

VARIABLE = "OFFHOOK_BEAT"
"""The number of the pipe's descriptor."""
EVERY_S = 1.0


class Beat:
    """The pipe to the supervisor."""

    def __init__(self) -> None:
        text = os.environ.get(VARIABLE)
        self._descriptor = int(text) if text else None
        if self._descriptor is not None:
            os.set_blocking(self._descriptor, False)  # a supervisor that stands still must not stop us

    def beat(self) -> None:
        """Say that the process lives."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, b".")

    async def keep(self) -> None:
        """Say so every second, as long as the event loop turns."""
        while self._descriptor is not None:
            self.beat()
            await asyncio.sleep(EVERY_S)
