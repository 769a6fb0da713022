"""Background tasks, and the only door to threads.

`outside()` runs blocking work in a thread and counts it, so that a world in virtual time knows when
something it cannot see is still running and must not let time jump. `Tasks` keeps a strong reference to
every task it starts and reports one that ends with an error, which a bare `create_task` would swallow.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")
log = logging.getLogger("offhook.tasks")

_running = 0


async def outside(work: Callable[..., T], *arguments: Any, executor: Executor | None = None) -> T:
    """Run `work(*arguments)` in a thread and give its result."""
    global _running
    _running += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(executor, work, *arguments)
    finally:
        _running -= 1


def running_outside() -> int:
    """How many calls of `outside()` have not come back yet."""
    return _running


class Tasks:
    """The tasks of one owner: none is lost, none fails in silence, all end when the owner closes."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background under `name`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __len__(self) -> int:
        return len(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("background task %s failed", task.get_name(), exc_info=task.exception())
