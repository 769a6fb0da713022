"""Room for the data: how much of the disk is free, and whether a database that failed can be written again.

A platform whose disk is full goes on with the calls it has and takes no new ones; nothing else may write
then, so that somebody has to try. Both looks are taken outside the loop.
"""

import asyncio
import logging
import shutil
from pathlib import Path

from sqlalchemy import Connection

from offhook.core.tasks import outside
from offhook.storage import checkpoints
from offhook.storage.database import Database
from offhook.storage.records import Checkpoint

EVERY_S = 1.0
PROBE = "probe"

log = logging.getLogger("offhook.storage")


class Room:
    """Of one data directory. `least` bytes have to be free for the platform to call itself ready."""

    def __init__(self, directory: Path, least: int) -> None:
        self.free = -1
        """Bytes; -1 before the first look."""
        self._directory = directory
        self._least = least

    def problem(self) -> str | None:
        """None while there is room, else what is missing and what to do."""
        if self.free < 0 or self.free >= self._least:
            return None
        return (
            f"disk: {self.free // 1000} kB are free in {self._directory}, "
            f"{self._least // 1000} kB are wanted; free some space, or lower OFFHOOK_STORAGE__LEAST_FREE"
        )

    async def look(self) -> None:
        """Measure. A directory that cannot be looked at has nothing free."""
        before = self.problem()
        try:
            self.free = (await outside(shutil.disk_usage, self._directory)).free
        except OSError as error:
            log.error("%s cannot be looked at: %s", self._directory, error)
            self.free = 0
        after = self.problem()
        if after is not None and before is None:
            log.error("%s", after)
        if after is None and before is not None:
            log.warning("disk: %d kB are free again in %s", self.free // 1000, self._directory)

    async def keep(self, database: Database) -> None:
        """Look every second, and try a database that could not be written; for ever."""
        while True:
            await self.look()
            if database.ready() is not None:
                await retry(database)
            await asyncio.sleep(EVERY_S)


async def retry(database: Database) -> bool:
    """Write and take back a row; whether that went well is what `database.ready` says from then on."""
    try:
        await database.write(_probe)
    except Exception as error:
        log.debug("the database still cannot be written: %s", error)
        return False
    return True


def _probe(connection: Connection) -> None:
    checkpoints.save(connection, Checkpoint(PROBE, PROBE, PROBE, PROBE, bytes(64), 0))
    checkpoints.delete(connection, PROBE)
