"""Where control's CPU time goes: samples of py-spy, sorted by the part of the platform nearest to them.

py-spy reads the stacks from outside, without stopping or changing what it watches. It is no dependency:
without it a bench says how to have it. `pip install py-spy` into any environment on PATH is enough.
"""

import asyncio
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

RATE = 200
MISSING = "NOT RUN: py-spy is not installed (pip install py-spy), so there is no breakdown"
PARTS = (
    ("journal", ("offhook/core/journal", "offhook/transport/trace", "offhook/calls/trace")),
    ("sip", ("offhook/sip/", "offhook/transport/", "offhook/sdp/")),
    ("storage", ("offhook/storage/", "sqlalchemy/", "sqlite3/")),
    ("webhooks", ("offhook/webhooks/", "aiohttp/", "yarl/", "jwt/", "offhook/security/")),
    ("http/json", ("offhook/http/", "fastapi/", "starlette/", "uvicorn/", "prometheus_client/")),
    ("ncco/calls", ("offhook/ncco/", "offhook/calls/")),
    ("ipc", ("offhook/ipc/", "offhook/media/", "offhook/speech/", "offhook/audio/")),
)
REST = "loop and others"
WAITING = (
    ("_worker", "concurrent/futures/thread.py"),
    ("wait", "threading.py"),
    ("wait", "offhook/storage/writer.py"),
    ("_work", "offhook/storage/writer.py"),
    ("_work", "offhook/storage/readers.py"),
)
"""Ends of stacks of threads that wait for work and look busy from outside: function and file."""


def program() -> str | None:
    """py-spy on PATH or beside this Python."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.exists() else shutil.which("py-spy")


async def sample(pid: int, seconds: int, folder: Path) -> str:
    """Folded stacks of a process, one `frame;frame;… count` a line. Raises RuntimeError."""
    found = program()
    if found is None:
        raise RuntimeError(MISSING)
    target = folder / "stacks.txt"
    process = await asyncio.create_subprocess_exec(
        *(found, "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE)),
        *("--format", "raw", "--output", str(target), "--nonblocking"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode or not target.exists():
        raise RuntimeError(f"py-spy could not watch process {pid}: {said.decode(errors='replace').strip()}")
    return target.read_text()


def breakdown(folded: str) -> dict[str, float]:
    """Shares of the samples by part, the largest first; 0 to 1."""
    counts: Counter[str] = Counter()
    for frames, count in _stacks(folded):
        counts[part_of(frames)] += count
    total = sum(counts.values())
    return {name: count / total for name, count in counts.most_common()} if total else {}


def hottest(folded: str, most: int = 25) -> list[tuple[str, float]]:
    """Functions by their own samples, with what is below them in foreign code: (name, share)."""
    counts: Counter[str] = Counter()
    for frames, count in _stacks(folded):
        own = next((frame for frame in reversed(frames) if "offhook/" in frame), frames[-1])
        counts[own.rpartition(":")[0] + ")"] += count
    total = sum(counts.values()) or 1
    return [(name, count / total) for name, count in counts.most_common(most)]


def part_of(frames: list[str]) -> str:
    """The part whose code is nearest to the end of a stack (root first)."""
    for frame in reversed(frames):
        for name, places in PARTS:
            if any(place in frame for place in places):
                return name
    return REST


def _stacks(folded: str) -> Iterable[tuple[list[str], int]]:
    for line in folded.splitlines():
        stack, _, count = line.rpartition(" ")
        if count.isdigit() and stack and not _waits(stack.rpartition(";")[2]):
            yield stack.split(";"), int(count)


def _waits(frame: str) -> bool:
    """Whether a stack ends in one of `WAITING`; some versions of py-spy put the class before the name."""
    name, _, place = frame.partition(" (")
    called = name.rpartition(".")[2]
    return any(called == function and place.startswith(file) for function, file in WAITING)
