"""Processes that outlived a killed supervisor: the next start waits for their end, and then sees to it.

They end by themselves when the pipe from their parent closes: control after its calls have got a BYE. Until
then they hold the ports. One that hangs does not notice, and is killed. A process is known by the number in
its pid file and by the data directory in its environment, so that no stranger with that number is hit.
"""

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

from offhook.config import Settings
from offhook.ipc.shm_names import ENVIRONMENT, prefix_of

log = logging.getLogger("offhook.supervisor")
STEP = 0.1
STATE, FLAGS, THREADS = 0, 6, 17
PF_EXITING = 0x4


async def ended(settings: Settings, patience: float) -> None:
    """Until none is left; what lives after `patience` seconds is killed."""
    left = living(settings)
    if not left:
        return
    log.warning("processes of a killed supervisor are still ending; waiting for them")
    for _ in range(round(patience / STEP)):
        if all(map(_is_gone, left.values())):
            return
        await asyncio.sleep(STEP)
    for name, pid in left.items():
        if not _is_gone(pid):
            log.error("%s (process %d) of a killed supervisor hangs and is killed", name, pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    while not all(map(_is_gone, left.values())):  # noqa: ASYNC110 — a killed process is gone in a moment
        await asyncio.sleep(STEP)


def living(settings: Settings) -> dict[str, int]:
    """Name and process id of every child of an earlier supervisor on this data directory."""
    found = {}
    for file in settings.run_dir.glob("*.pid"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(file.read_text())
            if file.stem != "supervisor" and _is_ours(pid, settings):
                found[file.stem] = pid
    return found


def _is_ours(pid: int, settings: Settings) -> bool:
    """Raises OSError when there is no such process, or nobody says what it is (systems without /proc)."""
    mark = f"{ENVIRONMENT}={prefix_of(settings.data_dir)}".encode()
    try:
        environment = (Path("/proc") / str(pid) / "environ").read_bytes()
    except ProcessLookupError:
        environment = b""
    # A process that is ending has no environment any more while it still has its sockets. To wait for a
    # stranger's end, or to kill what is ending, harms nobody.
    return mark in environment.split(b"\0") or (not environment and _is_ending(_fields(pid)))


def _is_gone(pid: int) -> bool:
    """Whether a process has let go of everything; it may still wait for its parent to notice (`Z`).

    The first thread of a killed process is shown as `Z` while the last one, with the sockets, still gives
    back the memory: the count of threads tells.
    """
    try:
        fields = _fields(pid)
    except OSError:
        return True
    return fields[STATE] in ("Z", "X") and int(fields[THREADS]) <= 1


def _is_ending(fields: list[str]) -> bool:
    return bool(int(fields[FLAGS]) & PF_EXITING)


def _fields(pid: int) -> list[str]:
    """What the kernel tells of a process after its name: proc(5), `stat`, from field 3 on."""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
