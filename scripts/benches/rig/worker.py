"""A real media worker process under the control of a media pool, as `serve` has it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from offhook.core.clock import SystemClock
from offhook.core.errors import MediaError
from offhook.core.ids import RandomIds
from offhook.ipc.media import Event, Join, LegOpened, LegRefused, OpenLeg
from offhook.ipc.pipes import unix_connector
from offhook.media.client import MediaPool, WorkerAddress

from .machine import Cores, pin

HOST = "127.0.0.1"
FIRST_PORT, LAST_PORT = 42_000, 59_999
START_SECONDS = 15.0
OPEN_SECONDS = 30.0
POLL_SECONDS = 0.02


class Worker:
    """`legs` counts those that are open; leg `n` is `leg-n` in conversation `conversation-⌊n / size⌋`."""

    def __init__(self, folder: Path, cores: Cores, capacity: int, warm: int) -> None:
        socket = folder / "media.sock"
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "offhook.media.worker",
                "--socket", str(socket),
                "--host", HOST,
                "--port-min", str(FIRST_PORT),
                "--port-max", str(LAST_PORT),
                "--capacity", str(capacity),
                "--warm-ports", str(warm),
                "--log-level", "warning",
                "--realtime",
            ]
        )  # fmt: skip
        pin(self._process.pid, cores.worker)
        ids = RandomIds()
        address = WorkerAddress("media-0", HOST, unix_connector(str(socket)))
        self._pool = MediaPool([address], str(folder), SystemClock(), ids, ids.token(8))
        self._pool.subscribe(self._note)
        self._opened: set[str] = set()
        self._refused: str | None = None
        self.legs = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        """Wait until it has ports for us."""
        self._pool.start()
        await self._until(lambda: self._pool.ready() is None, START_SECONDS)

    async def open(self, remotes: list[int], size: int) -> list[int]:
        """Open a leg for each far port, `size` of them in a conversation; the ports of the legs."""
        ports = []
        for remote in remotes:
            await self._until(lambda: self._pool.ready() is None, OPEN_SECONDS)
            reservation = self._pool.reserve()
            leg = f"leg-{self.legs}"
            opening = OpenLeg(
                leg, reservation.port, "PCMU", 0, 101, (HOST, remote), ssrc=0x1000_0000 + self.legs
            )
            self._pool.open_leg(reservation, opening)
            self._pool.command(Join(leg, f"conversation-{self.legs // size}"))
            self.legs += 1
            ports.append(reservation.port)
        await self._until(lambda: len(self._opened) == self.legs, OPEN_SECONDS)
        return ports

    async def close(self) -> None:
        await self._pool.close()
        self._process.terminate()
        try:
            await asyncio.to_thread(self._process.wait, 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _note(self, event: Event) -> None:
        if isinstance(event, LegOpened):
            self._opened.add(event.leg)
        elif isinstance(event, LegRefused):
            self._refused = f"{event.leg}: {event.reason}"

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                if self._refused is not None:
                    raise MediaError(self._refused)
                if self._process.poll() is not None:
                    raise MediaError(f"the media worker ended with status {self._process.returncode}")
                await asyncio.sleep(POLL_SECONDS)
