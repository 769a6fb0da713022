"""A database that cannot be written: calls go on, no new ones come, and what was owed is written later."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.unit.calls.bench import Bench

from offhook.calls import owed as module
from offhook.calls.owed import Behind, Owed
from offhook.core.errors import LocalStateError
from offhook.core.tasks import Tasks
from offhook.storage.database import Database as Real
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

    def submit_along(self, fn: Callable[[Connection], Any]) -> "asyncio.Future[Any]":
        raise AssertionError("what is owed is in a hurry")

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


def test_a_call_of_rest_is_told_of_although_its_row_is_owed(world: Any, monkeypatch: Any) -> None:
    """It is being dialled: whoever got an error instead of its ids would place it once more."""

    async def script(bench: Bench) -> None:
        def full(_fn: Any) -> "asyncio.Future[Any]":
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            future.set_exception(OperationalError("insert", {}, Exception("database or disk is full")))
            return future

        with monkeypatch.context() as broken:
            broken.setattr(bench.database, "submit", full)
            row = await bench.calls.create(bench.request())
            await bench.settle()
        assert bench.sip_names == ["Dial"]
        await bench.settle(1.5)
        assert [leg.leg_id for leg in bench.rows()] == [row.leg_id]

    world(script)


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


def test_a_closing_while_one_is_being_written_does_not_write_it_twice() -> None:
    async def body(owed: Owed, database: Database) -> None:
        database.full = True
        write(owed, database, "a")
        write(owed, database, "b")
        database.full = False
        submit = database.submit

        def slowly(fn: Callable[[Connection], Any]) -> "asyncio.Future[Any]":
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            done = submit(fn)  # the writer does it, whoever still waits
            asyncio.get_running_loop().call_later(
                0.5, lambda: None if future.done() else future.set_result(done.result())
            )
            return future

        database.submit = slowly  # type: ignore[method-assign]
        first = asyncio.ensure_future(owed.settle())
        await asyncio.sleep(0.2)
        first.cancel()
        await owed.settle()
        assert database.done == ["a late", "b late"]
        assert len(owed) == 0

    scene(body)


def test_two_who_settle_at_once_leave_nothing_out() -> None:
    async def body(owed: Owed, database: Database) -> None:
        database.full = True
        for name in "abc":
            write(owed, database, name)
        database.full = False
        await asyncio.gather(owed.settle(), owed.settle())
        assert database.done == ["a late", "b late", "c late"]

    scene(body)


def test_what_was_on_its_way_when_another_failed_does_not_overtake_it(tmp_path: Path) -> None:
    """With the writer's own thread: the second is sent before the loop can know that the first has failed."""

    async def body() -> list[str]:
        tasks, database = Tasks(), Real(f"sqlite:///{tmp_path / 'calls.db'}")
        database.migrate()
        owed, done = Owed(database, tasks), []

        def first(_connection: Connection) -> None:
            raise OperationalError("insert", {}, Exception("database or disk is full"))

        futures = [
            owed.submit(first, lambda _: done.append("first")),
            owed.submit(lambda _: done.append("second, early"), lambda _: done.append("second")),
        ]
        found = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(error) for error in found] == [OperationalError, Behind]
        await owed.settle()
        assert await owed.submit(lambda _: "third", lambda _: None) == "third"
        await tasks.close()
        await database.close()
        return done

    assert asyncio.run(body()) == ["first", "second"]


def test_what_was_on_its_way_when_a_commit_failed_does_not_overtake_it() -> None:
    async def body(owed: Owed, database: Database) -> None:
        submit, ready = database.submit, database.ready
        jobs: list[tuple[Callable[[Connection], Any], asyncio.Future[Any]]] = []

        def queue(fn: Callable[[Connection], Any]) -> "asyncio.Future[Any]":
            jobs.append((fn, asyncio.get_running_loop().create_future()))
            return jobs[-1][1]

        database.submit = queue  # type: ignore[method-assign]
        write(owed, database, "a")
        write(owed, database, "b")
        database.ready = lambda: "storage: the commit of a has failed"  # type: ignore[method-assign]
        jobs[0][1].set_exception(OperationalError("commit", {}, Exception("disk I/O error")))
        work, future = jobs[1]
        with pytest.raises(Behind) as caught:
            work(None)  # type: ignore[arg-type]
        future.set_exception(caught.value)
        database.submit, database.ready = submit, ready  # type: ignore[method-assign]
        await asyncio.sleep(1.5)
        assert database.done == ["a late", "b late"]

    scene(body)
