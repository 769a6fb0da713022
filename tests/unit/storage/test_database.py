"""The writer thread, group commit, savepoints, callbacks and the inline mode."""

import asyncio
import sqlite3
import stat
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from offhook.core.errors import Conflict, Invalid, LocalStateError
from offhook.storage.database import Database, sqlite_url


def run(url: str, use: Callable[[Database], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        database = Database(url, **options)
        await asyncio.to_thread(database.migrate)
        await database.write(lambda c: c.execute(text("create table t (n integer primary key)")) and None)
        try:
            await use(database)
        finally:
            await database.close()

    asyncio.run(main())


def put(n: int) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute(text("insert into t values (:n)"), {"n": n})
        return n

    return work


def numbers(connection: Connection) -> list[int]:
    return [row[0] for row in connection.execute(text("select n from t order by n"))]


def test_a_write_is_seen_by_the_next_read(url: str) -> None:
    async def use(database: Database) -> None:
        assert await database.write(put(1)) == 1
        assert await database.read(numbers) == [1]

    run(url, use)


def test_jobs_run_in_the_order_submitted(url: str) -> None:
    order: list[int] = []

    async def use(database: Database) -> None:
        def job(n: int) -> Callable[[Connection], None]:
            return lambda connection: order.append(n)

        await asyncio.gather(*(database.submit(job(n)) for n in range(50)))
        assert order == list(range(50))

    run(url, use)


def test_a_failing_job_takes_nothing_with_it(url: str) -> None:
    def broken(connection: Connection) -> None:
        put(2)(connection)
        raise Conflict("no")

    async def use(database: Database) -> None:
        gate = threading.Event()
        held, first = database.submit(lambda c: gate.wait(5)), database.submit(put(1))
        failing = database.submit(broken)
        last = database.submit(put(3))
        gate.set()  # so that all four are in one group
        await asyncio.gather(held, first)
        with pytest.raises(Conflict):
            await failing
        await last
        assert await database.read(numbers) == [1, 3]

    run(url, use)


def test_waiting_jobs_share_one_commit(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []

    async def use(database: Database) -> None:
        original = database._writer.run_group

        def counted(first: Any, more: Any) -> Any:
            done = original(first, more)
            groups.append(len(done))
            return done

        monkeypatch.setattr(database._writer, "run_group", counted)
        monkeypatch.setattr("offhook.storage.writer.GROUP_NS", 5_000_000_000)
        gate = threading.Event()
        blocked = database.submit(lambda c: gate.wait(5))
        rest = [database.submit(put(n)) for n in range(20)]
        gate.set()
        await asyncio.gather(blocked, *rest)
        assert groups == [21]

    run(url, use)


def test_a_commit_that_fails_fails_every_job_and_not_ready(url: str) -> None:
    async def use(database: Database) -> None:
        assert database.ready() is None

        def spoil(connection: Connection) -> None:
            connection.connection.dbapi_connection.rollback()  # type: ignore[union-attr]

        called: list[str] = []

        def noted(connection: Connection) -> None:
            database.after_commit(lambda: called.append("told"))
            spoil(connection)

        with pytest.raises(Exception, match=r"(?i)savepoint|transaction"):
            await database.write(noted)
        assert "cannot be written" in str(database.ready())
        assert called == []
        await database.write(put(9))
        assert database.ready() is None

    run(url, use)


def test_callbacks_come_on_the_loop_after_the_commit_and_not_for_failed_jobs(url: str) -> None:
    told: list[tuple[str, bool]] = []

    async def use(database: Database) -> None:
        loop_thread = threading.get_ident()

        def good(connection: Connection) -> None:
            put(1)(connection)
            database.after_commit(lambda: told.append(("good", threading.get_ident() == loop_thread)))

        def bad(connection: Connection) -> None:
            database.after_commit(lambda: told.append(("bad", True)))
            raise ValueError("no")

        await database.write(good)
        with pytest.raises(ValueError, match="no"):
            await database.write(bad)
        assert told == [("good", True)]

    run(url, use)


def test_after_commit_outside_a_job_is_refused(memory: Database) -> None:
    with pytest.raises(LocalStateError, match="inside a function"):
        memory.after_commit(lambda: None)


def test_close_keeps_what_was_submitted(url: str) -> None:
    async def use(database: Database) -> None:
        for n in range(30):
            database.submit(put(n))
        await database.close()
        assert "closed" in str(database.ready())
        with pytest.raises(LocalStateError):
            database.submit(put(99))

    run(url, use)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (30,)
    connection.close()


def test_a_cancelled_waiter_does_not_stop_the_write(url: str) -> None:
    async def use(database: Database) -> None:
        future = database.submit(put(1))
        future.cancel()
        await database.write(put(2))
        assert await database.read(numbers) == [1, 2]

    run(url, use)


def test_readers_cannot_write(url: str) -> None:
    async def use(database: Database) -> None:
        with pytest.raises(Exception, match="readonly"):
            await database.read(put(1))

    run(url, use)


@pytest.mark.parametrize(("durability", "level"), [("process", 1), ("power", 2)])
def test_sqlite_is_wal_with_the_durability_asked_for(url: str, durability: str, level: int) -> None:
    async def use(database: Database) -> None:
        def pragmas(connection: Connection) -> tuple[str, int]:
            mode = connection.execute(text("pragma journal_mode")).scalar_one()
            return mode, connection.execute(text("pragma synchronous")).scalar_one()

        assert await database.write(pragmas) == ("wal", level)

    run(url, use, durability=durability)


def test_inline_does_everything_at_once(url: str) -> None:
    threads: list[int] = []

    async def main() -> None:
        database = Database(url, inline=True)
        database.migrate()
        told: list[str] = []

        def work(connection: Connection) -> int:
            threads.append(threading.get_ident())
            database.after_commit(lambda: told.append("told"))
            return 7

        future = database.submit(work)
        assert future.done()
        assert future.result() == 7
        assert threads == [threading.get_ident()]
        assert told == ["told"]

        def broken(connection: Connection) -> None:
            raise Conflict("no")

        failed = database.submit(broken)
        assert isinstance(failed.exception(), Conflict)
        assert await database.read(lambda c: c.execute(text("select 1")).scalar_one()) == 1
        await database.close()

    asyncio.run(main())


def test_an_inline_database_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    database = Database(sqlite_url(tmp_path / "offhook.db"), inline=True)
    (tmp_path / "offhook.db").unlink()
    (tmp_path / "offhook.db").mkdir()
    with pytest.raises(Exception, match="unable to open"):
        database.transact(lambda c: c.execute(text("select 1")))
    database.close_now()


def test_the_file_is_private(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close_now()
    mode = Path(url.removeprefix("sqlite:///")).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_wrong_settings_are_named(url: str) -> None:
    with pytest.raises(Invalid, match="OFFHOOK_DATABASE_URL"):
        Database("nonsense")
    with pytest.raises(Invalid, match=r"storage\.durability"):
        Database(url, durability="fast")
    with pytest.raises(LocalStateError, match="inline only"):
        Database("sqlite://")


def test_not_ready_before_the_schema(url: str) -> None:
    database = Database(url)
    assert "offhook migrate" in str(database.ready())
    database.migrate()
    assert database.ready() is None
    database.close_now()
