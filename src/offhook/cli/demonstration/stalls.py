"""How long this program itself stood still: a phone that did not get the processor sees gaps of its own."""

import asyncio
from types import TracebackType

STEP = 0.01


class Stalls:
    """Measures while the `with` block runs, on the running loop."""

    def __init__(self) -> None:
        self.largest_ms = 0.0
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> "Stalls":
        self._task = asyncio.ensure_future(self._watch())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(STEP)
            self.largest_ms = max(self.largest_ms, (loop.time() - began - STEP) * 1000)
