"""Control's side of speech: text in, prompt out, over any number of workers.

What was said before comes from a cache; the same text asked for twice at once is spoken once. A job goes to
the least busy worker that answers. One that fails in a way worth repeating, or whose worker dies, is given
once more to another worker, or to the same one when it is the only one. A prompt that the cache lets go of
keeps its name for `LINGER` seconds, because a media worker may just be about to open it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from offhook.core.clock import Clock
from offhook.core.errors import SpeechError
from offhook.core.ids import Ids
from offhook.core.tasks import Tasks
from offhook.ipc import speech as messages
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.pipes import Connector
from offhook.ipc.shm import Prompt, Prompts
from offhook.speech.cache import DEFAULT_BYTES, PromptCache, key

JOB_SECONDS = 30.0
WORKER_SECONDS = 10.0
"""How long a job waits for any worker to answer."""
LINGER = 30.0
ATTEMPTS = 2


@dataclass(slots=True, eq=False)
class _Worker:
    name: str
    channel: Channel | None = None
    jobs: dict[str, asyncio.Future[Prompt]] = field(default_factory=dict)

    @property
    def up(self) -> bool:
        return self.channel is not None and self.channel.up


class SpeechClient:
    """`workers` are names and how to connect to each; `start()` connects."""

    def __init__(
        self,
        workers: Sequence[tuple[str, Connector]],
        clock: Clock,
        ids: Ids,
        prompts: Prompts,
        cache_bytes: int = DEFAULT_BYTES,
    ) -> None:
        self._cache = PromptCache(self._let_go, cache_bytes)
        self._flying: dict[str, asyncio.Task[Prompt | SpeechError]] = {}
        self._ids = ids
        self._lingering: dict[str, asyncio.TimerHandle] = {}
        self._prompts = prompts
        self._tasks = Tasks()
        self._came_up = asyncio.Event()
        self._workers = [self._worker(name, connect, clock) for name, connect in workers]

    def start(self) -> None:
        for worker in self._workers:
            if worker.channel is not None:
                worker.channel.start()

    async def close(self) -> None:
        await self._tasks.close()
        for worker in self._workers:
            if worker.channel is not None:
                await worker.channel.close()
        self._cache.clear()
        for name, timer in self._lingering.items():
            timer.cancel()
            self._prompts.drop(name)
        self._lingering.clear()

    def ready(self) -> str | None:
        """None when speech works, else what is missing."""
        if not self._workers:
            return "no speech worker is configured"
        if any(worker.up for worker in self._workers):
            return None
        return f"no speech worker answers ({', '.join(worker.name for worker in self._workers)})"

    async def synthesise(self, text: str, language: str, style: int = 0) -> Prompt:
        """`text`, plain or SSML, as a prompt. Raises SpeechError."""
        name = key(text, language, style)
        prompt = self._cache.get(name)
        if prompt is not None:
            return prompt
        task = self._flying.get(name)
        if task is None:
            task = self._tasks.start(self._make(name, text, language, style), f"synthesis {name[:8]}")
            task.add_done_callback(lambda done: self._flying.pop(name, None))
            self._flying[name] = task
        # A caller that gives up must not take the prompt away from the others.
        outcome = await asyncio.shield(task)
        if isinstance(outcome, SpeechError):
            raise SpeechError(str(outcome), retryable=outcome.retryable)
        return outcome

    # ── jobs ────────────────────────────────────────────────────────────────────────────────────

    async def _make(self, name: str, text: str, language: str, style: int) -> Prompt | SpeechError:
        """The prompt, or why there is none: a refusal is an answer here, not a task that failed."""
        tried: _Worker | None = None
        failure = SpeechError("nothing was tried")
        for _ in range(ATTEMPTS):
            try:
                tried = await self._pick(tried)
                prompt = await self._ask(tried, text, language, style)
            except SpeechError as error:
                failure = error
                if not error.retryable or tried is None:
                    break
            else:
                self._cache.put(name, prompt)
                return prompt
        return failure

    async def _ask(self, worker: _Worker, text: str, language: str, style: int) -> Prompt:
        job = self._ids.uuid()
        answer: asyncio.Future[Prompt] = asyncio.get_running_loop().create_future()
        worker.jobs[job] = answer
        assert worker.channel is not None
        worker.channel.send(messages.Synthesise(job, text, language, style))
        try:
            async with asyncio.timeout(JOB_SECONDS):
                return await answer
        except TimeoutError:
            worker.channel.send(messages.CancelJob(job))
            raise SpeechError(f"the speech took longer than {JOB_SECONDS:.0f} s", retryable=True) from None
        finally:
            worker.jobs.pop(job, None)

    async def _pick(self, tried: _Worker | None) -> _Worker:
        """The least busy worker that answers, another one than `tried` where there is one."""
        try:
            async with asyncio.timeout(WORKER_SECONDS):
                while True:
                    ready = [worker for worker in self._workers if worker.up]
                    if ready:
                        return min(ready, key=lambda worker: (worker is tried, len(worker.jobs)))
                    self._came_up.clear()
                    await self._came_up.wait()
        except TimeoutError:
            raise SpeechError(self.ready() or "no speech worker was free", retryable=True) from None

    # ── workers ─────────────────────────────────────────────────────────────────────────────────

    def _worker(self, name: str, connect: Connector, clock: Clock) -> _Worker:
        worker = _Worker(name)
        worker.channel = Channel(
            Endpoint("control", self._ids.uuid(), messages.Event),
            connect,
            clock,
            on_message=lambda message: self._answered(worker, message),
            on_up=lambda up: self._up(worker, up),
            on_lost=lambda reason: self._fail_jobs(worker, f"the speech worker was lost: {reason}"),
        )
        return worker

    def _up(self, worker: _Worker, up: Up) -> None:
        if up.fresh:
            self._fail_jobs(worker, "the speech worker was started again")
        self._came_up.set()

    def _answered(self, worker: _Worker, message: messages.Event) -> None:
        answer = worker.jobs.get(message.job)
        if answer is None or answer.done():
            if isinstance(message, messages.Synthesised):
                self._prompts.drop(message.prompt)  # nobody waits for it any more
        elif isinstance(message, messages.Synthesised):
            answer.set_result(Prompt(message.prompt, message.samples))
        else:
            answer.set_exception(SpeechError(message.reason, retryable=message.retryable))

    def _fail_jobs(self, worker: _Worker, reason: str) -> None:
        for answer in worker.jobs.values():
            if not answer.done():
                answer.set_exception(SpeechError(reason, retryable=True))

    # ── prompts ─────────────────────────────────────────────────────────────────────────────────

    def _let_go(self, prompt: Prompt) -> None:
        loop = asyncio.get_running_loop()
        self._lingering[prompt.name] = loop.call_later(LINGER, self._drop, prompt.name)

    def _drop(self, name: str) -> None:
        self._lingering.pop(name, None)
        self._prompts.drop(name)
