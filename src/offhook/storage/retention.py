"""What is over goes after its time, a portion at a time: at start, and every hour from then on.

Calls and conversations have the time that their application gives them (`leg_persistence_time`), and at most
the operator's; recordings and forgotten spools have the operator's. Finished webhooks have their own time
(`webhooks/outbox.py`), and checkpoints go with their calls. What else grows old tells `add` how it goes.
The whole of it, with the settings: docs/guides/data.md.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from offhook.core.clock import US_PER_SECOND, Clock
from offhook.core.tasks import Tasks, outside
from offhook.storage import applications, conversations, legs, recording_files, recordings
from offhook.storage.database import Database
from offhook.storage.records import Application, Recording

PORTION = 500
"""Rows of one transaction: the writer belongs to live calls."""
US_PER_DAY = 86_400 * US_PER_SECOND
EVERY_S = 3600.0

Purge = Callable[[Connection, int, int], int]
Step = Callable[[int], Awaitable[int]]
"""Removes what is too old at an instant (UTC µs); gives how much."""
log = logging.getLogger("offhook.storage")


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """Days; 0 keeps for ever."""

    data_dir: Path
    node: int = 0
    """Only recordings of this node have their audio here."""
    call_days: int = 365
    """The most that any call is kept."""
    by_application: bool = True
    """Whether the time of the application counts, where it is shorter."""
    recording_days: int = 30
    spool_days: int = 7


class Retention:
    """Removes what is kept long enough. A kind that fails does not hold up the others."""

    def __init__(self, database: Database, clock: Clock, settings: RetentionSettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._tasks = Tasks()
        self._steps: dict[str, Step] = {
            "calls and conversations": self._calls,
            "recordings": self._recordings,
            "spooled recordings": self._spool,
        }

    def add(self, what: str, step: Step) -> None:
        """One more kind, looked at with the others."""
        self._steps[what] = step

    def start(self) -> None:
        self._tasks.start(self._run(), "removal of what is old")

    async def close(self) -> None:
        await self._tasks.close()

    async def purge(self, wall: int) -> dict[str, int]:
        """Remove what is too old at an instant (UTC µs); gives how much of each kind."""
        removed = {}
        for what, step in self._steps.items():
            try:
                removed[what] = await step(wall)
            except Exception:
                log.exception("old %s could not be removed; tried again in an hour", what)
        return removed

    async def _run(self) -> None:
        while True:
            removed = await self.purge(self._clock.wall())
            if told := ", ".join(f"{count} {what}" for what, count in removed.items() if count):
                log.info("removed because their time is over: %s", told)
            await asyncio.sleep(EVERY_S)

    async def _calls(self, wall: int) -> int:
        removed = 0
        if self._settings.call_days:
            removed += await self._both(wall - self._settings.call_days * US_PER_DAY, None)
        if self._settings.by_application:
            for application in await self._database.read(_all_applications):
                before = wall - applications.leg_days(application) * US_PER_DAY
                removed += await self._both(before, application.application_id)
        return removed

    async def _both(self, before: int, application_id: str | None) -> int:
        removed = 0
        for purge in (legs.purge, conversations.purge):
            removed += await self._all(partial(purge, application_id=application_id), before)
        return removed

    async def _all(self, purge: Purge, before: int) -> int:
        removed = 0
        while True:
            portion = await self._database.write(lambda connection: purge(connection, before, PORTION))
            removed += portion
            if portion < PORTION:
                return removed

    async def _recordings(self, wall: int) -> int:
        """The audio first, then the row. One that cannot be removed stays, and is told of."""
        if not self._settings.recording_days:
            return 0
        before = wall - self._settings.recording_days * US_PER_DAY
        old = partial(recordings.old, before=before, node=self._settings.node, limit=PORTION)
        removed = stuck = 0
        while portion := await self._database.read(partial(old, offset=stuck)):
            gone = await outside(_without_audio, self._settings.data_dir, portion)
            stuck += len(portion) - len(gone)
            removed += await self._database.write(partial(recordings.delete_all, recording_ids=gone))
        return removed

    async def _spool(self, wall: int) -> int:
        """Spools of recordings that no row waits for: a finished one has left no spool."""
        if not self._settings.spool_days:
            return 0
        before = wall - self._settings.spool_days * US_PER_DAY
        folder = self._settings.data_dir / recording_files.SPOOL
        found = await outside(recording_files.old_spools, folder, before)
        if not found:
            return 0
        busy = {row.recording_id for row in await self._database.read(recordings.unfinished)}
        forgotten = [path for path in found if path.stem not in busy]
        for path in forgotten:
            await outside(partial(path.unlink, missing_ok=True))
        return len(forgotten)


def _without_audio(data_dir: Path, rows: Sequence[Recording]) -> list[str]:
    """Remove the audio of recordings; the ids of those whose audio is gone."""
    gone = []
    for row in rows:
        try:
            recording_files.remove(data_dir, row)
        except OSError as error:
            log.error("the audio of recording %s cannot be removed: %s", row.recording_id, error)
        else:
            gone.append(row.recording_id)
    return gone


def _all_applications(connection: Connection) -> list[Application]:
    found: list[Application] = []
    while rows := applications.list(connection, page_size=PORTION, record_index=len(found)).rows:
        found += rows
    return found
