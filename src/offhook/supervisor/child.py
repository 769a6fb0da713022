"""One child process: started, watched, started again with growing pauses, stopped."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.ipc.beat import VARIABLE
from offhook.supervisor.starving import waited

log = logging.getLogger("offhook.supervisor")

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
STEADY = 20.0
"""A child that lived this long starts again after the first pause, whatever was before."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. A child ends by itself when its standard input closes."""

    name: str
    arguments: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    descriptors: list[int] = field(default_factory=list)
    silence_kills_after: float | None = None
    """Kill the child when it wrote nothing to `OFFHOOK_BEAT` for this long, once it has begun to."""


class Child:
    """Keeps one process of a plan alive until told to stop."""

    def __init__(self, plan: Plan, on_start: Callable[[str, int], None] | None = None) -> None:
        self.plan = plan
        self.restarts = 0
        self._on_start = on_start
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def keep_alive(self) -> None:
        """Run the plan again and again until `stop()`."""
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = loop.time()
            try:
                end = f"ended with status {await self._run_once()}"
            except OSError as error:  # no memory, no descriptors, no interpreter: it may pass
                end = f"cannot be started: {error}"
            if self._stopping.is_set():
                return
            lived = loop.time() - began
            if lived > STEADY:
                pause = FIRST_PAUSE
            self.restarts += 1
            log.warning("%s %s after %.1f s; again in %.1f s", self.plan.name, end, lived, pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self, patience: float) -> None:
        """Ask the child to end (SIGTERM); kill it after `patience` seconds."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            log.warning("%s did not end within %.1f s and is killed", self.plan.name, patience)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _run_once(self) -> int:
        read_end, write_end = os.pipe() if self.plan.silence_kills_after else (-1, -1)
        environment = {**os.environ, **self.plan.environment}
        descriptors = list(self.plan.descriptors)
        if write_end >= 0:
            environment[VARIABLE] = str(write_end)
            descriptors.append(write_end)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.plan.arguments,
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                pass_fds=descriptors,
                start_new_session=True,
            )
        except BaseException:
            _close(read_end)
            raise
        finally:
            _close(write_end)
        if self._stopping.is_set():
            self.signal(signal.SIGKILL)  # `stop()` found nobody to ask; it has not done anything yet
        elif self._on_start is not None:
            self._on_start(self.plan.name, self._process.pid)
        watch = asyncio.ensure_future(self._watch(read_end)) if read_end >= 0 else None
        try:
            return await self._process.wait()
        finally:
            if watch is not None:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            _close(read_end)

    async def _watch(self, read_end: int) -> None:
        """Kill a child whose heartbeat stopped: a hung process is a dead one. What it waited for a core does
        not count.
        """
        loop = asyncio.get_running_loop()
        os.set_blocking(read_end, False)
        limit = self.plan.silence_kills_after or 0.0
        last, then = None, 0.0
        while True:
            await asyncio.sleep(0.5)
            pid = self.pid
            if pid is None:
                continue
            with contextlib.suppress(BlockingIOError):
                if os.read(read_end, 4096):
                    last, then = loop.time(), waited(pid)
            if last is not None and loop.time() - last - (waited(pid) - then) > limit:
                log.error("%s gave no sign of life for %.0f s and is killed", self.plan.name, limit)
                self.signal(signal.SIGKILL)
                return


def _close(descriptor: int) -> None:
    if descriptor >= 0:
        os.close(descriptor)
