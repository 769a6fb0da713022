"""The one thread that writes, and how writes that arrive together share a commit.

Each job runs in its own savepoint, so a job that fails takes nothing with it. The group is committed when
nothing more waits, or 2 ms after it began; then the loop gets, in order, every job's callbacks and result in
one call. A job's callbacks are dropped with the job.
"""

import asyncio
import errno
import logging
import queue
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from offhook.core.clock import NS_PER_MS, SystemClock
from offhook.core.errors import LocalStateError
from offhook.core.tasks import outside
from offhook.storage.engines import KeptConnection, tell

GROUP_NS = 2 * NS_PER_MS
GROUP_JOBS = 500
_SAVEPOINT = "offhook_job"

log = logging.getLogger("offhook.storage")
_clock = SystemClock()  # how long a group may last is real time, in worlds too


@dataclass(slots=True)
class Job:
    """One unit of work and who waits for it."""

    work: Callable[[Connection], Any]
    future: "asyncio.Future[Any] | None" = None
    callbacks: list[Callable[[], None]] = field(default_factory=list)
    result: Any = None
    error: Exception | None = None

    def run(self, connection: Connection) -> None:
        """Do the work in a savepoint; a failure is kept, not raised."""
        tell(connection, f"SAVEPOINT {_SAVEPOINT}")
        try:
            self.result = self.work(connection)
        except Exception as error:
            self.failed(error)
            tell(connection, f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        tell(connection, f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def failed(self, error: Exception) -> None:
        self.error = self.error or error
        self.callbacks.clear()

    def deliver(self) -> None:
        """Call back and settle the future, on the loop."""
        for callback in self.callbacks:
            try:
                callback()
            except Exception:
                log.exception("a callback after a commit failed")
        if self.future is None or self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """Runs jobs one after another; `run_group` is the same without a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running = threading.local()
        self._closed = False
        self.problem: str | None = None
        """Why the last commit failed; None when it did not."""

    def put(self, job: Job) -> None:
        """Queue a job from the loop's thread; the thread starts with the first."""
        if self._closed:
            raise LocalStateError("the database is closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="offhook-writer", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when the job that is running has been committed. Only from inside a job."""
        job: Job | None = getattr(self._running, "job", None)
        if job is None:
            raise LocalStateError("after_commit() belongs inside a function given to submit() or write()")
        job.callbacks.append(callback)

    async def close(self) -> None:
        """Commit what is queued and end the thread."""
        self._closed = True
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await outside(thread.join)

    def run_group(self, first: Job, more: Callable[[], Job | None]) -> list[Job]:
        """Run `first` and jobs until `more` gives None, and commit them together. They keep their results."""
        done = [first]
        source: Engine | KeptConnection = getattr(self._running, "kept", self._engine)
        try:
            with source.begin() as connection:
                self._run(first, connection)
                while (job := more()) is not None:
                    done.append(job)
                    self._run(job, connection)
        except Exception as error:
            if self.problem is None:
                log.exception("a transaction could not be committed; %d writes failed", len(done))
            self.problem = problem_of(error)
            for job in done:
                job.failed(error)
        else:
            alone = next((job.error for job in done if isinstance(job.error, OperationalError)), None)
            self.problem = None if alone is None else problem_of(alone)
        return done

    def _run(self, job: Job, connection: Connection) -> None:
        self._running.job = job
        try:
            job.run(connection)
        finally:
            self._running.job = None

    def _work(self) -> None:
        with closing(KeptConnection(self._engine)) as self._running.kept:
            while (first := self._jobs.get()) is not None:
                group = _Group(self._jobs)
                _deliver(self.run_group(first, group.next))
                if group.ended:
                    return


def problem_of(error: Exception) -> str:
    """Why the database cannot be written, and what to do."""
    cause = getattr(error, "orig", None) or error
    full = "disk is full" in str(cause) or getattr(cause, "errno", None) == errno.ENOSPC
    advice = "free some space" if full else "see the log; it is tried again every second"
    return f"storage: the database cannot be written ({cause}); {advice}"


class _Group:
    """Gives out the rest of a group: what waits already, for at most 2 ms."""

    def __init__(self, jobs: "queue.SimpleQueue[Job | None]") -> None:
        self._jobs = jobs
        self._left = GROUP_JOBS
        self._until = _clock.now() + GROUP_NS
        self.ended = False

    def next(self) -> Job | None:
        self._left -= 1
        if self._left <= 0 or _clock.now() >= self._until:
            return None
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return None
        self.ended = job is None
        return job


def _deliver(done: list[Job]) -> None:
    """Hand finished jobs to the loop that waits for them."""
    future = done[0].future
    assert future is not None
    try:
        future.get_loop().call_soon_threadsafe(_deliver_all, done)
    except RuntimeError:  # the loop ended without closing the database; the rows are safe
        log.warning("%d writes finished after their event loop had ended", len(done))


def _deliver_all(done: list[Job]) -> None:
    for job in done:
        job.deliver()
