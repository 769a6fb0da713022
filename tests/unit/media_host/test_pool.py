"""Pool, inline workers, links and recordings in virtual time: the control side as calls use it."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.unit.media_host.voice import Voice

from offhook.audio.client import AudioClient
from offhook.audio.service import AudioService
from offhook.audio.tones import sine
from offhook.core.errors import LocalStateError, MediaError
from offhook.core.ids import SeededIds
from offhook.ipc.media import (
    CloseLeg,
    DigitReceived,
    DigitsSent,
    Event,
    Join,
    Leave,
    LegOpened,
    LegRefused,
    Load,
    OpenLeg,
    Play,
    PlaybackFinished,
    RecordFinished,
    SendDigits,
    StartRecord,
    StopPlay,
    StopRecord,
)
from offhook.ipc.memory import MemoryListener
from offhook.ipc.shm import MemoryPrompts
from offhook.media.client import MediaPool, WorkerAddress
from offhook.media.inline import InlineWorker, LinkHub, MemoryWires
from offhook.testing.loop import VirtualLoop
from offhook.testing.wire import Network


class Phone:
    """A telephone on the network in memory."""

    def __init__(self, network: Network, number: int, hertz: float) -> None:
        self.voice = Voice(hertz, ssrc=number)
        self.address = network.bind((f"10.0.1.{number}", 4000), lambda data, source: self.voice.hear(data))
        self._network = network
        self.port = ("", 0)
        self._task: asyncio.Task[None] | None = None

    def talk_to(self, address: tuple[str, int]) -> None:
        self._task = asyncio.create_task(self._talk(address))

    async def press(self, address: tuple[str, int], digit: int) -> None:
        for packet in self.voice.press(digit):
            self._network.send(packet, self.address, address)
            await asyncio.sleep(0.02)

    def hang_up(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _talk(self, address: tuple[str, int]) -> None:
        while True:
            self._network.send(self.voice.packet(), self.address, address)
            await asyncio.sleep(0.02)


class World:
    def __init__(self, loop: VirtualLoop, folder: Path, executor: ThreadPoolExecutor, workers: int) -> None:
        self.loop = loop
        self.events: list[Event] = []
        self.hub = LinkHub()
        self.lost: list[list[str]] = []
        self.network = Network(loop, seed=1)
        self.phones: list[Phone] = []
        self.prompts = MemoryPrompts()
        self.service = AudioService("a1", loop.clock, folder, self.prompts, executor)
        self.audio_listener = MemoryListener(self.service.accept)
        self.audio = AudioClient(self.audio_listener.connect, loop.clock, SeededIds(2), "c1")
        self.workers = [self.worker(number, "w1") for number in range(workers)]
        self.listeners = [MemoryListener(worker.accept) for worker in self.workers]
        self.pool = self.control("c1")

    def worker(self, number: int, epoch: str) -> InlineWorker:
        ports = range(20000 + 1000 * number, 20100 + 1000 * number, 2)
        wires = MemoryWires(f"10.0.0.{number}", ports, self.network, self.hub)
        ids = SeededIds(number)
        return InlineWorker(
            f"media-{number}",
            epoch,
            self.loop.clock,
            wires,
            self.prompts,
            ids.number,
            audio=self.audio_listener.connect,
            warm_ports=4,
        )

    def control(self, epoch: str) -> MediaPool:
        addresses = [
            WorkerAddress(f"media-{number}", f"10.0.0.{number}", listener.connect)
            for number, listener in enumerate(self.listeners)
        ]
        pool = MediaPool(addresses, "/run", self.loop.clock, SeededIds(3), epoch)
        pool.subscribe(self.events.append)
        pool.on_worker_lost(self.lost.append)
        return pool

    async def start(self) -> None:
        for worker in self.workers:
            worker.start()
        self.pool.start()
        self.audio.start()
        await asyncio.sleep(0.1)

    async def close(self) -> None:
        for phone in self.phones:
            phone.hang_up()
        await self.pool.close()
        await self.audio.close()
        for worker in self.workers:
            await worker.close()
        await self.service.close()

    def call(self, leg: str, hertz: float, conversation: str | None, worker: str | None = None) -> Phone:
        phone = Phone(self.network, len(self.phones) + 1, hertz)
        self.phones.append(phone)
        at = self.pool.reserve(conversation, worker)
        self.pool.open_leg(at, OpenLeg(leg, 0, "PCMU", 0, 101, phone.address, ssrc=5))
        if conversation is not None:
            self.pool.command(Join(leg, conversation))
        phone.talk_to((at.host, at.port))
        phone.port = (at.host, at.port)
        return phone

    async def kill(self, number: int) -> None:
        self.listeners[number].cut()
        await self.workers[number].close()
        await asyncio.sleep(0.1)

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def world(folder: Path, body: Callable[[World], Coroutine[Any, Any, None]], workers: int = 1) -> None:
    async def run() -> None:
        with ThreadPoolExecutor(1) as executor:
            made = World(loop, folder, executor, workers)
            try:
                await made.start()
                await body(made)
            finally:
                await made.close()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_two_legs_talk_and_the_recording_becomes_a_file(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        anna, ben = w.call("A", 440, "room"), w.call("B", 1000, "room")
        w.pool.command(StartRecord("rec", "conversation:room"))
        await asyncio.sleep(2)
        assert anna.voice.level(1000) > 6000
        assert ben.voice.level(440) > 6000
        w.pool.command(StopRecord("rec"))
        await asyncio.sleep(0.1)
        assert w.told(RecordFinished)[0].reason == "stopped"
        done = await w.audio.finalise("rec", "mp3", str(tmp_path / "rec.mp3"))
        assert done.duration_ms == pytest.approx(2000, abs=100)

    world(tmp_path, body)


def test_two_forced_workers_are_linked_and_the_link_goes_with_the_last_leg(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        anna = w.call("A", 440, "room", "media-0")
        ben, eve = w.call("B", 1000, "room", "media-1"), w.call("E", 1700, "room", "media-1")
        await asyncio.sleep(1)
        for phone, own in ((anna, 440), (ben, 1000), (eve, 1700)):
            assert phone.voice.level(own) < 300
            assert all(phone.voice.level(hertz) > 6000 for hertz in {440, 1000, 1700} - {own})
        assert [len(worker.host.describe()["link"]) for worker in w.workers] == [1, 1]
        w.pool.command(Leave("B"))
        w.pool.command(CloseLeg("E"))
        await asyncio.sleep(0.1)
        assert [worker.host.describe()["link"] for worker in w.workers] == [[], []]
        assert w.hub.ends == {}

    world(tmp_path, body, workers=2)


def test_three_workers_meet_in_a_star(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        phones = [w.call(f"L{n}", 500.0 * (n + 1), "room", f"media-{n}") for n in range(3)]
        await asyncio.sleep(1)
        for number, phone in enumerate(phones):
            for other in range(3):
                level = phone.voice.level(500.0 * (other + 1))
                assert level < 300 if other == number else level > 6000
        assert sorted(len(worker.host.describe()["link"]) for worker in w.workers) == [1, 1, 2]

    world(tmp_path, body, workers=3)


def test_new_legs_go_where_their_conversation_is_and_otherwise_where_there_is_room(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        first = w.pool.reserve()
        second = w.pool.reserve()
        assert {first.worker, second.worker} == {"media-0", "media-1"}
        w.pool.release(first)
        w.pool.release(second)
        w.call("A", 440, "room", "media-1")
        held = [w.pool.reserve("room") for _ in range(2)]
        assert {at.worker for at in held} == {"media-1"}
        assert w.pool.reserve("elsewhere").worker == "media-0"
        assert w.pool.reserve("room").worker == "media-1"
        assert w.pool.reserve("room").worker == "media-0"  # full: better apart than not at all

    world(tmp_path, body, workers=2)


def test_ports_run_out_and_come_again(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        held = [w.pool.reserve() for _ in range(4)]
        assert len({at.port for at in held}) == 4
        assert w.pool.ready() == "media worker media-0 has no free port"
        with pytest.raises(MediaError, match="no media port is free: media worker media-0 has no free port"):
            w.pool.reserve()
        w.pool.release(held[0])
        w.pool.release(held[0])
        assert w.pool.reserve().port == held[0].port
        for number, at in enumerate(held):
            w.pool.open_leg(at, OpenLeg(f"L{number}", 0, "PCMU", 0, None, None, 1))
        await asyncio.sleep(0.1)
        assert len({w.pool.reserve().port for _ in range(4)} | {at.port for at in held}) == 8
        assert len(w.told(LegOpened)) == 4

    world(tmp_path, body)


def test_overload_is_when_every_worker_is_late_or_has_no_port(tmp_path: Path) -> None:
    def late(w: World, number: int, skipped: int) -> None:
        load = Load(0, 100, 100 - skipped, skipped, 0, 0, 0, 0, 0, 0)
        w.pool._workers[f"media-{number}"].load = load

    async def body(w: World) -> None:
        assert w.pool.overload(25) is None
        late(w, 0, 40)
        assert w.pool.overload(25) is None
        late(w, 1, 30)
        told = (
            "media worker media-0 left out 40 % of its time; media worker media-1 left out 30 % of its time"
        )
        assert w.pool.overload(25) == told
        assert w.pool.overload(30) is None
        for _ in range(8):
            w.pool.reserve()
        assert "no free port" in (w.pool.overload(100) or "")

    world(tmp_path, body, workers=2)


def test_a_refused_leg_is_told_and_forgotten(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        at = w.pool.reserve()
        w.pool.open_leg(at, OpenLeg("A", 0, "OPUS", 0, None, None, 1))
        w.pool.command(Join("A", "room"))
        await asyncio.sleep(0.1)
        assert [event.leg for event in w.told(LegRefused)] == ["A"]
        assert w.pool.reserve("room").port != at.port
        w.pool.command(SendDigits("d", "A", "1"))
        w.pool.command(Play("p", "leg:A", "/x", 1))
        await asyncio.sleep(0.1)
        assert w.told(DigitsSent) == [DigitsSent("d")]
        assert w.told(PlaybackFinished) == [PlaybackFinished("p", "closed", 0)]

    world(tmp_path, body)


def test_a_key_on_another_worker_stops_a_prompt(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        w.call("A", 0, "room", "media-0")
        ben = w.call("B", 0, "room", "media-1")
        await asyncio.sleep(0.5)
        prompt = w.prompts.write(sine(700, 9000))
        w.pool.command(Play("near", "conversation:room", prompt.name, prompt.samples, stop_on_digit="B"))
        w.pool.command(Play("far", "leg:A", prompt.name, prompt.samples, stop_on_digit="B"))
        await asyncio.sleep(0.6)
        assert all(phone.voice.level(700) > 6000 for phone in w.phones)  # heard on both workers
        ben.hang_up()
        await ben.press(ben.port, 3)
        await asyncio.sleep(0.3)
        assert [event.digit for event in w.told(DigitReceived)] == ["3"]
        ends = {event.playback: event.reason for event in w.told(PlaybackFinished)}
        assert ends == {"near": "digit", "far": "digit"}

    world(tmp_path, body, workers=2)


def test_a_lost_worker_takes_its_legs_and_nobody_waits(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        anna, ben = w.call("A", 440, "room", "media-0"), w.call("B", 1000, "room", "media-1")
        eve = w.call("E", 1700, "room", "media-1")
        prompt = w.prompts.write(sine(700, 9000))
        await asyncio.sleep(0.2)
        w.pool.command(Play("p", "leg:A", prompt.name, prompt.samples))
        w.pool.command(StartRecord("r", "leg:A"))
        w.pool.command(SendDigits("d", "A", "123456789"))
        await asyncio.sleep(0.3)
        held = w.pool.reserve(worker="media-0")
        await w.kill(0)  # the home of the room
        assert w.lost == [["A"]]
        assert PlaybackFinished("p", "closed", 0) in w.events
        assert RecordFinished("r", "closed", 0) in w.events
        assert DigitsSent("d") in w.events
        w.pool.open_leg(held, OpenLeg("X", 0, "PCMU", 0, None, None, 1))
        await asyncio.sleep(0.5)
        assert [event.leg for event in w.told(LegRefused)] == ["X"]
        assert ben.voice.level(1700) > 6000  # the rest of the room goes on
        assert eve.voice.level(1000) > 6000
        assert w.workers[1].host.describe()["link"] == []
        assert w.pool.status()["media-0"] == "media worker media-0 is not connected (nobody listens here)"
        assert w.pool.ready() is None
        anna.voice.forget()
        w.workers[0] = w.worker(0, "w2")
        w.workers[0].start()
        w.listeners[0].restore(w.workers[0].accept)
        await asyncio.sleep(1.5)
        again = w.call("A2", 2200, "room", "media-0")
        await asyncio.sleep(1)
        assert again.voice.level(1000) > 6000
        assert ben.voice.level(2200) > 6000

    world(tmp_path, body, workers=2)


def test_a_conversation_survives_its_home(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        w.call("A", 440, "room", "media-0")
        ben, eve = w.call("B", 1000, "room", "media-1"), w.call("E", 1700, "room", "media-2")
        await asyncio.sleep(0.5)
        await w.kill(0)
        await asyncio.sleep(1)
        assert ben.voice.level(1700) > 6000
        assert eve.voice.level(1000) > 6000
        assert ben.voice.level(440) < 300

    world(tmp_path, body, workers=3)


def test_a_new_control_adopts_nobody(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        prompt = w.prompts.write(sine(700, 9000))
        w.call("A", 440, "room")
        w.pool.command(Play("p", "conversation:room", prompt.name, prompt.samples))
        w.pool.command(StartRecord("r", "conversation:room"))
        await asyncio.sleep(0.5)
        await w.pool.close()
        await asyncio.sleep(1)
        assert w.workers[0].host.describe()["leg"] == ["A"]
        w.events.clear()
        w.pool = w.control("c2")
        w.pool.start()
        await asyncio.sleep(0.5)
        assert w.workers[0].host.describe() == {"leg": [], "link": [], "playback": [], "recording": []}
        assert w.told(PlaybackFinished) == []  # not of this control's
        assert w.pool.ready() is None

    world(tmp_path, body)


def test_prompts_to_a_room_that_is_still_empty_are_heard_by_who_comes(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        prompt = w.prompts.write(sine(700, 9000))
        w.pool.command(Play("music", "conversation:room", prompt.name, prompt.samples, loop=0))
        await asyncio.sleep(0.1)
        anna = w.call("A", 0, "room")
        await asyncio.sleep(1)
        assert anna.voice.level(700) > 6000
        w.pool.command(StopPlay("music"))
        w.pool.command(CloseLeg("A"))
        await asyncio.sleep(0.1)
        assert w.told(PlaybackFinished)[0].reason == "stopped"

    world(tmp_path, body)


def test_the_same_seed_gives_the_same_packets(tmp_path: Path) -> None:
    def packets() -> list[bytes]:
        heard: list[bytes] = []

        async def body(w: World) -> None:
            w.call("A", 440, "room")
            ben = w.call("B", 1000, "room")
            await asyncio.sleep(1)
            heard.extend(ben.voice.headers)
            heard.extend(piece.tobytes() for piece in ben.voice.heard)

        world(tmp_path, body)
        return heard

    first = packets()
    assert len(first) > 80
    assert packets() == first


def test_a_leg_is_opened_with_a_reservation_only(tmp_path: Path) -> None:
    async def body(w: World) -> None:
        with pytest.raises(LocalStateError, match="open_leg"):
            w.pool.command(OpenLeg("A", 20000, "PCMU", 0, None, None, 1))

    world(tmp_path, body)
