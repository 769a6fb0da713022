"""A child process is started again when it ends, killed when it hangs, and ends when told to."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from offhook.supervisor.child import Child, Plan
from offhook.supervisor.starving import waited


def python(code: str) -> list[str]:
    return [sys.executable, "-S", "-c", code]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work()

    asyncio.run(bounded())


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 — the condition is another process
        await asyncio.sleep(0.01)


def test_a_child_that_ends_is_started_again(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    code = (
        f"import time; path = {str(marks)!r}; open(path, 'a').write('x'); "
        "time.sleep(0 if len(open(path).read()) < 2 else 60)"
    )

    async def work() -> None:
        child = Child(Plan("child", python(code)))
        task = asyncio.ensure_future(child.keep_alive())
        await until(lambda: marks.exists() and len(marks.read_text()) == 2)
        assert child.restarts == 1
        await child.stop(5)
        await task
        assert child.pid is None
        assert marks.read_text() == "xx"

    run(work)


def test_a_child_sees_end_of_file_when_it_is_to_end_and_sigterm_ends_it() -> None:
    async def work() -> None:
        started: list[int] = []
        child = Child(
            Plan("child", python("import sys; sys.stdin.read()")), lambda _, pid: started.append(pid)
        )
        task = asyncio.ensure_future(child.keep_alive())
        await until(lambda: bool(started))
        await child.stop(5)
        await task
        assert child.restarts == 0

    run(work)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = (
        f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(60)"
    )

    async def work() -> None:
        child = Child(Plan("child", python(code)))
        task = asyncio.ensure_future(child.keep_alive())
        await until(ready.exists)
        await child.stop(0.1)
        await task
        assert child.pid is None

    run(work)


def test_a_child_that_stops_giving_signs_of_life_is_killed_and_started_again() -> None:
    code = "import os, time; os.write(int(os.environ['OFFHOOK_BEAT']), b'.'); time.sleep(60)"

    async def work() -> None:
        child = Child(Plan("child", python(code), silence_kills_after=0.3))
        task = asyncio.ensure_future(child.keep_alive())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(until(lambda: child.restarts >= 1), 10)
        assert child.restarts >= 1
        await child.stop(5)
        await task

    run(work)


def test_waiting_for_a_core_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, time; os.write(int(os.environ['OFFHOOK_BEAT']), b'.'); time.sleep(60)"
    looks: list[float] = []

    def waited_more(_: int) -> float:
        looks.append(10.0 * len(looks))
        return looks[-1]

    monkeypatch.setattr("offhook.supervisor.child.waited", waited_more)

    async def work() -> None:
        child = Child(Plan("child", python(code), silence_kills_after=0.3))
        task = asyncio.ensure_future(child.keep_alive())
        await until(lambda: len(looks) >= 4)
        assert child.restarts == 0
        await child.stop(5)
        await task

    run(work)


def test_a_process_that_sleeps_does_not_wait_for_a_core() -> None:
    assert 0.0 <= waited(os.getpid()) < 3600.0
    assert waited(0) == 0.0


def test_a_child_that_was_just_being_started_ends_too() -> None:
    async def work() -> None:
        child = Child(Plan("child", python("import time; time.sleep(60)")))
        task = asyncio.ensure_future(child.keep_alive())
        await asyncio.sleep(0)  # keep_alive waits for the operating system's new process now
        assert child.pid is None
        await child.stop(5)
        async with asyncio.timeout(3):
            await task
        assert child.pid is None

    run(work)


def test_a_child_that_cannot_be_started_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        child = Child(Plan("child", ["/nonexistent/offhook-child"]))
        task = asyncio.ensure_future(child.keep_alive())
        await until(lambda: child.restarts == 2)
        await child.stop(5)
        await task

    with caplog.at_level("WARNING", "offhook.supervisor"):
        run(work)
    lines = [record.getMessage() for record in caplog.records]
    assert "child cannot be started" in lines[0]
    assert "again in 0.1 s" in lines[0]
    assert "again in 0.2 s" in lines[1]
