"""A speech worker: the process that turns text into prompts.

    python -m offhook.speech.worker --socket PATH

`SpeechWorker` is the worker without its process: jobs come in as messages, run one at a time for an engine
that is not safe to share, and go out as prompts in shared memory. A world runs it with the tone code and
memory prompts. The process around it listens on a Unix socket and ends when its standard input closes, which
is how it learns that its parent has gone.
"""

import argparse
import asyncio
import logging
import os
import signal
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

from offhook.core.clock import Clock, SystemClock
from offhook.core.errors import MediaError, SpeechError
from offhook.core.ids import RandomIds
from offhook.core.tasks import Tasks
from offhook.ipc import speech as messages
from offhook.ipc.beat import Beat
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.pipes import Receiver, remove_socket, unix_listener
from offhook.ipc.server import Server
from offhook.ipc.shm import Prompts, SharedPrompts
from offhook.speech import ssml
from offhook.speech.base import TTS, plain
from offhook.speech.espeak import EspeakTTS
from offhook.speech.render import render

log = logging.getLogger("offhook.speech")

MAX_WAITING = 1_000
"""Jobs of one worker; beyond it a job is refused at once and may go elsewhere."""
REMEMBERED = 1_000
"""Finished jobs whose answer is kept, because a job may be sent twice."""

Answer = messages.Synthesised | messages.SynthesisFailed


class SpeechWorker:
    """Jobs in, prompts out, for every peer that connects."""

    def __init__(self, engine: TTS, prompts: Prompts, clock: Clock, epoch: str, name: str = "speech") -> None:
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()
        self._engine = engine
        self._jobs: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._prompts = prompts
        self._slots = asyncio.Semaphore(engine.jobs)
        self._tasks = Tasks()
        self._written: dict[str, deque[str]] = {}
        self._server = Server(
            lambda peer: Endpoint(name, epoch, messages.Command),
            clock,
            on_message=self._message,
            on_up=self._up,
        )

    @property
    def accept(self) -> Callable[[], Receiver]:
        """Gives the receiver of a new connection."""
        return self._server.accept

    async def close(self) -> None:
        await self._tasks.close()
        self._server.close()
        await self._engine.close()

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    def _message(self, peer: str, message: messages.Command) -> None:
        key = (peer, message.job)
        if isinstance(message, messages.CancelJob):
            task = self._jobs.pop(key, None)
            if task is not None:
                task.cancel()
        elif key in self._answers:
            self._server.send(peer, self._answers[key])
        elif len(self._jobs) >= MAX_WAITING:
            self._answer(key, messages.SynthesisFailed(message.job, "the speech worker is overloaded", True))
        elif key not in self._jobs:
            self._jobs[key] = self._tasks.start(self._run(key, message), f"speech {message.job}")

    def _up(self, up: Up) -> None:
        """A new life of a peer knows nothing of the prompts that the one before had asked for."""
        if up.fresh:
            for name in self._written.pop(up.name, ()):
                self._prompts.drop(name)
            for key in [key for key in self._jobs if key[0] == up.name]:
                self._jobs.pop(key).cancel()
            for key in [key for key in self._answers if key[0] == up.name]:
                del self._answers[key]

    async def _run(self, key: tuple[str, str], job: messages.Synthesise) -> None:
        try:
            async with self._slots:
                answer = await self._speak(job)
        except SpeechError as error:
            answer = messages.SynthesisFailed(job.job, str(error), error.retryable)
        except MediaError as error:
            answer = messages.SynthesisFailed(job.job, str(error), False)
        except Exception as error:
            log.exception("the speech engine %s failed", self._engine.name)
            answer = messages.SynthesisFailed(job.job, f"the speech engine failed: {error}", True)
        if self._jobs.pop(key, None) is not None:
            self._answer(key, answer)

    async def _speak(self, job: messages.Synthesise) -> Answer:
        voice = self._engine.voice(job.language, job.style)
        pcm = await render(self._engine, ssml.parse(job.text, job.language), voice)
        prompt = self._prompts.write(pcm)
        return messages.Synthesised(job.job, prompt.name, prompt.samples)

    def _answer(self, key: tuple[str, str], answer: Answer) -> None:
        self._answers[key] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
        if isinstance(answer, messages.Synthesised):
            self._written.setdefault(key[0], deque(maxlen=10_000)).append(answer.prompt)
        self._server.send(key[0], answer)


# ── the process ─────────────────────────────────────────────────────────────────────────────────


async def serve(socket: str, name: str, shm_prefix: str | None, parent_fd: int) -> None:
    """Serve at `socket` until the parent's pipe closes or a signal asks to end."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    _watch_parent(loop, parent_fd, stopped)
    engine = EspeakTTS()
    # Whoever connects may rely on speech: an engine that cannot speak ends the process here.
    await render(engine, plain("ready"), engine.voice("en-US", 0))
    worker = SpeechWorker(engine, SharedPrompts(shm_prefix), SystemClock(), RandomIds().uuid(), name)
    listener = await unix_listener(socket, worker.accept)
    beat = asyncio.ensure_future(Beat().keep())
    log.info("speech worker ready at %s", socket)
    try:
        await stopped.wait()
    finally:
        beat.cancel()
        listener.close()
        await worker.close()
        remove_socket(socket)


def _watch_parent(loop: asyncio.AbstractEventLoop, descriptor: int, stopped: asyncio.Event) -> None:
    """Set `stopped` when the pipe from the parent ends. A file or a terminal says nothing about a parent."""

    def readable() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stopped.set()

    try:
        loop.add_reader(descriptor, readable)
    except (OSError, ValueError):
        log.debug("descriptor %d cannot be watched", descriptor)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="offhook.speech.worker", description="Offhook's speech worker")
    parser.add_argument("--socket", required=True, help="Unix socket to listen on")
    parser.add_argument("--name", default="speech-0", help="what this worker calls itself")
    parser.add_argument("--shm-prefix", help="prefix of shared-memory names; default from the environment")
    parser.add_argument(
        "--parent-fd", type=int, default=0, help="end when this descriptor reaches end of file"
    )
    parser.add_argument("--log-level", default="info")
    options = parser.parse_args(argv)
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
    os.umask(0o077)
    asyncio.run(serve(options.socket, options.name, options.shm_prefix, options.parent_fd))


if __name__ == "__main__":
    main()
