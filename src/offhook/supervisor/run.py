"""`offhook serve`: all processes of one instance, from the first socket to a clean end."""

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from collections.abc import Iterator
from typing import IO

from offhook import drain
from offhook.config import Settings
from offhook.core.errors import Invalid
from offhook.ipc.shm_names import clear, prefix_of
from offhook.supervisor import leftovers
from offhook.supervisor.child import Child
from offhook.supervisor.plans import control, workers
from offhook.supervisor.sockets import Listening, open_all

log = logging.getLogger("offhook.supervisor")

PASSED_ON = (signal.SIGHUP, signal.SIGUSR1)
"""What control is told: read the settings again; look whether a drain was asked for."""
WORKER_PATIENCE = 1.0
CONTROL_PATIENCE = 4.0
"""Seconds on top of the grace: 2 for peers to answer a BYE, 1 for webhooks, the rest for closing.

With the longest grace, 5 s, everything has ended within 10."""


class Supervisor:
    """Parents control and the workers; ends when told to by a signal or by `stop()`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._control: Child | None = None
        self._workers: list[Child] = []
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT. Raises `Invalid` when a port or the data directory is taken."""
        self._settings.make_directories()
        with lock(self._settings):
            await leftovers.ended(self._settings, self._settings.shutdown.grace + CONTROL_PATIENCE)
            with contextlib.closing(open_all(self._settings)) as sockets:
                await self._run_with(sockets)

    async def _run_with(self, sockets: Listening) -> None:
        self._watch_signals()
        self._plan(sockets)
        children = [self._require_control(), *self._workers]  # control takes longest to start
        tasks = [asyncio.ensure_future(child.keep_alive()) for child in children]
        await self._stop.wait()
        await self._end()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self._stop.set()

    def _plan(self, sockets: Listening) -> None:
        self._clear(drain.FILE, "*.sock", "*.a", "*.b", "*.address", "*.pid")
        self._write_pid()
        self._clear_prompts()
        self._workers = [Child(plan, self._started) for plan in workers(self._settings)]
        self._control = Child(control(self._settings, sockets), self._started)

    async def _end(self) -> None:
        """Control first, so that calls get their BYE while media still runs; then the workers."""
        log.info("stopping: no new calls, then %.1f s of grace", self._settings.shutdown.grace)
        await self._require_control().stop(self._settings.shutdown.grace + CONTROL_PATIENCE)
        await asyncio.gather(*(child.stop(WORKER_PATIENCE) for child in self._workers))
        self._clear("*.pid")
        self._clear_prompts()

    def _clear(self, *patterns: str) -> None:
        """Remove what the processes of this or a crashed instance left in the run directory."""
        for pattern in patterns:
            for leftover in self._settings.run_dir.glob(pattern):
                leftover.unlink(missing_ok=True)

    def _clear_prompts(self) -> None:
        """Give back the shared memory of this instance, a crashed one's included."""
        clear(prefix_of(self._settings.data_dir))

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        for number in PASSED_ON:
            loop.add_signal_handler(number, self._pass_on, number)

    def _pass_on(self, number: signal.Signals) -> None:
        self._require_control().signal(number)

    def _require_control(self) -> Child:
        if self._control is None:
            raise RuntimeError("the supervisor has not planned its children yet")
        return self._control

    def _started(self, name: str, pid: int) -> None:
        """Leave the pid where crash tests and operators find it."""
        with contextlib.suppress(OSError):  # a full disk must not cost a child that runs
            self._write_number(name, pid)

    def _write_pid(self) -> None:
        self._write_number("supervisor", os.getpid())

    def _write_number(self, name: str, pid: int) -> None:
        """Whoever reads the file finds the old number or the new one, never half of it."""
        beside = self._settings.run_dir / f".{name}.number"
        beside.write_text(f"{pid}\n")
        os.replace(beside, self._settings.run_dir / f"{name}.pid")


@contextlib.contextmanager
def lock(settings: Settings) -> Iterator[None]:
    """Hold the data directory: two instances on one directory would spoil each other's calls."""
    path = settings.run_dir / "lock"
    with path.open("w") as file:
        _take(file, settings)
        yield


def _take(file: IO[str], settings: Settings) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Invalid(
            "OFFHOOK_DATA_DIR",
            f"another Offhook runs on {settings.data_dir}; stop it or choose another directory",
        ) from None
