"""Client, service and recorder blocks over memory, in virtual time."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from offhook.audio.client import AudioClient
from offhook.audio.service import AudioService
from offhook.audio.spool import SpoolWriter, scan, spool_path
from offhook.core.errors import MediaError
from offhook.core.ids import SeededIds
from offhook.ipc.audio import RecorderBlock, SpoolFound, SpoolRefused
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint
from offhook.ipc.memory import MemoryListener
from offhook.ipc.shm import MemoryPrompts
from offhook.testing.loop import VirtualLoop

SECOND = np.full(8000, 7, dtype="<i2").tobytes()


class Scene:
    """One audio worker, one client, one media worker's stream of blocks."""

    def __init__(self, loop: VirtualLoop, folder: Path, executor: Executor) -> None:
        self.loop = loop
        self.executor = executor
        self.folder = folder
        self.prompts = MemoryPrompts()
        self.service = self.new_service("a1")
        self.listener = MemoryListener(self.service.accept)
        self.client = AudioClient(self.listener.connect, loop.clock, SeededIds(1), "c1")
        self.found: list[SpoolFound] = []
        self.client.on_spool_found(self.found.append)
        self.refused: list[SpoolRefused] = []
        self.client.on_spool_refused(self.refused.append)
        self.media = Channel(
            Endpoint("media-0", "m1", None, keep=True), self.listener.connect, loop.clock, on_message=print
        )
        self.client.start()
        self.media.start()

    def new_service(self, epoch: str) -> AudioService:
        return AudioService(epoch, self.loop.clock, self.folder, self.prompts, self.executor)

    async def replace(self, epoch: str, away: float = 0.0) -> None:
        self.listener.cut()
        await self.service.close()
        await asyncio.sleep(away)
        self.service = self.new_service(epoch)
        self.listener.restore(self.service.accept)

    def block(self, sequence: int, pcm: bytes = SECOND, last: bool = False) -> None:
        self.media.send(RecorderBlock("r1", sequence, 1, pcm, last))

    async def close(self) -> None:
        await self.client.close()
        await self.media.close()
        await self.service.close()


def scene(folder: Path, body: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        with ThreadPoolExecutor(1) as executor:
            stage = Scene(loop, folder, executor)
            try:
                await body(stage)
            finally:
                await stage.close()

    loop = VirtualLoop()
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_blocks_become_a_file(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0)
        stage.block(1, SECOND[:3200], last=True)
        done = await stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav"))
        assert (done.duration_ms, done.size) == (1200, 44 + 38400)
        assert not spool_path(tmp_path, "r1").exists()

    scene(tmp_path, body)


def test_finalise_waits_for_the_last_block(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        asked = asyncio.ensure_future(stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav")))
        for number in range(5):
            await asyncio.sleep(1)
            stage.block(number)
        await asyncio.sleep(1)
        assert not asked.done()
        stage.block(5, b"", last=True)
        assert (await asked).duration_ms == 5000

    scene(tmp_path, body)


def test_a_last_block_that_never_comes_is_not_waited_for(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0)
        started = stage.loop.time()
        done = await stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav"))
        assert done.duration_ms == 1000
        assert stage.loop.time() - started < 3

    scene(tmp_path, body)


def test_a_killed_worker_loses_no_audio(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0)
        await asyncio.sleep(0.1)
        stage.listener.cut()
        stage.block(1)  # while nobody is there
        asked = asyncio.ensure_future(stage.client.finalise("r1", "mp3", str(tmp_path / "r1.mp3")))
        await stage.replace("a2", away=0.7)
        stage.block(2, last=True)
        assert (await asked).duration_ms == 3000

    scene(tmp_path, body)


def test_a_job_is_asked_again_of_the_successor(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0)
        asked = asyncio.ensure_future(stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav")))
        await asyncio.sleep(1)  # accepted, waiting for the last block
        await stage.replace("a2")
        stage.block(1, last=True)
        assert (await asked).duration_ms == 2000

    scene(tmp_path, body)


def test_what_lies_in_the_spool_is_reported(tmp_path: Path) -> None:
    writer = SpoolWriter(spool_path(tmp_path, "left-behind"), 1)
    writer.append(0, SECOND, last=False)
    writer.close()
    (tmp_path / "junk.pcm").write_bytes(b"?")

    async def body(stage: Scene) -> None:
        await asyncio.sleep(0.1)
        assert stage.found == [SpoolFound("left-behind", 1000)]
        done = await stage.client.finalise("left-behind", "wav", str(tmp_path / "l.wav"))
        assert done.duration_ms == 1000

    scene(tmp_path, body)


def test_decode_gives_a_prompt_and_drop_takes_it(tmp_path: Path) -> None:
    from wave import open as wave_open

    with wave_open(str(tmp_path / "a.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(SECOND)

    async def body(stage: Scene) -> None:
        prompt = await stage.client.decode(str(tmp_path / "a.wav"))
        assert stage.prompts.open(prompt.name, prompt.samples)[:3].tolist() == [7, 7, 7]
        stage.client.drop(prompt)
        await asyncio.sleep(0.1)
        with pytest.raises(MediaError, match="not there"):
            stage.prompts.open(prompt.name, prompt.samples)
        with pytest.raises(MediaError, match="longer than the 0"):
            await stage.client.decode(str(tmp_path / "a.wav"), max_seconds=0.5)

    scene(tmp_path, body)


def test_failures_say_why(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        with pytest.raises(MediaError, match="nothing was recorded under none"):
            await stage.client.finalise("none", "wav", str(tmp_path / "r.wav"))
        with pytest.raises(MediaError, match="not a recording id"):
            await stage.client.finalise("../x", "wav", str(tmp_path / "r.wav"))
        with pytest.raises(MediaError, match="No such file"):
            await stage.client.decode(str(tmp_path / "none.wav"))

    scene(tmp_path, body)


def test_a_recording_that_cannot_be_written_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def body(stage: Scene) -> None:
        for number in range(3):
            stage.block(number)
        await asyncio.sleep(0.1)

    (tmp_path / "r1.pcm").mkdir()
    with caplog.at_level(logging.ERROR, "offhook.audio"):
        scene(tmp_path, body)
    assert len(caplog.records) == 1


def test_late_blocks_of_a_finished_recording_leave_nothing(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0, last=True)
        await stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav"))
        stage.block(0, last=True)
        await asyncio.sleep(0.1)

    scene(tmp_path, body)
    assert list(tmp_path.glob("*.pcm")) == []


def test_ready_names_what_is_missing(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        assert stage.client.ready() == "the audio worker is not connected"
        await asyncio.sleep(0.1)
        assert stage.client.ready() is None

    scene(tmp_path, body)


def test_closing_fails_what_waits(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.listener.cut()
        asked = asyncio.ensure_future(stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav")))
        await asyncio.sleep(0.1)
        await stage.client.close()
        with pytest.raises(MediaError, match="shutting down"):
            await asked

    scene(tmp_path, body)


def test_spool_state_survives_a_reopened_writer(tmp_path: Path) -> None:
    async def body(stage: Scene) -> None:
        stage.block(0)
        await asyncio.sleep(0.1)
        await stage.replace("a2")
        await asyncio.sleep(0.1)
        assert scan(spool_path(tmp_path, "r1")).next_sequence == 1  # the block sent again is held once

    scene(tmp_path, body)


def test_a_full_disk_is_told_once_and_finishing_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write = os.pwrite

    def pwrite(handle: int, data: bytes, offset: int) -> int:
        if offset > 20_000:
            raise OSError(28, "No space left on device")
        return write(handle, data, offset)

    async def body(stage: Scene) -> None:
        for number in range(4):
            stage.block(number)
            await asyncio.sleep(1)
        assert [each.recording for each in stage.refused] == ["r1"]
        assert "No space left on device; free some space for" in stage.refused[0].reason
        started = stage.loop.time()
        with pytest.raises(MediaError, match="No space left"):
            await stage.client.finalise("r1", "wav", str(tmp_path / "r1.wav"))
        assert stage.loop.time() - started < 1
        assert scan(spool_path(tmp_path, "r1")).duration_ms == 2000

    monkeypatch.setattr(os, "pwrite", pwrite)
    scene(tmp_path, body)
    assert caplog.text.count("cannot be written") == 1


def test_a_file_that_cannot_be_stored_leaves_the_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    async def body(stage: Scene) -> None:
        stage.block(0, last=True)
        with pytest.raises(MediaError, match="cannot be stored: No space left on device; what was recorded"):
            await stage.client.finalise("r1", "wav", str(tmp_path / "out" / "r1.wav"))
        assert scan(spool_path(tmp_path, "r1")).closed
        assert list((tmp_path / "out").iterdir()) == []

    monkeypatch.setattr(os, "replace", refused)
    scene(tmp_path, body)
