"""Signs of life: a byte for each, and never a reason to stand still."""

import asyncio
import os

import pytest

from offhook.ipc.beat import EVERY_S, VARIABLE, Beat
from offhook.testing.loop import VirtualLoop


def test_a_byte_a_second_while_the_loop_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setenv(VARIABLE, str(writer))
    loop = VirtualLoop()

    async def work() -> None:
        task = asyncio.ensure_future(Beat().keep())
        await asyncio.sleep(2.5 * EVERY_S)
        task.cancel()

    loop.run_until_complete(work())
    loop.close()
    assert os.read(reader, 100) == b"..."
    os.close(reader)
    os.close(writer)


def test_a_supervisor_that_reads_nothing_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    monkeypatch.setenv(VARIABLE, str(writer))
    beat = Beat()
    for _ in range(70_000):  # more than a pipe takes
        beat.beat()
    os.close(reader)
    beat.beat()
    os.close(writer)


def test_without_a_supervisor_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    asyncio.run(asyncio.wait_for(Beat().keep(), 5))
