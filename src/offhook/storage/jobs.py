"""One unit of work for a thread of the database, and how what came of it gets back to the loop."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

log = logging.getLogger("offhook.storage")


@dataclass(slots=True, eq=False)
class Job:
    """Work and who waits for it. A job's callbacks are dropped when it fails."""

    work: Callable[[Connection], Any]
    future: "asyncio.Future[Any] | None" = None
    callbacks: list[Callable[[], None]] = field(default_factory=list)
    result: Any = None
    error: Exception | None = None

    def run(self, connection: Connection) -> None:
        """Do the work; a failure is kept, not raised."""
        try:
            self.result = self.work(connection)
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        self.error = self.error or error
        self.callbacks.clear()

    def deliver(self) -> None:
        """Call back and settle the future, on the loop."""
        for callback in self.callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a commit failed")
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


def deliver_all(done: list[Job]) -> None:
    """`deliver` for each, in order."""
    for job in done:
        job.deliver()
