"""Control's side of the audio worker: decode a file to a prompt, turn a spool into a recording.

Work that was asked of a worker that died is asked again of its successor: nothing here gives up before
`close`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from offhook.core.clock import Clock
from offhook.core.errors import MediaError
from offhook.core.ids import Ids
from offhook.ipc.audio import (
    Command,
    Decode,
    Decoded,
    DecodeFailed,
    DropPrompt,
    Event,
    Finalise,
    Finalised,
    FinaliseFailed,
    SpoolFound,
    SpoolRefused,
)
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.pipes import Connector
from offhook.ipc.shm import Prompt

MAX_SECONDS = 7_200.0
"""The longest audio that is decoded: two hours."""


@dataclass(slots=True)
class _Job:
    command: Command
    answer: asyncio.Future[Any]


class AudioClient:
    """`epoch` names this life of control."""

    def __init__(self, connect: Connector, clock: Clock, ids: Ids, epoch: str, name: str = "control") -> None:
        self._channel = Channel(
            Endpoint(name, epoch, Event),
            connect,
            clock,
            on_message=self._event,
            on_up=self._up,
        )
        self._ids = ids
        self._jobs: dict[tuple[str, str], _Job] = {}
        self._on_found: list[Callable[[SpoolFound], None]] = []
        self._on_refused: list[Callable[[SpoolRefused], None]] = []

    def start(self) -> None:
        """Connect, and stay connected until `close`."""
        self._channel.start()

    async def close(self) -> None:
        """Jobs that wait fail with MediaError."""
        await self._channel.close()
        for job in self._jobs.values():
            if not job.answer.done():
                job.answer.set_exception(MediaError("the platform is shutting down"))
        self._jobs.clear()

    def ready(self) -> str | None:
        """None, or what is missing."""
        return None if self._channel.up else "the audio worker is not connected"

    async def decode(self, path: str, max_seconds: float = MAX_SECONDS) -> Prompt:
        """A file of any common audio format as a prompt. Raises MediaError saying what is wrong with it."""
        job = self._ids.token(8)
        decoded = await self._ask(("decode", job), Decode(job, path, max_seconds))
        return Prompt(decoded.prompt, decoded.samples)

    async def finalise(self, recording: str, format: str, path: str) -> Finalised:
        """A recording's spool as a file at `path` (`wav`, `mp3` or `ogg`). Raises MediaError.

        Asked twice while it runs, both get the one answer.
        """
        finalised: Finalised = await self._ask(("finalise", recording), Finalise(recording, format, path))
        return finalised

    def drop(self, prompt: Prompt) -> None:
        """Nobody plays this prompt any more."""
        self._channel.send(DropPrompt(prompt.name))

    def on_spool_found(self, handler: Callable[[SpoolFound], None]) -> None:
        """Hear of recordings in the spool of a new audio worker: left by a crash, or still running."""
        self._on_found.append(handler)

    def on_spool_refused(self, handler: Callable[[SpoolRefused], None]) -> None:
        """Hear of recordings that the disk does not take."""
        self._on_refused.append(handler)

    async def _ask(self, key: tuple[str, str], command: Command) -> Any:
        job = self._jobs.get(key)
        if job is None:
            job = self._jobs[key] = _Job(command, asyncio.get_running_loop().create_future())
            job.answer.add_done_callback(_look_at)
            self._channel.send(command)
        return await asyncio.shield(job.answer)

    def _up(self, up: Up) -> None:
        """Ask again for all that is open: the former worker took it along, and a running job ignores it."""
        for job in self._jobs.values():
            self._channel.send(job.command)

    def _event(self, event: Event) -> None:
        if isinstance(event, SpoolFound):
            for handler in self._on_found:
                handler(event)
        elif isinstance(event, SpoolRefused):
            for told in self._on_refused:
                told(event)
        elif isinstance(event, Decoded | DecodeFailed):
            self._answer(("decode", event.job), event)
        else:
            self._answer(("finalise", event.recording), event)

    def _answer(self, key: tuple[str, str], event: Event) -> None:
        job = self._jobs.pop(key, None)
        if job is None:
            if isinstance(event, Decoded):
                self._channel.send(DropPrompt(event.prompt))
        elif job.answer.cancelled():
            pass
        elif isinstance(event, DecodeFailed | FinaliseFailed):
            job.answer.set_exception(MediaError(event.reason))
        else:
            job.answer.set_result(event)


def _look_at(answer: asyncio.Future[Any]) -> None:
    """A failure that nobody waits for any more is no news."""
    if not answer.cancelled():
        answer.exception()
