"""A database that cannot be written, and the disk it lies on: what is said, and how it recovers."""

import asyncio
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from offhook.storage import room
from offhook.storage.database import Database
from offhook.storage.room import Room

Usage = namedtuple("Usage", "total used free")


class Full:
    """The writer's disk refuses every change while `now` is true."""

    def __init__(self, database: Database) -> None:
        self.now = True
        event.listen(database._write_engine, "before_cursor_execute", self._look)

    def _look(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self.now and not statement.lstrip().upper().startswith("SELECT"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))


def test_a_full_disk_is_named_and_recovers_when_there_is_space(url: str) -> None:
    async def scene() -> None:
        database = Database(url)
        database.migrate()
        full = Full(database)
        with pytest.raises(OperationalError):
            await database.write(lambda c: c.execute(text("delete from legs")))
        assert "disk is full" in str(database.ready())
        assert "free some space" in str(database.ready())
        assert not await room.retry(database)
        assert database.ready() is not None
        full.now = False
        assert await room.retry(database)
        assert database.ready() is None
        assert (
            await database.read(lambda c: c.execute(text("select count(*) from checkpoints")).scalar()) == 0
        )
        await database.close()

    asyncio.run(scene())


def test_one_job_of_a_group_that_meets_the_full_disk_is_enough(url: str) -> None:
    async def scene() -> None:
        database = Database(url)
        database.migrate()
        Full(database)
        good = database.submit(lambda c: c.execute(text("select 1")).scalar())
        bad = database.submit(lambda c: c.execute(text("delete from legs")))
        results = await asyncio.gather(good, bad, return_exceptions=True)
        assert results[0] == 1
        assert isinstance(results[1], OperationalError)
        assert "disk is full" in str(database.ready())
        await database.close()

    asyncio.run(scene())


def test_a_wrong_statement_is_no_full_disk(url: str) -> None:
    async def scene() -> None:
        database = Database(url)
        database.migrate()

        def wrong(_connection: Any) -> None:
            raise ValueError("a bug")

        with pytest.raises(ValueError, match="a bug"):
            await database.write(wrong)
        assert database.ready() is None
        await database.close()

    asyncio.run(scene())


def test_how_much_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    free = [100_000, 9_000, 8_000, 50_000]

    def usage(_path: Path) -> Usage:
        return Usage(0, 0, free.pop(0))

    monkeypatch.setattr(shutil, "disk_usage", usage)

    async def scene() -> None:
        watched = Room(tmp_path, 10_000)
        assert watched.problem() is None
        said = []
        for _ in range(4):
            await watched.look()
            said.append(watched.problem())
        assert [each is None for each in said] == [True, False, False, True]
        assert "disk: 9 kB are free" in str(said[1])
        assert "OFFHOOK_STORAGE__LEAST_FREE" in str(said[1])

    asyncio.run(scene())
    assert caplog.text.count("free some space") == 1
    assert caplog.text.count("free again") == 1


def test_a_directory_that_is_gone_has_no_room(tmp_path: Path) -> None:
    watched = Room(tmp_path / "gone", 1)
    asyncio.run(watched.look())
    assert watched.problem() is not None
