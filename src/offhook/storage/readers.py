"""The threads that read: a few, each with a connection of its own that it keeps.

A read goes to the first thread that has nothing to do, so that where one is enough one does all of it and
its connection stays warm; a long listing keeps nobody waiting who comes after it.
"""

import logging
import queue
import threading
from contextlib import closing

from sqlalchemy import Engine

from offhook.core.tasks import outside
from offhook.storage.engines import READERS
from offhook.storage.jobs import Job
from offhook.storage.kept import KeptConnection

log = logging.getLogger("offhook.storage")


class Readers:
    """Used on the loop's thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._readers: list[_Reader] = []

    def put(self, job: Job) -> None:
        """Run a job that only reads; its future is settled on the loop."""
        free = next((reader for reader in self._readers if not reader.waiting), None)
        if free is None and len(self._readers) < READERS:
            free = _Reader(self._engine, len(self._readers))
            self._readers.append(free)
        reader = free or min(self._readers, key=lambda each: each.waiting)
        reader.put(job)

    async def close(self) -> None:
        """Finish what was asked for and end the threads."""
        readers, self._readers = self._readers, []
        for reader in readers:
            await reader.close()


class _Reader:
    """One thread."""

    def __init__(self, engine: Engine, number: int) -> None:
        self.waiting = 0
        """Jobs that it has and whose result the loop has not seen."""
        self._engine = engine
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"offhook-reader-{number}", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        self.waiting += 1
        self._jobs.put(job)

    async def close(self) -> None:
        self._jobs.put(None)
        await outside(self._thread.join)

    def _work(self) -> None:
        with closing(KeptConnection(self._engine, reads=True)) as kept:
            while (job := self._jobs.get()) is not None:
                try:
                    with kept.begin() as connection:
                        job.result = job.work(connection)
                except Exception as error:
                    job.failed(error)
                assert job.future is not None
                try:
                    job.future.get_loop().call_soon_threadsafe(self._ended, job)
                except RuntimeError:
                    log.debug("a read finished after its event loop had ended")

    def _ended(self, job: Job) -> None:
        self.waiting -= 1
        job.deliver()
