"""What shares a transaction: failures inside a group, the turn of the loop, writes that ride along, kills."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, text

from offhook.core.errors import Conflict
from offhook.storage.database import Database
from offhook.storage.jobs import Job
from offhook.testing.loop import VirtualLoop


def run(url: str, use: Callable[[Database], Awaitable[None]]) -> None:
    async def main() -> None:
        database = Database(url)
        await asyncio.to_thread(database.migrate)
        await database.write(create)
        try:
            await use(database)
        finally:
            await database.close()

    asyncio.run(main())


def create(connection: Connection) -> None:
    connection.execute(text("create table t (n integer primary key)"))


def put(n: int) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(text("insert into t values (:n)"), {"n": n})
        return n

    return work


def broken(connection: Connection) -> None:
    put(100)(connection)
    raise Conflict("no")


def note(order: list[str], name: str, connection: Connection) -> None:
    order.append(name)


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute(text("select n from t order by n"))]


def groups_of(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many jobs each group has; a group lasts as long as anything waits."""
    found: list[int] = []
    original = database._writer.run_group

    def counted(first: Job, more: Any) -> list[Job]:
        done = original(first, more)
        found.append(len(done))
        return done

    monkeypatch.setattr(database._writer, "run_group", counted)
    monkeypatch.setattr("offhook.storage.writer.GROUP_NS", 5_000_000_000)
    return found


@pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
def test_one_that_fails_fails_alone_wherever_it_stands(
    url: str, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    async def use(database: Database) -> None:
        groups = groups_of(database, monkeypatch)
        works: list[Callable[[Connection], Any]] = [put(1), put(2)]
        works.insert(place, broken)
        futures = [database.submit(work) for work in works]
        results = await asyncio.gather(*futures, return_exceptions=True)
        assert [type(result) for result in results].index(Conflict) == place
        assert sorted(result for result in results if isinstance(result, int)) == [1, 2]
        assert groups == [3]
        assert await database.read(numbers) == [1, 2]
        assert database.ready() is None

    run(url, use)


def test_several_that_fail_leave_the_others_in_order(url: str) -> None:
    async def use(database: Database) -> None:
        works = [broken, broken, put(1), broken, put(2)]
        results = await asyncio.gather(*map(database.submit, works), return_exceptions=True)
        assert [isinstance(result, Conflict) for result in results] == [True, True, False, True, False]
        assert await database.read(numbers) == [1, 2]

    run(url, use)


def test_what_one_turn_of_the_loop_submits_is_one_group(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(database: Database) -> None:
        groups = groups_of(database, monkeypatch)
        await asyncio.gather(*(database.submit(put(n)) for n in range(5)))
        assert groups == [5]

    run(url, use)


def test_a_transaction_that_breaks_fails_those_in_it_and_wakes_nobody_with_a_success(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(database: Database) -> None:
        groups_of(database, monkeypatch)
        told: list[str] = []

        def spoil(connection: Connection) -> None:
            database.after_commit(lambda: told.append("told"))
            connection.connection.dbapi_connection.rollback()  # type: ignore[union-attr]

        works: list[Callable[[Connection], Any]] = [put(1), spoil, put(2)]
        results = await asyncio.gather(*map(database.submit, works), return_exceptions=True)
        assert [type(result).__name__ for result in results] == ["OperationalError"] * 2 + ["int"]
        assert told == []
        assert await database.read(numbers) == [2]  # which came after the end of the group
        assert database.ready() is None

    run(url, use)


def test_what_rides_is_written_before_what_takes_it_along(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(database: Database) -> None:
        groups = groups_of(database, monkeypatch)
        order: list[str] = []
        rides = [database.submit_along(partial(note, order, name)) for name in "ab"]
        await asyncio.sleep(0)
        assert order == []
        await database.write(lambda c: order.append("c"))
        assert order == ["a", "b", "c"]
        assert all(ride.done() for ride in rides)
        assert groups == [3]

    run(url, use)


def test_what_rides_and_fails_leaves_the_write_that_took_it_along(url: str) -> None:
    async def use(database: Database) -> None:
        ride = database.submit_along(broken)
        await database.write(put(1))
        with pytest.raises(Conflict):
            await ride
        assert await database.read(numbers) == [1]

    run(url, use)


def test_what_nobody_takes_along_goes_by_itself_and_hurry_sends_it_at_once(url: str) -> None:
    async def use(database: Database) -> None:
        assert await asyncio.wait_for(database.submit_along(put(1)), 30) == 1
        ride = database.submit_along(put(2))
        database.hurry()
        assert await ride == 2
        database.hurry()
        assert await database.read(numbers) == [1, 2]

    run(url, use)


def test_close_writes_what_rides(url: str) -> None:
    async def use(database: Database) -> None:
        database.submit_along(put(7))
        await database.close()

    run(url, use)
    database = Database(url)
    assert database.look(numbers) == [7]
    database.close_now()


def test_a_ride_lasts_50_ms_and_a_kill_loses_it_and_nothing_else(url: str) -> None:
    loop = VirtualLoop()
    database = Database(url, inline=True)

    async def main() -> None:
        await database.write(create)
        ride = database.submit_along(put(1))
        await asyncio.sleep(0.049)
        assert not ride.done()
        await asyncio.sleep(0.002)
        assert ride.result() == 1
        await database.write(put(2))
        database.submit_along(put(3))

    loop.run_until_complete(main())
    database.close_now()  # what a kill leaves: nothing was flushed
    loop.close()
    after = Database(url)
    assert after.look(numbers) == [1, 2]
    after.close_now()


def test_a_kill_between_the_commit_and_the_wake_up_loses_nothing(url: str) -> None:
    """The thread has committed and the loop never hears of it: the rows are there all the same."""

    async def main() -> None:
        database = Database(url)
        await asyncio.to_thread(database.migrate)
        await database.write(create)
        committed = threading.Event()
        database._writer.run_group = _signalling(database._writer.run_group, committed)  # type: ignore[method-assign]
        future = database.submit(put(5))
        await asyncio.sleep(0)  # the turn is over: the job is with the thread
        assert committed.wait(30)  # the loop stands still until the commit, and hears nothing
        assert not future.done()
        other = Database(url)
        assert other.look(numbers) == [5]
        other.close_now()
        await database.close()

    asyncio.run(main())


def _signalling(original: Callable[..., list[Job]], committed: threading.Event) -> Callable[..., list[Job]]:
    def run_group(first: Job, more: Callable[[], Job | None]) -> list[Job]:
        done = original(first, more)
        committed.set()
        return done

    return run_group


def test_a_long_read_keeps_no_other_waiting(url: str) -> None:
    async def use(database: Database) -> None:
        gate = threading.Event()
        long = asyncio.ensure_future(database.read(lambda c: gate.wait(30)))
        await asyncio.sleep(0)
        assert await database.read(numbers) == []
        gate.set()
        assert await long

    run(url, use)


def test_a_read_that_fails_fails_alone(url: str) -> None:
    def fails(connection: Connection) -> None:
        raise Conflict("no")

    async def use(database: Database) -> None:
        with pytest.raises(Conflict):
            await database.read(fails)
        with pytest.raises(Exception, match="no such table"):
            await database.read(lambda c: c.execute(text("select * from nowhere")))
        await database.write(put(1))
        assert await database.read(numbers) == [1]

    run(url, use)
