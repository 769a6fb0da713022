"""Real processes, real sockets: media workers, the audio worker, and telephones that speak RTP."""

import asyncio
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.unit.media_host.voice import Voice, amplitude

from offhook.audio.client import AudioClient
from offhook.audio.spool import spool_path
from offhook.audio.tones import sine
from offhook.core.clock import SystemClock
from offhook.core.errors import MediaError
from offhook.core.ids import SeededIds
from offhook.ipc.audio import SpoolFound
from offhook.ipc.media import (
    CloseLeg,
    DigitReceived,
    Event,
    Join,
    LegOpened,
    LegStats,
    MediaStarted,
    OpenLeg,
    Play,
    PlaybackFinished,
    RecordFinished,
    StartRecord,
    StopRecord,
)
from offhook.ipc.pipes import unix_connector
from offhook.ipc.shm import SharedPrompts
from offhook.ipc.shm_names import prefix_of
from offhook.media.client import MediaPool, Reservation, WorkerAddress

pytestmark = pytest.mark.interop

Audio = npt.NDArray[np.int16]
HOST = "127.0.0.1"
FIRST_PORT = 41_000


phones: list["Phone"] = []


class Phone(asyncio.DatagramProtocol):
    """A telephone on a real socket: sends 20 ms of its voice on an absolute grid, hears what comes."""

    def __init__(self, hertz: float, ssrc: int) -> None:
        self.voice = Voice(hertz, ssrc)
        self.arrivals: list[float] = []
        self.address = (HOST, 0)
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> "Phone":
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        self.address = self._transport.get_extra_info("sockname")
        phones.append(self)
        return self

    def talk_to(self, port: int) -> None:
        self._task = asyncio.create_task(self._talk(port))

    def press(self, port: int, digit: int) -> None:
        assert self._transport is not None
        for packet in self.voice.press(digit):
            self._transport.sendto(packet, (HOST, port))

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.arrivals.append(time.monotonic())
        self.voice.hear(data)

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.close()

    async def _talk(self, port: int) -> None:
        assert self._transport is not None
        due = time.monotonic()
        while True:
            self._transport.sendto(self.voice.packet(), (HOST, port))
            due += 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class Cluster:
    """The worker processes of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.spool = folder / "spool"
        self.prompts = SharedPrompts(prefix_of(folder))
        self.parent_reads, self.parent_writes = os.pipe()

    def start_audio(self) -> None:
        self._start("audio", "offhook.audio.worker", "--spool", str(self.spool))

    def start_media(self, name: str, first_port: int) -> None:
        self._start(
            name,
            "offhook.media.worker",
            "--name", name,
            "--audio-socket", self.socket("audio"),
            "--port-min", str(first_port),
            "--port-max", str(first_port + 199),
            "--capacity", "64",
            "--warm-ports", "8",
        )  # fmt: skip

    def socket(self, name: str) -> str:
        return str(self.folder / f"{name}.sock")

    def kill(self, name: str) -> None:
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def end_parent(self) -> None:
        """What the children see when their parent dies."""
        os.close(self.parent_writes)
        self.parent_writes = -1

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGCONT)
            process.terminate()
        for process in self.processes.values():
            process.wait(10)
        for descriptor in (self.parent_reads, self.parent_writes):
            if descriptor >= 0:
                os.close(descriptor)
        self.prompts.clear()

    def _start(self, name: str, module: str, *options: str) -> None:
        command = [sys.executable, "-m", module, "--socket", self.socket(name)]
        command += ["--shm-prefix", self.prompts.prefix, "--parent-fd", str(self.parent_reads), *options]
        command += ["--log-level", "warning"]
        self.processes[name] = subprocess.Popen(command, pass_fds=[self.parent_reads])


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="oh"))
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


class Control:
    """The control side: the pool, the audio client, and everything they told."""

    def __init__(self, cluster: Cluster, media: list[str]) -> None:
        clock, ids = SystemClock(), SeededIds(7)
        addresses = [WorkerAddress(name, HOST, unix_connector(cluster.socket(name))) for name in media]
        self.audio = AudioClient(unix_connector(cluster.socket("audio")), clock, ids, "c1")
        self.events: list[Event] = []
        self.found: list[SpoolFound] = []
        self.lost: list[list[str]] = []
        self.ports: dict[str, int] = {}
        self.pool = MediaPool(addresses, str(cluster.folder), clock, ids, "c1")
        self.pool.subscribe(self.events.append)
        self.pool.on_worker_lost(self.lost.append)
        self.audio.on_spool_found(self.found.append)

    async def start(self) -> None:
        self.pool.start()
        self.audio.start()
        await until(lambda: self.pool.ready() is None and self.audio.ready() is None, 20)

    def call(self, leg: str, phone: Phone, conversation: str, at: Reservation) -> None:
        self.pool.open_leg(at, OpenLeg(leg, 0, "PCMU", 0, 101, phone.address, ssrc=99))
        self.pool.command(Join(leg, conversation))
        phone.talk_to(at.port)
        self.ports[leg] = at.port

    def told(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    async def close(self) -> None:
        await self.pool.close()
        await self.audio.close()


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for a fact; the limit only bounds a failure."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def connected(cluster: Cluster, media: list[str]) -> AsyncIterator[Control]:
    control = Control(cluster, media)
    try:
        await control.start()
        yield control
    finally:
        await control.close()


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        try:
            await body()
        finally:
            for phone in phones:
                phone.close()
            phones.clear()
            await asyncio.sleep(0)

    asyncio.run(main())


def test_two_legs_hear_each_other_a_prompt_and_are_recorded(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)

    async def body() -> None:
        async with connected(cluster, ["media-0"]) as control:
            pool = control.pool
            anna, ben = await Phone(440, 1).open(), await Phone(1000, 2).open()
            for leg, phone in (("A", anna), ("B", ben)):
                control.call(leg, phone, "room", pool.reserve("room"))
            await until(lambda: anna.voice.level(1000) > 5000 and ben.voice.level(440) > 5000)
            assert anna.voice.level(440) < 300  # nobody hears himself
            assert {e.leg for e in control.told(LegOpened)} == {"A", "B"}  # type: ignore[union-attr]
            assert MediaStarted("A", anna.address) in control.events

            pool.command(StartRecord("rec", "conversation:room", layout="split", channels=2, owner="A"))
            prompt = cluster.prompts.write(sine(2000, 1000))
            pool.command(Play("p1", "conversation:room", prompt.name, prompt.samples))
            await until(lambda: anna.voice.level(2000) > 5000 and ben.voice.level(2000) > 5000)
            await until(lambda: PlaybackFinished("p1", "done", 1000) in control.events)

            long = cluster.prompts.write(sine(2500, 5000))
            pool.command(Play("p2", "leg:A", long.name, long.samples, loop=0, stop_on_digit="B"))
            await until(lambda: anna.voice.level(2500) > 5000)
            assert ben.voice.level(2500) < 300  # played to one leg only
            ben.press(control.ports["B"], 7)
            await until(lambda: any(e.reason == "digit" for e in control.told(PlaybackFinished)))  # type: ignore[union-attr]
            await until(lambda: bool(control.told(DigitReceived)))

            for leg in ("A", "B"):
                pool.command(CloseLeg(leg))
            await until(lambda: len(control.told(LegStats)) == 2)
            pool.command(StopRecord("rec"))
            await until(lambda: bool(control.told(RecordFinished)))
            done = await control.audio.finalise("rec", "wav", str(cluster.folder / "rec.wav"))
            assert done.duration_ms > 1500
            left, right = read_wav(done.path)
            half = slice(8000, 16000)
            assert at_16k(left[half], 440) > 5000
            assert at_16k(left[half], 1000) < 300
            assert at_16k(right[half], 1000) > 5000
            print("send gaps of A:", gaps(anna))

    run(body)


def test_two_workers_joined_by_a_link_hear_each_other(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)
    cluster.start_media("media-1", FIRST_PORT + 1000)

    async def body() -> None:
        async with connected(cluster, ["media-0", "media-1"]) as control:
            pool = control.pool
            await until(lambda: pool.status() == {"media-0": None, "media-1": None})
            anna, ben, eve = [await Phone(hz, ssrc).open() for hz, ssrc in ((440, 1), (1000, 2), (1700, 3))]
            control.call("A", anna, "room", pool.reserve(worker="media-0"))
            control.call("B", ben, "room", pool.reserve(worker="media-1"))
            control.call("E", eve, "room", pool.reserve(worker="media-1"))
            await until(lambda: anna.voice.level(1000) > 5000 and anna.voice.level(1700) > 5000)
            await until(lambda: ben.voice.level(440) > 5000 and ben.voice.level(1700) > 5000)
            assert anna.voice.level(440) < 300  # nothing comes back over the link
            assert ben.voice.level(1000) < 300
            prompt = cluster.prompts.write(sine(2500, 5000))
            pool.command(Play("p", "conversation:room", prompt.name, prompt.samples, stop_on_digit="B"))
            await until(lambda: all(p.voice.level(2500) > 5000 for p in (anna, ben, eve)))
            ben.press(control.ports["B"], 1)
            await until(lambda: any(e.reason == "digit" for e in control.told(PlaybackFinished)))  # type: ignore[union-attr]

            cluster.kill("media-1")
            await until(lambda: control.lost == [["B", "E"]])
            anna.voice.forget()
            await until(lambda: len(anna.voice.heard) > 50)
            assert anna.voice.level(1000) < 300  # the dead worker's legs are silent, the other goes on

    run(body)


def test_what_a_kill_does(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)

    async def body() -> None:
        async with connected(cluster, ["media-0"]) as control:
            pool = control.pool
            anna = await Phone(440, 1).open()
            control.call("A", anna, "room", pool.reserve())
            pool.command(StartRecord("rec", "leg:A"))
            await until(lambda: spool_path(cluster.spool, "rec").exists())

            cluster.kill("audio")  # a killed audio worker costs no audio
            await until(lambda: control.audio.ready() is not None)
            await asyncio.sleep(1.5)
            cluster.start_audio()
            await until(lambda: bool(control.found), 20)
            assert control.found[0].recording == "rec"
            size = spool_path(cluster.spool, "rec").stat().st_size
            await until(lambda: spool_path(cluster.spool, "rec").stat().st_size > size)

            cluster.kill("media-0")  # a killed media worker takes its legs along; what was recorded stays
            await until(lambda: control.lost == [["A"]], 2)
            assert RecordFinished("rec", "closed", 0) in control.events
            assert pool.ready() is not None
            with pytest.raises(MediaError, match="no media port is free: media worker media-0 is not"):
                pool.reserve()
            done = await control.audio.finalise("rec", "wav", str(cluster.folder / "rec.wav"))
            mono = read_wav(done.path)[0]
            assert done.duration_ms >= 2000
            assert min(at_16k(mono[at : at + 8000], 440) for at in range(8000, 24000, 8000)) > 4000

            cluster.start_media("media-0", FIRST_PORT)
            await until(lambda: pool.ready() is None, 20)
            control.call("A2", await Phone(500, 2).open(), "room", pool.reserve())
            await until(lambda: LegOpened("A2") in control.events)

    run(body)


def test_a_hung_worker_is_a_dead_one_and_media_outlives_control(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)

    async def body() -> None:
        anna, ben = await Phone(440, 1).open(), await Phone(1000, 2).open()
        async with connected(cluster, ["media-0"]) as control:
            for leg, phone in (("A", anna), ("B", ben)):
                control.call(leg, phone, "room", control.pool.reserve("room"))
            await until(lambda: ben.voice.level(440) > 5000)
        ben.voice.forget()  # control is gone, the conversation goes on
        await until(lambda: len(ben.voice.heard) > 60)
        assert ben.voice.level(440) > 5000
        async with connected(cluster, ["media-0"]) as control:  # a new control adopts nobody
            ben.voice.forget()
            await asyncio.sleep(0.3)
            ben.voice.forget()
            await asyncio.sleep(0.5)
            assert ben.voice.heard == []

            control.call("C", await Phone(700, 3).open(), "room", control.pool.reserve())
            await until(lambda: LegOpened("C") in control.events)
            cluster.processes["media-0"].send_signal(signal.SIGSTOP)
            await until(lambda: control.lost == [["C"]], 6)
            cluster.processes["media-0"].send_signal(signal.SIGCONT)
            await until(lambda: control.pool.ready() is None)

    run(body)


def test_without_control_media_ends_after_ten_seconds(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)

    async def body() -> None:
        anna, ben = await Phone(440, 1).open(), await Phone(1000, 2).open()
        async with connected(cluster, ["media-0"]) as control:
            for leg, phone in (("A", anna), ("B", ben)):
                control.call(leg, phone, "room", control.pool.reserve("room"))
            control.pool.command(StartRecord("rec", "conversation:room"))
            await until(lambda: ben.voice.level(440) > 5000)
        left = time.monotonic()
        await until(lambda: time.monotonic() - ben.arrivals[-1] > 1, 15)
        assert 9 < ben.arrivals[-1] - left < 12
        async with connected(cluster, ["media-0"]) as control:
            done = await control.audio.finalise("rec", "ogg", str(cluster.folder / "rec.ogg"))
            assert done.duration_ms > 9000

    run(body)


def test_children_end_with_their_parent(cluster: Cluster) -> None:
    cluster.start_audio()
    cluster.start_media("media-0", FIRST_PORT)

    async def body() -> None:
        async with connected(cluster, ["media-0"]):
            cluster.end_parent()
            await until(lambda: all(p.poll() == 0 for p in cluster.processes.values()), 5)

    run(body)


def read_wav(path: str) -> list[Audio]:
    with wave.open(path) as file:
        audio = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    return [audio[:, channel] for channel in range(audio.shape[1])]


def at_16k(audio: Audio, hertz: float) -> float:
    return amplitude(np.ascontiguousarray(audio), hertz / 2)


def gaps(phone: Phone) -> str:
    """How regular what arrived was, in milliseconds."""
    between = [1000 * (b - a) for a, b in zip(phone.arrivals, phone.arrivals[1:], strict=False)]
    between = sorted(between[10:])
    off = sorted(abs(gap - 20) for gap in between)
    return (
        f"{len(between)} packets, median {statistics.median(between):.2f}, "
        f"p99 {between[int(len(between) * 0.99)]:.2f}, max {between[-1]:.2f}; "
        f"deviation p50 {statistics.median(off):.2f}, p99 {off[int(len(off) * 0.99)]:.2f}"
    )
