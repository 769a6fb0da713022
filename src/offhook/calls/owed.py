"""What calls still owe the database: transactions it could not take, written as soon as it can.

While a disk is full or a server away, calls go on; what they would have written waits here in its order and
is tried again every second, with the webhooks that belong to it. Whoever waits for one of these transactions
is told at once that it failed: a call must not stand still for a disk. What waits is lost with the process.
"""

import asyncio
import logging
from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError

from offhook.calls.ports import DatabasePort
from offhook.core.errors import LocalStateError
from offhook.core.tasks import Tasks

AGAIN_S = 1.0
MOST = 20_000
"""Transactions that wait at most; further ones are lost, which is logged once."""

T = TypeVar("T")
log = logging.getLogger("offhook.calls")


class Behind(LocalStateError):  # noqa: N818 — read as a sentence, like its kin
    """An earlier transaction waits, or is about to."""


class Owed:
    """Behind a transaction that waits all wait, so that a call's order is kept.

    That holds for what was on its way to the writer when another failed, too: the writer's thread finds out
    that it would overtake (`_in_turn`) before the loop knows of the failure. Only where the database has come
    back between the two, by a transaction of somebody else, may it go first.
    """

    def __init__(self, database: DatabasePort, tasks: Tasks) -> None:
        self._database = database
        self._tasks = tasks
        self._waiting: deque[Callable[[Connection], object]] = deque()
        self._writing: Future[object] | None = None
        """The first of those, on its way to the writer."""
        self._sent = 0
        """How many are on their way without having waited."""
        self._failed = False
        """One of them has failed in the writer's thread; false again when nothing waits."""
        self._lost = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def submit(self, work: Callable[[Connection], T], late: Callable[[Connection], object]) -> "Future[T]":
        """Write `work` now. When the database cannot be written: `late` instead, once it can."""
        if self._waiting:
            self._wait(late)
            refused: Future[T] = asyncio.get_running_loop().create_future()
            refused.set_exception(Behind("earlier transactions still wait for the database"))
            refused.exception()
            return refused
        follows = self._sent > 0
        future = self._database.submit(lambda connection: self._in_turn(connection, work, follows))
        self._sent += 1
        if future.done():
            self._ended(future, late)
        else:
            future.add_done_callback(lambda done: self._ended(done, late))
        return future

    def _in_turn(self, connection: Connection, work: Callable[[Connection], T], follows: bool) -> T:
        """Do `work` in the writer's thread, unless one that was sent before it has failed there."""
        if self._failed or (follows and self._database.ready() is not None):
            raise Behind("an earlier transaction could not be written")
        try:
            return work(connection)
        except (OperationalError, InterfaceError):
            self._failed = True
            raise

    def _ended(self, future: "Future[T]", late: Callable[[Connection], object]) -> None:
        self._sent -= 1
        if future.cancelled() or future.exception() is None:
            return
        error = future.exception()
        if isinstance(error, OperationalError | InterfaceError | Behind):
            self._wait(late)
        else:
            log.error("a call could not be written to the database", exc_info=error)

    def _wait(self, late: Callable[[Connection], object]) -> None:
        if len(self._waiting) >= MOST:
            self._lost += 1
            if self._lost == 1:
                log.error("the database cannot be written for too long; what calls do now is lost to it")
            return
        self._waiting.append(late)
        if len(self._waiting) == 1:
            log.error("calls go on without the database; what they owe it is written when it is back")
            self._tasks.start(self._again(), "transactions owed to the database")

    async def _again(self) -> None:
        written = 0
        while self._waiting:
            await asyncio.sleep(AGAIN_S)
            written += await self.settle()
        log.warning("the database is back: %d transactions that were owed are written", written)
        self._lost = 0

    async def settle(self) -> int:
        """Write what waits, as far as the database takes it; gives how many that were."""
        written = 0
        while self._waiting:
            first = self._waiting[0]
            try:
                await self._write(first)
                written += 1
            except (OperationalError, InterfaceError):
                self._writing = None
                return written
            except Exception:
                log.exception("a transaction that was owed cannot be written; it is left out")
            if self._waiting and self._waiting[0] is first:  # else somebody waited for the same one
                self._writing = None
                self._waiting.popleft()
        self._failed = False
        return written

    async def _write(self, first: Callable[[Connection], object]) -> None:
        """Once: whoever is cancelled meanwhile leaves it to the next, for it is on its way all the same."""
        if self._writing is None:
            self._writing = self._database.submit(first)
        await asyncio.shield(self._writing)
