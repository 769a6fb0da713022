"""Children of a killed supervisor: waited for, and killed when they hang; strangers are left alone."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from offhook.config import Settings
from offhook.ipc.shm_names import ENVIRONMENT, prefix_of
from offhook.supervisor import leftovers


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path)
    made.make_directories()
    return made


class Processes:
    """Stand-ins for children, each with its pid file."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.all: list[subprocess.Popen[bytes]] = []

    def start(self, name: str, code: str, *, ours: bool = True) -> subprocess.Popen[bytes]:
        mark = {ENVIRONMENT: prefix_of(self.settings.data_dir)} if ours else {}
        made = subprocess.Popen(
            [sys.executable, "-S", "-c", f"print('up', flush=True); {code}"],
            env={**{k: v for k, v in os.environ.items() if k != ENVIRONMENT}, **mark},
            stdout=subprocess.PIPE,
        )
        assert made.stdout is not None
        made.stdout.readline()
        (self.settings.run_dir / f"{name}.pid").write_text(f"{made.pid}\n")
        self.all.append(made)
        return made


@pytest.fixture
def processes(settings: Settings) -> Iterator[Processes]:
    made = Processes(settings)
    yield made
    for process in made.all:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


SLEEP = "import time; time.sleep(60)"


def test_only_children_on_this_data_directory_count(settings: Settings, processes: Processes) -> None:
    child = processes.start("control", SLEEP)
    processes.start("media-0", SLEEP, ours=False)
    (settings.run_dir / "audio.pid").write_text("")
    (settings.run_dir / "speech-0.pid").write_text("999999999\n")
    (settings.run_dir / "supervisor.pid").write_text(f"{child.pid}\n")
    assert leftovers.living(settings) == {"control": child.pid}


def test_one_that_is_ending_is_waited_for(settings: Settings, processes: Processes) -> None:
    child = processes.start("control", "import time; time.sleep(0.5)")
    asyncio.run(leftovers.ended(settings, 30.0))
    assert child.wait(5) == 0


def test_one_that_hangs_is_killed_and_a_stranger_is_not(settings: Settings, processes: Processes) -> None:
    child = processes.start("control", SLEEP)
    stranger = processes.start("media-0", SLEEP, ours=False)
    os.kill(child.pid, signal.SIGSTOP)
    asyncio.run(leftovers.ended(settings, 0.2))
    assert child.wait(5) == -signal.SIGKILL
    assert stranger.poll() is None


def test_nothing_left_costs_no_time(settings: Settings) -> None:
    began = time.monotonic()
    asyncio.run(leftovers.ended(settings, 30.0))
    assert time.monotonic() - began < 10


HOLDING = """
import socket, threading, time
held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
held.bind(("127.0.0.1", 0))
memory = bytearray(b"1") * (256 << 20)
for _ in range(4):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
open({where!r}, "w").write(str(held.getsockname()[1]))
time.sleep(60)
"""


@pytest.mark.parametrize("hangs", [True, False])
def test_the_ports_of_a_killed_one_are_free_at_once(
    settings: Settings, processes: Processes, tmp_path: Path, hangs: bool
) -> None:
    """Its first thread is gone while its last one, with the sockets, still gives back the memory."""
    where = tmp_path / "port"
    child = processes.start("control", f"exec({HOLDING.format(where=str(where))!r})")
    deadline = time.monotonic() + 30
    while not (where.exists() and where.read_text()) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGSTOP if hangs else signal.SIGKILL)
    asyncio.run(leftovers.ended(settings, 0.2 if hangs else 30.0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
        mine.bind(("127.0.0.1", int(where.read_text())))
