"""What the audio worker does, without its process: decode jobs, recorder blocks, finalising.

Heavy work goes through `core.tasks.outside`, so that heartbeats go on and a world in virtual time stands
still meanwhile. Every command is idempotent: one that is already running is answered once, when it ends.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

from offhook.audio.decode import decode
from offhook.audio.finalise import Finished, finalise
from offhook.audio.spool import SpoolWriter, scan, spool_path
from offhook.core.errors import MediaError
from offhook.core.tasks import Tasks, outside
from offhook.ipc.audio import (
    Command,
    Decode,
    Decoded,
    DecodeFailed,
    Event,
    Finalise,
    Finalised,
    FinaliseFailed,
    RecorderBlock,
    SpoolFound,
    SpoolRefused,
)
from offhook.ipc.shm import Prompt, Prompts

log = logging.getLogger("offhook.audio")

PATIENCE = 2.0
"""Seconds without a block after which a recording whose last block never came is taken as it is."""
REMEMBERED = 10_000
"""Finalised recordings whose late blocks are still recognised."""


class AudioHost:
    """Files under `spool`, prompts to `prompts`, answers to `emit`."""

    def __init__(
        self,
        spool: Path,
        prompts: Prompts,
        emit: Callable[[Event], None],
        executor: Executor | None = None,
    ) -> None:
        self._emit = emit
        self._executor = executor
        self._prompts = prompts
        self._spool = spool
        self._arrived: dict[str, asyncio.Event] = {}
        self._done: deque[str] = deque(maxlen=REMEMBERED)
        self._refused: dict[str, str] = {}
        """Recordings that the disk did not take, and why."""
        self._running: set[tuple[str, str]] = set()
        self._tasks = Tasks()
        self._writers: dict[str, SpoolWriter] = {}

    # ── from control ────────────────────────────────────────────────────────────────────────────

    def command(self, command: Command) -> None:
        """Start a job; its answer comes by `emit`."""
        if isinstance(command, Decode):
            self._start("decode", command.job, lambda: self._decode(command))
        elif isinstance(command, Finalise):
            self._start("finalise", command.recording, lambda: self._finalise(command))
        else:
            self._drop(command.prompt)

    def found(self) -> list[SpoolFound]:
        """Recordings on disk that are not being finalised."""
        found = []
        for path in sorted(self._spool.glob("*.pcm")):
            try:
                if ("finalise", path.stem) not in self._running:
                    found.append(SpoolFound(path.stem, scan(path).duration_ms))
            except MediaError as error:
                log.warning("spool %s: %s", path.name, error)
        return found

    async def close(self) -> None:
        await self._tasks.close()
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def _start(self, kind: str, ident: str, job: Callable[[], object]) -> None:
        if (kind, ident) in self._running:
            return
        self._running.add((kind, ident))
        self._tasks.start(self._run(kind, ident, job), f"{kind} {ident}")

    async def _run(self, kind: str, ident: str, job: Callable[[], object]) -> None:
        try:
            await job()  # type: ignore[misc]
        finally:
            self._running.discard((kind, ident))

    async def _decode(self, command: Decode) -> None:
        try:
            prompt = await outside(self._decode_to_prompt, command, executor=self._executor)
        except MediaError as error:
            self._emit(DecodeFailed(command.job, str(error)))
        except Exception as error:
            log.exception("decoding %s failed", command.path)
            self._emit(DecodeFailed(command.job, f"the file cannot be decoded as audio: {error}"))
        else:
            self._emit(Decoded(command.job, prompt.name, prompt.samples))

    def _decode_to_prompt(self, command: Decode) -> Prompt:
        return self._prompts.write(decode(command.path, command.max_seconds))

    async def _finalise(self, command: Finalise) -> None:
        try:
            await self._wait_for_last(command.recording)
            if command.recording in self._refused:
                raise MediaError(self._refused[command.recording])
            finished = await outside(self._finalise_file, command, executor=self._executor)
        except MediaError as error:
            self._emit(FinaliseFailed(command.recording, str(error)))
        except Exception as error:
            log.exception("finalising %s failed", command.recording)
            self._emit(FinaliseFailed(command.recording, f"the recording cannot be encoded: {error}"))
        else:
            self._done.append(command.recording)
            self._emit(Finalised(command.recording, str(finished.path), finished.size, finished.duration_ms))

    def _finalise_file(self, command: Finalise) -> Finished:
        return finalise(spool_path(self._spool, command.recording), command.format, Path(command.path))

    async def _wait_for_last(self, recording: str) -> None:
        """Blocks come by another connection than commands: the last ones may still be on their way."""
        path = spool_path(self._spool, recording)
        arrived = self._arrived[recording] = asyncio.Event()
        try:
            while not self._complete(recording, path):
                arrived.clear()
                await asyncio.wait_for(arrived.wait(), PATIENCE)
        except TimeoutError:
            log.info("recording %s has no last block; what there is of it is used", recording)
        finally:
            del self._arrived[recording]
            self._close_writer(recording)

    def _complete(self, recording: str, path: Path) -> bool:
        if recording in self._refused:
            return True
        writer = self._writers.get(recording)
        if writer is not None:
            return writer.state.closed
        return path.exists() and scan(path).closed

    def _drop(self, prompt: str) -> None:
        try:
            self._prompts.drop(prompt)
        except MediaError as error:
            log.warning("%s", error)

    # ── from media workers ──────────────────────────────────────────────────────────────────────

    def block(self, block: RecorderBlock) -> None:
        """Append a block. A recording that cannot be written is reported in the log once and given up."""
        recording = block.recording
        if recording in self._done:
            return
        if recording in self._refused:
            self._wake(recording)
            return
        try:
            writer = self._writers.get(recording)
            if writer is None:
                writer = SpoolWriter(spool_path(self._spool, recording), block.channels)
                self._writers[recording] = writer
            writer.append(block.sequence, block.pcm, block.last)
        except (MediaError, OSError) as error:
            self._refuse(recording, str(error))
        else:
            if writer.state.closed and recording not in self._arrived:
                self._close_writer(recording)
        self._wake(recording)

    def _refuse(self, recording: str, reason: str) -> None:
        log.error("recording %s: %s", recording, reason)
        while len(self._refused) >= REMEMBERED:
            del self._refused[next(iter(self._refused))]
        self._refused[recording] = f"{reason}; free some space for {self._spool}"
        self._close_writer(recording)
        self._emit(SpoolRefused(recording, self._refused[recording]))

    def _wake(self, recording: str) -> None:
        arrived = self._arrived.get(recording)
        if arrived is not None:
            arrived.set()

    def _close_writer(self, recording: str) -> None:
        writer = self._writers.pop(recording, None)
        if writer is not None:
            writer.close()
