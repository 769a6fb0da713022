"""A drain: the server takes no new calls and ends when the last one is over, or at an instant.

The wish is a file in the run directory, so that it outlives a control process that dies meanwhile; SIGUSR1 to
the supervisor, which passes it on, says that the file has changed. `offhook drain` writes it, control reads
it. RFC 3261 knows nothing of this: callers see 503 with Retry-After.
"""

import asyncio
import contextlib
import json
import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from offhook.core.clock import Clock
from offhook.core.errors import Invalid
from offhook.core.tasks import outside

log = logging.getLogger("offhook.drain")

FILE = "drain"
LOOK_EVERY = 0.25
"""Seconds between two looks at whether the last call is over."""


@dataclass(frozen=True, slots=True)
class Wish:
    """The drain that somebody asked for."""

    until: int | None
    """Wall instant (UTC µs) at which calls that are still up are ended; None: never."""


class Draining(Protocol):
    """What is drained: `calls.registry.Calls`."""

    def drain(self, on: bool) -> None: ...

    @property
    def idle(self) -> bool: ...


def ask(run_dir: Path, wish: Wish) -> None:
    """Write the wish, whole or not at all."""
    path = run_dir / FILE
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"until": wish.until}))
    part.replace(path)


def undo(run_dir: Path) -> bool:
    """Take the wish back; False when there was none."""
    try:
        (run_dir / FILE).unlink()
    except FileNotFoundError:
        return False
    return True


def asked(run_dir: Path) -> Wish | None:
    """The wish, None when there is none. Raises Invalid for a file that is none."""
    try:
        found = json.loads((run_dir / FILE).read_text())
        return Wish(None if found["until"] is None else int(found["until"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(str(run_dir / FILE), f"is no wish to drain ({error}); remove it") from None


class Drain:
    """Follows the file. `end` is called once, when the last call is over or the time is."""

    def __init__(self, run_dir: Path, clock: Clock, calls: Draining, end: Callable[[], None]) -> None:
        self._calls = calls
        self._clock = clock
        self._end = end
        self._run_dir = run_dir
        self._changed = asyncio.Event()
        self._changed.set()

    def look(self) -> None:
        """The file may have changed: a signal says so."""
        self._changed.set()

    async def run(self) -> None:
        """Until the drain is complete, or for ever."""
        wish: Wish | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if wish is None else LOOK_EVERY)
            if self._changed.is_set():
                self._changed.clear()
                wish = await self._read()
                self._calls.drain(wish is not None)
            if wish is not None and self._over(wish):
                log.info("drained: the server ends")
                self._end()
                return

    async def _read(self) -> Wish | None:
        try:
            return await outside(asked, self._run_dir)
        except Invalid as error:
            log.error("%s", error)
            return None

    def _over(self, wish: Wish) -> bool:
        return self._calls.idle or (wish.until is not None and self._clock.wall() >= wish.until)


def stop_all(stop: Callable[[], None]) -> Callable[[], None]:
    """What ends the server: the supervisor's SIGTERM, or `stop` where control was started by hand."""

    def end() -> None:
        if "OFFHOOK_BEAT" in os.environ:
            os.kill(os.getppid(), signal.SIGTERM)
        else:
            stop()

    return end
