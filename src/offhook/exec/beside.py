"""A process beside this one, so that this one can become the program.

`offhook exec` replaces itself with the program it was asked to run: the program has the process id, the
terminal, the signals and the exit status without anybody passing them on. What serves it meanwhile runs in a
process that is neither its child (a program may wait for all of its children) nor in its group (Ctrl-C is
not for it), and that ends when the program does.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable

LOOK_EVERY = 0.2
"""Seconds between two looks at the program where the system cannot tell when it ends."""


def run_beside(work: Callable[["Program"], None]) -> None:
    """Run `work` in another process, to which this process is the program. Returns in this one only.

    To be called while there are no threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    program = Program()
    middle = os.fork()
    if middle:
        os.waitpid(middle, 0)
        program.forget()
        return
    status = 1
    try:
        os.setsid()
        if os.fork():
            status = 0
            return
        _detach()
        work(program)
        status = 0
    except BaseException as error:  # nobody above may go on with a copy of the caller's frames
        print(f"offhook exec: the proxy has ended: {error!r}", file=sys.stderr)
    finally:
        sys.stderr.flush()
        os._exit(status)


class Program:
    """The process that made it, watched by another."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._handle = _handle(self.pid)

    def forget(self) -> None:
        if self._handle is not None:
            os.close(self._handle)

    async def ended(self) -> None:
        """Until the process has ended."""
        if self._handle is None:
            while self._exists():  # noqa: ASYNC110 — nothing tells of it
                await asyncio.sleep(LOOK_EVERY)
            return
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_reader(self._handle, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(self._handle)

    def _exists(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return True


async def until_ended(program: Program, serve: Callable[[], Awaitable[None]]) -> None:
    """Call `serve`, then wait until the program has ended or this process is told to end."""
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await serve()
    waits = [asyncio.ensure_future(program.ended()), asyncio.ensure_future(over.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await wait


def _handle(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has no such thing."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None


def _detach() -> None:
    """Hold nothing of the program's: who reads its output must see it end. Words still go to stderr."""
    empty = os.open(os.devnull, os.O_RDWR)
    os.dup2(empty, 0)
    os.dup2(empty, 1)
    os.close(empty)
    os.chdir("/")
