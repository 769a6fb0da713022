"""Engines that do what a test asks, and a loop in virtual time."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from offhook.core.errors import SpeechError
from offhook.speech.base import Audio, Mark, Marked, Say, Segment, Silence, Spoken, Voice
from offhook.testing.loop import VirtualLoop


class FakeTTS:
    """Speaks each character as 10 ms of a square wave of `level`; waits `seconds` before each job."""

    name = "fake"

    def __init__(
        self, *, languages: Sequence[str] = ("en-US",), rate: int = 8_000, level: int = 1_000, jobs: int = 1
    ) -> None:
        self.jobs = jobs
        self.languages = languages
        self.rate = rate
        self.level = level
        self.seconds = 0.0
        self.failure: Exception | None = None
        self.fail_after = 0
        self.asked: list[list[Segment]] = []
        self.running = 0
        self.most = 0

    def voices(self) -> Sequence[Voice]:
        return [self.voice(code, 0) for code in self.languages]

    def voice(self, language: str, style: int) -> Voice:
        if language not in self.languages:
            raise SpeechError(f"{self.name} does not speak {language}")
        return Voice(language, style, "female", self.name, self.rate)

    async def synthesise(self, segments: Sequence[Segment], voice: Voice) -> AsyncGenerator[Spoken, None]:
        self.asked.append(list(segments))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self.seconds)
            for count, segment in enumerate(segments):
                if self.failure is not None and count >= self.fail_after:
                    raise self.failure
                yield self._speak(segment)
        finally:
            self.running -= 1

    async def close(self) -> None:
        """Nothing to end."""

    def _speak(self, segment: Segment) -> Spoken:
        if isinstance(segment, Mark):
            return Marked(segment.name)
        if isinstance(segment, Silence):
            return Audio(bytes(2 * (self.rate * segment.milliseconds // 1000)))
        assert isinstance(segment, Say)
        samples = self.rate * len(segment.text) // 100
        wave = self.level * (1 - 2 * (np.arange(samples) // 8 % 2))
        return Audio(wave.astype("<i2").tobytes())


@pytest.fixture
def fake_tts() -> type[FakeTTS]:
    return FakeTTS


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture
def run(loop: VirtualLoop) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return loop.run_until_complete
