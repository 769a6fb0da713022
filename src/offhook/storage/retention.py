"""Calls and conversations that were over long ago are removed, a portion at a time.

Recordings are not: they are the application's, which deletes them through the API. Finished webhooks have
their own time (`webhooks/outbox.py`), and checkpoints go with their calls.
"""

import asyncio
import logging
from collections.abc import Callable

from sqlalchemy import Connection

from offhook.core.clock import US_PER_SECOND, Clock
from offhook.core.tasks import Tasks
from offhook.storage import conversations, legs
from offhook.storage.database import Database

PORTION = 500
"""Rows of one transaction: the writer belongs to live calls."""
US_PER_DAY = 86_400 * US_PER_SECOND
EVERY_S = 3600.0

Purge = Callable[[Connection, int, int], int]
log = logging.getLogger("offhook.storage")


class Retention:
    """Removes what ended more than `days` ago, now and then every hour; 0 keeps everything."""

    def __init__(self, database: Database, clock: Clock, days: int) -> None:
        self._database = database
        self._clock = clock
        self._days = days
        self._tasks = Tasks()

    def start(self) -> None:
        if self._days:
            self._tasks.start(self._run(), "removal of old calls")

    async def close(self) -> None:
        await self._tasks.close()

    async def purge(self, before: int) -> int:
        """Remove what ended before an instant (UTC µs); gives how many rows."""
        return await self._all(legs.purge, before) + await self._all(conversations.purge, before)

    async def _all(self, purge: Purge, before: int) -> int:
        removed = 0
        while True:
            portion = await self._database.write(lambda connection: purge(connection, before, PORTION))
            removed += portion
            if portion < PORTION:
                return removed

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                removed = await self.purge(self._clock.wall() - self._days * US_PER_DAY)
            except Exception:
                log.exception("old calls could not be removed; tried again in an hour")
            else:
                log.info("%d rows of calls older than %d days were removed", removed, self._days)
