"""A database that cannot be written: calls go on, no new ones come, and what was owed is written later."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from offhook.calls import owed as module
from offhook.calls.owed import Owed
from offhook.core.errors import LocalStateError
from offhook.core.tasks import Tasks
from offhook.testing.loop import VirtualLoop


class Database:
    """Runs what it is given at once; `full` refuses with what a full disk raises."""

    def __init__(self) -> None:
        self.full = False
        self.done: list[str] = []

    def submit(self, fn: Callable[[Connection], Any]) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            if self.full:
                raise OperationalError("insert", {}, Exception("database or disk is full"))
            future.set_result(fn(None))  # type: ignore[arg-type]
        except Exception as error:
            future.set_exception(error)
        return future

    def ready(self) -> str | None:
        return "storage: full" if self.full else None

    async def read(self, fn: Callable[[Connection], Any]) -> Any:
        raise AssertionError("not asked")


def scene(body: Callable[[Owed, Database], Any]) -> None:
    async def run() -> None:
        tasks, database = Tasks(), Database()
        await body(Owed(database, tasks), database)
        await tasks.close()

    loop = VirtualLoop()
    loop.run_until_complete(run())
    loop.close()


def write(owed: Owed, database: Database, name: str) -> "asyncio.Future[str]":
    def work(_connection: Connection) -> str:
        database.done.append(name)
        return name

    def late(_connection: Connection) -> None:
        database.done.append(name + " late")

    return owed.submit(work, late)


def test_what_waited_is_written_in_order_and_then_all_is_as_before() -> None:
    async def body(owed: Owed, database: Database) -> None:
        assert await write(owed, database, "a") == "a"
        database.full = True
        first = write(owed, database, "b")
        with pytest.raises(OperationalError):
            await first
        second = write(owed, database, "c")
        with pytest.raises(LocalStateError):
            await second
        database.full = False
        third = write(owed, database, "d")
        with pytest.raises(LocalStateError):
            await third  # never before those that wait
        await asyncio.sleep(1.5)
        assert await write(owed, database, "e") == "e"
        assert database.done == ["a", "b late", "c late", "d late", "e"]
        assert len(owed) == 0

    scene(body)


def test_what_can_never_be_written_holds_nothing_up() -> None:
    async def body(owed: Owed, database: Database) -> None:
        def wrong(_connection: Connection) -> None:
            raise IntegrityError("insert", {}, Exception("not unique"))

        with pytest.raises(IntegrityError):
            await owed.submit(wrong, wrong)
        assert len(owed) == 0  # waiting would not help
        database.full = True
        owed.submit(wrong, wrong)
        write(owed, database, "b")
        await asyncio.sleep(3)
        assert len(owed) == 2
        database.full = False
        await asyncio.sleep(1.5)
        assert database.done == ["b late"]

    scene(body)


def test_there_is_a_bound(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(module, "MOST", 3)

    async def body(owed: Owed, database: Database) -> None:
        database.full = True
        for n in range(9):
            write(owed, database, str(n))
            await asyncio.sleep(0)
        assert len(owed) == 3

    scene(body)
    assert caplog.text.count("too long") == 1
