"""The database: one writer, several readers, and the promise that a commit is told to the loop.

SQLAlchemy Core, synchronous. `submit` hands a function to the writer thread and gives a future; `read` runs a
function on a read connection in a thread. With `inline` (worlds in virtual time) both happen at once in the
calling thread and the futures are done when they are returned. `transact` is for programs without an event
loop. Why it is built this way: docs/decisions/sqlalchemy-core-one-writer.md.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Connection

from offhook.core.errors import Invalid, LocalStateError
from offhook.core.tasks import outside
from offhook.storage.engines import READERS, empty_log, in_memory, make_engines, parse
from offhook.storage.migrate import migrate
from offhook.storage.writer import Job, Writer

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
        self._readers: ThreadPoolExecutor | None = None
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
        job = Job(fn, asyncio.get_running_loop().create_future())
        if self._inline:
            self._run_inline(job)
        else:
            self._writer.put(job)
        assert job.future is not None
        return job.future

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """`submit` and wait for the commit."""
        return await self.submit(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a read connection; it sees every commit made before."""
        self._check_open()
        if self._inline:
            return self._read(fn)
        if self._readers is None:
            self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="offhook-reader")
        return await outside(self._read, fn, executor=self._readers)

    def transact(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` in a transaction of its own, in this thread. For programs without an event loop."""
        self._check_open()
        job = Job(fn)
        self._run_inline(job)
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def look(self, fn: Callable[[Connection], T]) -> T:
        """Run `fn` on a read connection, in this thread. For programs without an event loop."""
        self._check_open()
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
        self._closed = True
        await self._writer.close()
        if self._readers is not None:
            await outside(self._readers.shutdown)
        self._dispose()

    def close_now(self) -> None:
        """`close` for a program without an event loop."""
        if not self._closed:
            self._closed = True
            self._dispose()

    def _run_inline(self, job: Job) -> None:
        self._writer.run_group(job, lambda: None)
        job.deliver()

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
