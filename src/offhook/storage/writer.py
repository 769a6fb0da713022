"""The one thread that writes, and how writes that arrive together share a commit.

What the loop submits in one turn is handed over at its end, all at once. The thread commits a group when
nothing more waits, or 2 ms after it began; then the loop gets, in order, every job's callbacks and result in
one call. A job that fails takes nothing with it: the first of a transaction is undone with the transaction
and the next begins another, later ones have a savepoint each. A job's callbacks are dropped with the job.
"""

import asyncio
import errno
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from offhook.core.clock import NS_PER_MS, SystemClock
from offhook.core.errors import LocalStateError
from offhook.core.tasks import outside
from offhook.storage.jobs import Job, deliver_all
from offhook.storage.kept import KeptConnection, tell

GROUP_NS = 2 * NS_PER_MS
GROUP_JOBS = 500
_SAVEPOINT = "offhook_job"

log = logging.getLogger("offhook.storage")
_clock = SystemClock()  # how long a group may last is real time, in worlds too


class _Undone(Exception):  # noqa: N818 — no error: the way out of a transaction whose first job failed
    """Leave the transaction and what its only job did."""


class Writer:
    """Runs jobs one after another; `run_group` is the same without a thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn: list[Job] = []
        """Submitted in this turn of the loop."""
        self._waiting = _Waiting()
        self._thread: threading.Thread | None = None
        self._running = threading.local()
        self._closed = False
        self.problem: str | None = None
        """Why the last commit failed; None when it did not."""

    def put(self, jobs: list[Job]) -> None:
        """Queue jobs from the loop's thread; the thread starts with the first."""
        if self._closed:
            raise LocalStateError("the database is closed")
        if not self._turn:
            asyncio.get_running_loop().call_soon(self._hand_over)
        self._turn += jobs

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call back when the job that is running has been committed. Only from inside a job."""
        job: Job | None = getattr(self._running, "job", None)
        if job is None:
            raise LocalStateError("after_commit() belongs inside a function given to submit() or write()")
        job.callbacks.append(callback)

    async def close(self) -> None:
        """Commit what is queued and end the thread."""
        self._closed = True
        self._hand_over()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.end()
            await outside(thread.join)

    def run_group(self, first: Job, more: Callable[[], Job | None]) -> list[Job]:
        """Run `first` and jobs until `more` gives None, and commit them together. They keep their results."""
        done: list[Job] = []
        job: Job | None = first
        source: Engine | KeptConnection = getattr(self._running, "kept", self._engine)
        while job is not None:
            began = len(done)
            done.append(job)
            try:
                with source.begin() as connection:
                    self._first(job, connection)
                    while (job := more()) is not None:
                        done.append(job)
                        self._further(job, connection)
            except _Undone:
                job = more()
            except Exception as error:
                self._not_committed(done[began:], error)
                return done
        alone = next((job.error for job in done if isinstance(job.error, OperationalError)), None)
        self.problem = None if alone is None else problem_of(alone)
        return done

    def _not_committed(self, jobs: list[Job], error: Exception) -> None:
        if self.problem is None:
            log.exception("a transaction could not be committed; %d writes failed", len(jobs))
        self.problem = problem_of(error)
        for job in jobs:
            job.failed(error)

    def _first(self, job: Job, connection: Connection) -> None:
        """The job that begins a transaction needs no savepoint. Raises _Undone when it failed."""
        self._run(job, connection)
        if job.error is not None:
            raise _Undone

    def _further(self, job: Job, connection: Connection) -> None:
        tell(connection, f"SAVEPOINT {_SAVEPOINT}")
        self._run(job, connection)
        if job.error is not None:
            tell(connection, f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        tell(connection, f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def _run(self, job: Job, connection: Connection) -> None:
        self._running.job = job
        try:
            job.run(connection)
        finally:
            self._running.job = None

    def _hand_over(self) -> None:
        """The turn of the loop is over: its jobs go to the thread."""
        if not self._turn:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="offhook-writer", daemon=True)
            self._thread.start()
        self._waiting.put(self._turn)
        self._turn = []

    def _work(self) -> None:
        with closing(KeptConnection(self._engine)) as self._running.kept:
            while (first := self._waiting.wait()) is not None:
                _deliver(self.run_group(first, _Group(self._waiting).next))


def problem_of(error: Exception) -> str:
    """Why the database cannot be written, and what to do."""
    cause = getattr(error, "orig", None) or error
    full = "disk is full" in str(cause) or getattr(cause, "errno", None) == errno.ENOSPC
    advice = "free some space" if full else "see the log; it is tried again every second"
    return f"storage: the database cannot be written ({cause}); {advice}"


class _Waiting:
    """Jobs on their way to the thread, in portions; the thread takes them one by one."""

    def __init__(self) -> None:
        self._portions: queue.SimpleQueue[list[Job] | None] = queue.SimpleQueue()
        self._here: deque[Job] = deque()
        self._ended = False

    def put(self, jobs: list[Job]) -> None:
        self._portions.put(jobs)

    def end(self) -> None:
        """Nothing more comes."""
        self._portions.put(None)

    def wait(self) -> Job | None:
        """The next job; None at the end."""
        while not self._here and not self._ended:
            self._take(self._portions.get())
        return self._here.popleft() if self._here else None

    def next(self) -> Job | None:
        """The next job if it is here."""
        if not self._here and not self._ended:
            try:
                self._take(self._portions.get_nowait())
            except queue.Empty:
                return None
        return self._here.popleft() if self._here else None

    def _take(self, portion: list[Job] | None) -> None:
        self._ended = portion is None
        self._here.extend(portion or ())


class _Group:
    """Gives out the rest of a group: what waits already, for at most 2 ms."""

    def __init__(self, waiting: _Waiting) -> None:
        self._waiting = waiting
        self._left = GROUP_JOBS
        self._until = _clock.now() + GROUP_NS

    def next(self) -> Job | None:
        self._left -= 1
        if self._left <= 0 or _clock.now() >= self._until:
            return None
        return self._waiting.next()


def _deliver(done: list[Job]) -> None:
    """Hand finished jobs to the loop that waits for them."""
    future = done[0].future
    assert future is not None
    try:
        future.get_loop().call_soon_threadsafe(deliver_all, done)
    except RuntimeError:  # the loop ended without closing the database; the rows are safe
        log.warning("%d writes finished after their event loop had ended", len(done))
