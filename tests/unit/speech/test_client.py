"""Client and workers over memory connections: caching, one job for many callers, retry elsewhere."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from offhook.core.errors import SpeechError
from offhook.core.ids import SeededIds
from offhook.ipc.memory import MemoryListener
from offhook.ipc.shm import MemoryPrompts, Prompt
from offhook.speech import tonecode
from offhook.speech.client import LINGER, SpeechClient
from offhook.speech.worker import SpeechWorker
from offhook.testing.loop import VirtualLoop


class House:
    """A client with one worker for each engine."""

    def __init__(self, loop: VirtualLoop, engines: list[Any], **settings: Any) -> None:
        self.loop = loop
        self.prompts = MemoryPrompts()
        self.engines = engines
        self.workers = [
            SpeechWorker(engine, self.prompts, loop.clock, f"life-{number}", f"speech-{number}")
            for number, engine in enumerate(engines)
        ]
        self.listeners = [MemoryListener(worker.accept) for worker in self.workers]
        places = [(f"speech-{number}", listener.connect) for number, listener in enumerate(self.listeners)]
        self.client = SpeechClient(places, loop.clock, SeededIds(1), self.prompts, **settings)

    def run(self, body: Callable[[], Any]) -> Any:
        async def scene() -> Any:
            self.client.start()
            try:
                return await asyncio.wait_for(body(), 300)
            finally:
                await self.client.close()
                for worker in self.workers:
                    await worker.close()

        return self.loop.run_until_complete(scene())

    def replace(self, number: int, engine: Any) -> None:
        """The worker's process has died and another one takes its place."""
        worker = SpeechWorker(engine, self.prompts, self.loop.clock, f"second-{number}", f"speech-{number}")
        self.workers.append(worker)
        self.listeners[number].restore(worker.accept)


def test_text_becomes_a_prompt_that_says_it(loop: VirtualLoop) -> None:
    house = House(loop, [tonecode.ToneCodeTTS()])

    async def body() -> None:
        prompt = await house.client.synthesise("<speak>Hello <break time='1s'/> you</speak>", "fr-FR", 3)
        pcm = house.prompts.open(prompt.name, prompt.samples)
        first, second = tonecode.read(pcm)
        assert (first.text, second.text) == ("Hello", "you")
        assert second.start_ms - first.start_ms - first.duration_ms > 1_000
        assert house.client.ready() is None

    house.run(body)


def test_the_same_text_is_spoken_once(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    house.engines[0].seconds = 1.0

    async def body() -> None:
        one, two = await asyncio.gather(
            house.client.synthesise("a", "en-US"), house.client.synthesise("a", "EN-US".replace("EN", "en"))
        )
        assert one == two == await house.client.synthesise("a", "en-US")
        assert len(house.engines[0].asked) == 1

    house.run(body)


def test_a_caller_that_gives_up_does_not_harm_the_others(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    house.engines[0].seconds = 1.0

    async def body() -> None:
        first = asyncio.create_task(house.client.synthesise("a", "en-US"))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(house.client.synthesise("a", "en-US"))
        await asyncio.sleep(0.1)
        first.cancel()
        assert (await second).samples == 80

    house.run(body)


def test_jobs_of_an_unsafe_engine_run_one_at_a_time(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts(jobs=1)])
    house.engines[0].seconds = 1.0

    async def body() -> None:
        await asyncio.gather(*(house.client.synthesise(text, "en-US") for text in "abc"))
        assert house.engines[0].most == 1

    house.run(body)


def test_jobs_spread_over_the_workers(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts(), fake_tts()])

    async def body() -> None:
        await asyncio.sleep(0.1)
        await asyncio.gather(*(house.client.synthesise(text, "en-US") for text in "abcd"))
        assert [len(engine.asked) for engine in house.engines] == [2, 2]

    house.run(body)


def test_refusals_are_errors_and_are_not_tried_again(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts(), fake_tts()])

    async def body() -> None:
        with pytest.raises(SpeechError, match="does not speak xx-XX"):
            await house.client.synthesise("a", "xx-XX")
        with pytest.raises(SpeechError, match="column"):
            await house.client.synthesise("<speak>", "en-US")
        assert [len(engine.asked) for engine in house.engines] == [0, 0]

    house.run(body)


def test_a_retryable_failure_is_tried_once_on_another_worker(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts(), fake_tts()])
    house.engines[0].failure = SpeechError("broke off", retryable=True)

    async def body() -> None:
        await asyncio.sleep(0.1)
        assert (await house.client.synthesise("a", "en-US")).samples == 80
        house.engines[1].failure = SpeechError("also", retryable=True)
        with pytest.raises(SpeechError, match=r"also|broke off"):
            await house.client.synthesise("b", "en-US")
        assert sum(len(engine.asked) for engine in house.engines) == 4

    house.run(body)


def test_a_killed_worker_costs_nothing_but_time(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts(), fake_tts()])
    house.engines[0].seconds = 5.0

    async def body() -> None:
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(house.client.synthesise("a", "en-US"))
        await asyncio.sleep(0.5)
        house.listeners[0].cut()
        assert (await waiting).samples == 80
        assert len(house.engines[1].asked) == 1

    house.run(body)


def test_the_only_worker_is_asked_again_when_it_is_back(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    house.engines[0].seconds = 5.0
    successor = fake_tts()

    async def body() -> None:
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(house.client.synthesise("a", "en-US"))
        await asyncio.sleep(0.5)
        house.listeners[0].cut()
        await asyncio.sleep(2.0)
        assert "speech-0" in (house.client.ready() or "")
        house.replace(0, successor)
        assert (await waiting).samples == 80
        assert len(successor.asked) == 1

    house.run(body)


def test_without_any_worker_the_caller_is_told(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    house.listeners[0].cut()

    async def body() -> None:
        with pytest.raises(SpeechError, match="no speech worker answers"):
            await house.client.synthesise("a", "en-US")

    house.run(body)


def test_a_worker_that_never_answers_is_given_up(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    house.engines[0].seconds = 10_000.0

    async def body() -> None:
        with pytest.raises(SpeechError, match="took longer than 30 s"):
            await house.client.synthesise("a", "en-US")
        await asyncio.sleep(0.1)
        assert house.engines[0].running == 0

    house.run(body)


def test_a_prompt_that_left_the_cache_lingers(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()], cache_bytes=100)

    def there(prompt: Prompt) -> bool:
        return prompt.name in house.prompts._samples

    async def body() -> None:
        first = await house.client.synthesise("a", "en-US")
        second = await house.client.synthesise("b", "en-US")
        assert there(first)
        await asyncio.sleep(LINGER + 0.1)
        assert not there(first)
        assert there(second)

    house.run(body)
    assert house.prompts._samples == {}


def test_a_new_life_of_control_frees_the_prompts_of_the_old_one(loop: VirtualLoop, fake_tts: Any) -> None:
    house = House(loop, [fake_tts()])
    places = [("speech-0", house.listeners[0].connect)]
    successor = SpeechClient(places, loop.clock, SeededIds(2), house.prompts)

    async def body() -> None:
        prompt = await house.client.synthesise("a", "en-US")
        for worker in house.client._workers:  # killed: it cannot free anything itself
            assert worker.channel is not None
            await worker.channel.close()
        successor.start()
        await asyncio.sleep(1.0)
        assert prompt.name not in house.prompts._samples
        await successor.close()

    house.run(body)
