"""Copies of fetched files on disk, and who uses them: calls that want one URL at once share one copy.

Nothing is fetched here; `Downloads` says how. A copy is used again while its server's Cache-Control says so
(RFC 9111 §5.2.2), within a bound of our own, and for a moment where the server says nothing: calls that begin
together. What says `no-store`, `no-cache` or `private` is one call's alone. A copy that is neither used nor
fresh is removed. Files are removed outside the loop.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from offhook.core.errors import DeliveryError
from offhook.core.tasks import Tasks, outside

SHARED_S = 2.0
"""Freshness of a file whose server says nothing about it."""
MOST_KEPT = 64
"""Copies that wait for another use; the oldest of more are removed."""
MOST_BYTES = 200_000_000
"""The same in bytes."""
_AGE = re.compile(r'(s-maxage|max-age)="?([0-9]{1,10})', re.ASCII)
_ALONE = frozenset({"no-store", "no-cache", "private"})

log = logging.getLogger("offhook.webhooks")


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that has been fetched."""

    path: Path
    size: int
    fresh_s: float
    """0: nobody else may use it."""


Fetch = Callable[[str], Awaitable[Fetched]]


@dataclass(slots=True, eq=False)
class _Copy:
    url: str
    arrived: "asyncio.Future[Fetched]"
    users: int = 0
    leaving: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class Copies:
    """Made on the loop that uses it."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._fresh: dict[str, _Copy] = {}
        self._held: dict[str, _Copy] = {}
        """By path, from their arrival to their removal."""
        self._tasks = Tasks()

    def __len__(self) -> int:
        """How many copies wait for another use, and are used by nobody."""
        return sum(not copy.users and not copy.leaving for copy in self._held.values())

    async def get(self, url: str) -> str:
        """The path of a copy; give it back with `release`. Raises DeliveryError."""
        copy = self._fresh.get(url)
        if copy is None:
            copy = self._fresh[url] = self._start(url)
            return str((await self._wait(copy)).path)
        fetched = await self._wait(copy)
        if fetched.fresh_s <= 0:  # it was for the one who asked first
            self.release(str(fetched.path))
            fetched = await self._wait(self._start(url))
        return str(fetched.path)

    def release(self, path: str) -> None:
        """A user has done with a copy."""
        copy = self._held.get(path)
        if copy is not None:
            copy.users -= 1
            self._tidy(copy)

    async def close(self) -> None:
        """Stop what is being fetched and remove every copy."""
        await self._tasks.close()
        for path, copy in [*self._held.items()]:
            self._forget(copy)
            await outside(remove, Path(path))
        self._held.clear()

    def _start(self, url: str) -> _Copy:
        copy = _Copy(url, asyncio.get_running_loop().create_future())
        copy.arrived.add_done_callback(_look_at)
        self._tasks.start(self._bring(copy), "download")
        return copy

    async def _wait(self, copy: _Copy) -> Fetched:
        """Be a user of a copy that is here, or on its way."""
        copy.users += 1
        try:
            return await asyncio.shield(copy.arrived)
        except BaseException:
            copy.users -= 1
            self._tidy(copy)
            raise

    async def _bring(self, copy: _Copy) -> None:
        try:
            fetched = await self._fetch(copy.url)
        except DeliveryError as error:
            self._forget(copy)
            copy.arrived.set_exception(error)
        except BaseException:
            self._forget(copy)
            copy.arrived.set_exception(DeliveryError("The download was broken off by the platform."))
            raise
        else:
            self._held[str(fetched.path)] = copy
            if fetched.fresh_s > 0 and self._fresh.get(copy.url) is copy:
                loop = asyncio.get_running_loop()
                copy.timer = loop.call_later(fetched.fresh_s, self._aged, copy)
            else:
                self._forget(copy)
            copy.arrived.set_result(fetched)
            self._tidy(copy)

    def _aged(self, copy: _Copy) -> None:
        self._forget(copy)
        self._tidy(copy)

    def _forget(self, copy: _Copy) -> None:
        """Nobody new gets this copy."""
        if self._fresh.get(copy.url) is copy:
            del self._fresh[copy.url]
        if copy.timer is not None:
            copy.timer.cancel()
            copy.timer = None

    def _tidy(self, copy: _Copy) -> None:
        """Remove what is used no more: this copy when it is stale, else the oldest of too many."""
        if copy.users > 0:
            return
        if self._fresh.get(copy.url) is not copy:
            self._remove(copy)
            return
        idle = [each for each in self._held.values() if not each.users and not each.leaving]
        size = sum(each.arrived.result().size for each in idle)
        for each in idle:
            if len(idle) <= MOST_KEPT and size <= MOST_BYTES:
                return
            idle = idle[1:]
            size -= each.arrived.result().size
            self._forget(each)
            self._remove(each)

    def _remove(self, copy: _Copy) -> None:
        if not copy.arrived.done() or copy.arrived.cancelled() or copy.arrived.exception() is not None:
            return
        path = copy.arrived.result().path
        if str(path) in self._held and not copy.leaving:
            copy.leaving = True
            self._tasks.start(self._unlink(path), "removal of a download")

    async def _unlink(self, path: Path) -> None:
        await outside(remove, path)
        self._held.pop(str(path), None)


def remove(path: Path) -> None:
    """Remove a file; one that is gone already is no error. Blocks."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("%s cannot be removed: %s", path, error)


def freshness(headers: Mapping[str, str], bound: float) -> float:
    """Seconds for which others may use an answer, at most `bound`; 0 when it is one call's alone."""
    found = {name.lower(): value.lower() for name, value in headers.items()}
    control = found.get("cache-control", "")
    if _ALONE & {part.partition("=")[0].strip() for part in control.split(",")} or found.get("vary") == "*":
        return 0.0
    ages = dict(_AGE.findall(control))
    if not ages:
        return min(SHARED_S, bound)
    age = found.get("age", "")
    spent = int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0
    return min(float(max(0, int(ages.get("s-maxage") or ages["max-age"]) - spent)), bound)


def _look_at(arrived: "asyncio.Future[Fetched]") -> None:
    """A failure that nobody waits for any more is no news."""
    if not arrived.cancelled():
        arrived.exception()
