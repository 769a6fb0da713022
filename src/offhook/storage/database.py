"""The database: one writer, several readers, and the promise that a commit is told to the loop.

SQLAlchemy Core, synchronous. `submit` hands a function to the writer thread and gives a future; `read` runs a
function on a read connection in a thread. With `inline` (worlds in virtual time) both happen at once in the
calling thread and the futures are done when they are returned. `transact` is for programs without an event
loop. `submit_along` is for writes in no hurry. Why it is built this way:
docs/decisions/sqlalchemy-core-one-writer.md.
"""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection

from offhook.core.errors import Invalid, LocalStateError
from offhook.storage.engines import empty_log, in_memory, make_engines, parse
from offhook.storage.jobs import Job, deliver_all
from offhook.storage.migrate import migrate
from offhook.storage.readers import Readers
from offhook.storage.riders import Riders
from offhook.storage.writer import Writer

T = TypeVar("T")


class Database:
    """All access to the rows. Made and used on the loop's thread."""

    def __init__(self, url: str, *, inline: bool = False, durability: str = "process") -> None:
        """`durability`: `process` survives a crash of the process, `power` one of the machine too."""
        if durability not in ("process", "power"):
            raise Invalid("storage.durability", f"must be process or power, not {durability!r}")
        parsed = parse(url)
        if in_memory(parsed) and not inline:
            raise LocalStateError(
                "a database in memory works inline only; give a file: sqlite:////data/offhook.db"
            )
        self._inline = inline
        self._write_engine, self._read_engine = make_engines(parsed, full_sync=durability == "power")
        self._writer = Writer(self._write_engine)
        self._readers = Readers(self._read_engine)
        self._riders = Riders(self.hurry)
        self._migrated = False
        self._closed = False

    def migrate(self) -> None:
        """Bring the schema up to date; harmless to repeat. Blocks: before the loop starts, or `outside`."""
        migrate(self._write_engine)
        self._migrated = True

    def ready(self) -> str | None:
        """None when rows can be written, else what is wrong."""
        if self._closed:
            return "storage: the database is closed"
        if not self._migrated:
            return "storage: the schema was not brought up to date; run: offhook migrate"
        return self._writer.problem

    def submit(self, fn: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run `fn` in a transaction, after everything submitted before.

        The future gets what `fn` returned, after the commit, or what it raised; then nothing it did is kept.
        """
        self._check_open()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._send([*self._riders.take(), Job(fn, future)])
        return future

    def submit_along(self, fn: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """`submit`, but in the transaction of the next write, or in 50 ms.

        For what a crash may lose without harm: nothing may be sent or said because of it before the future
        is settled. It comes before everything that is submitted later.
        """
        self._check_open()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._riders.add(Job(fn, future))
        return future

    def hurry(self) -> None:
        """Somebody waits for what was given to `submit_along`: write it now."""
        if jobs := self._riders.take():
            self._send(jobs)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """`submit` and wait for the commit."""
        return await self.submit(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a read connection; it sees every commit made before."""
        self._check_open()
        if self._inline:
            self.hurry()  # who looks at all sees all
            return self._read(fn)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._readers.put(Job(fn, future))
        return await future

    def transact(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction of its own, in this thread. For programs without an event loop."""
        self._check_open()
        self.hurry()
        job = Job(fn)
        self._run_inline([job])
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def look(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a read connection, in this thread. For programs without an event loop."""
        self._check_open()
        self.hurry()
        return self._read(fn)

    def forget(self) -> bool:
        """Empty SQLite's log of changes, which still holds what was removed. For programs without a loop.

        False: another process uses it at this moment. True where there is no such log.
        """
        self._check_open()
        return empty_log(self._write_engine)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Inside a function given to `submit`, `write` or `transact`: call back once it is committed.

        On the loop, before the future of the write gets its result.
        """
        self._writer.after_commit(callback)

    async def close(self) -> None:
        """Commit what was submitted, end the threads, close the connections."""
        if self._closed:
            return
        self.hurry()
        self._closed = True
        self._riders.close()
        await self._writer.close()
        await self._readers.close()
        self._dispose()

    def close_now(self) -> None:
        """`close` for a program without an event loop. What still rides is lost, as in a crash."""
        if not self._closed:
            self._closed = True
            self._riders.close()
            self._dispose()

    def _send(self, jobs: list[Job]) -> None:
        if self._inline:
            self._run_inline(jobs)
        else:
            self._writer.put(jobs)

    def _run_inline(self, jobs: list[Job]) -> None:
        rest = iter(jobs)
        while (first := next(rest, None)) is not None:
            deliver_all(self._writer.run_group(first, lambda: next(rest, None)))

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._read_engine.connect() as connection:
            return fn(connection)

    def _dispose(self) -> None:
        self._write_engine.dispose()
        self._read_engine.dispose()

    def _check_open(self) -> None:
        if self._closed:
            raise LocalStateError("the database is closed")


def sqlite_url(path: Any) -> str:
    """The URL of a database file."""
    return f"sqlite:///{path}"
