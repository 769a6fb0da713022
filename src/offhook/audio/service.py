"""The audio worker's jobs behind its connections: control under the name `control`, media workers under
theirs.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from offhook.audio.host import AudioHost
from offhook.core.clock import Clock
from offhook.ipc.audio import Command, Event, RecorderBlock
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.pipes import Receiver
from offhook.ipc.server import Server
from offhook.ipc.shm import Prompts

CONTROL = "control"
Incoming = Command | RecorderBlock


class AudioService:
    """Give `accept` to a listener: a Unix one in the process, a memory one in a world."""

    def __init__(
        self, epoch: str, clock: Clock, spool: Path, prompts: Prompts, executor: Executor | None = None
    ) -> None:
        self._host = AudioHost(spool, prompts, self._emit, executor)
        self._server = Server(
            lambda peer: Endpoint("audio", epoch, Incoming),
            clock,
            on_message=self._message,
            on_up=self._up,
        )

    @property
    def accept(self) -> Callable[[], Receiver]:
        return self._server.accept

    async def close(self) -> None:
        """Jobs that run are abandoned; the spool keeps what was recorded."""
        await self._host.close()
        self._server.close()

    def _emit(self, event: Event) -> None:
        self._server.send(CONTROL, event)

    def _message(self, peer: str, message: Any) -> None:
        if isinstance(message, RecorderBlock):
            self._host.block(message)
        else:
            self._host.command(message)

    def _up(self, up: Up) -> None:
        """A control that is new to this process hears of what lies in the spool."""
        if up.name == CONTROL and up.fresh:
            for found in self._host.found():
                self._emit(found)
