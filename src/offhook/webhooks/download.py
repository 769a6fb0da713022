"""Downloads files that an NCCO or a request names (audio for `stream`) into a local folder.

Unlike webhooks, downloads follow up to five redirects; each new URL is checked like the first. Retryable
failures get one more attempt; a server that is still sending when the time is over does not. So many files
are fetched at once and no more, half of them at most from one host, so that a server that drips does not
keep the others waiting. Calls that want one URL at once share its copy (`copies.py`); `clear` removes what
an earlier process left.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from offhook.core.errors import DeliveryError
from offhook.core.ids import Ids
from offhook.core.tasks import outside
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks.attempts import (
    ATTEMPTS,
    PAUSE_S,
    TIMED_OUT,
    TOO_LARGE,
    USER_AGENT,
    Sleep,
    Transport,
)
from offhook.webhooks.copies import Copies, Fetched, freshness, remove

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ALWAYS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
"""Audio is compressed already; what comes packed nevertheless is unpacked, and its unpacked size counts."""

Answer = tuple[Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    folder: Path
    max_bytes: int = 50_000_000
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    """Between two pieces, and until the first."""
    total_timeout_s: float = 30.0
    """For one attempt with its redirects, the wait for a turn not counted."""
    at_once: int = 8
    cache_s: float = 300.0


class Downloads:
    """Fetches files under the policy. Made on the loop that uses it."""

    def __init__(
        self,
        transport: Transport,
        policy: FetchPolicy,
        ids: Ids,
        settings: DownloadSettings,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._ids = ids
        self._settings = settings
        self._sleep = sleep
        self._turns = _Turns(settings.at_once)
        self.copies = Copies(self._fetch)

    async def download(self, url: str) -> str:
        """The path of a local copy. Raises DeliveryError that says what is wrong with the URL."""
        return await self.copies.get(url)

    def discard(self, path: str) -> None:
        """The copy is not needed any more. Its file is removed outside the loop, when nobody needs it."""
        self.copies.release(path)

    async def clear(self) -> None:
        """Remove what an earlier process left: at start."""
        await outside(_clear, self._settings.folder)

    async def close(self) -> None:
        """Break off what is being fetched, and remove every copy."""
        await self.copies.close()

    async def _fetch(self, url: str) -> Fetched:
        headers, body = await self._fetched(url)
        path = self._settings.folder / self._ids.uuid()
        try:
            await outside(_store, path, body)
        except OSError as error:
            raise DeliveryError(
                f"{url} could not be kept: {error.strerror}; free some space in {path.parent}"
            ) from error
        return Fetched(path, len(body), freshness(headers, self._settings.cache_s))

    async def _fetched(self, url: str) -> Answer:
        host = self._policy.check_url(url).host
        for number in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(url, host)
            except TimeoutError as error:
                failure = DeliveryError(f"{url}: {TIMED_OUT}", retryable=True)
                failure.__cause__ = error
            except OSError as error:
                failure = DeliveryError(f"{url}: {error}", retryable=True)
                failure.__cause__ = error
            except DeliveryError as error:
                failure = error
            if number == ATTEMPTS or not failure.retryable:
                raise failure
            await self._sleep(PAUSE_S)
        raise AssertionError("the last attempt returns or raises")

    async def _attempt(self, url: str, host: str) -> Answer:
        limit = self._settings.total_timeout_s
        async with self._turns.of(host):
            timer = asyncio.timeout(limit)
            try:
                async with timer:
                    return await self._follow(url)
            except TimeoutError as error:
                if not timer.expired():
                    raise
                raise DeliveryError(
                    f"{url} was not complete after {limit:g} s; make the file smaller, serve it faster, "
                    "or raise OFFHOOK_FETCH__TIMEOUT"
                ) from error

    async def _follow(self, start: str) -> Answer:
        settings, url = self._settings, start
        for _ in range(MAX_REDIRECTS + 1):
            status, headers, body = await self._one(url, start)
            if status in _REDIRECTS and (location := _header(headers, "location")):
                url = self._redirected(start, url, location)
                continue
            if status != 200:
                retryable = status in (429, 502, 503, 504)
                raise DeliveryError(f"{url} answered with HTTP status {status}", retryable=retryable)
            if not body:
                raise DeliveryError(f"{url} is empty")
            if len(body) > settings.max_bytes:
                raise DeliveryError(_too_large(url, settings.max_bytes))
            return headers, body
        raise DeliveryError(f"{start} redirects more than {MAX_REDIRECTS} times")

    async def _one(self, url: str, start: str) -> tuple[int, Mapping[str, str], bytes]:
        settings = self._settings
        try:
            return await self._transport.request(
                "GET",
                url,
                _ALWAYS,
                b"",
                settings.connect_timeout_s,
                settings.read_timeout_s,
                settings.max_bytes,
            )
        except DeliveryError as error:
            if str(error) == TOO_LARGE.format(settings.max_bytes):
                raise DeliveryError(_too_large(url, settings.max_bytes)) from error
            raise DeliveryError(f"{_way(start, url)}: {error}", retryable=error.retryable) from error

    def _redirected(self, start: str, url: str, location: str) -> str:
        try:
            return self._policy.check_redirect(url, location)
        except DeliveryError as error:
            raise DeliveryError(f"{start} redirects to where it may not: {error}") from error


class _Turns:
    """So many at once, and half as many for one host."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._share = max(1, at_once // 2)
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    @asynccontextmanager
    async def of(self, host: str) -> AsyncIterator[None]:
        """A turn for a download from `host`."""
        share = self._hosts.setdefault(host, asyncio.Semaphore(self._share))
        self._users[host] += 1
        try:
            async with share, self._all:
                yield
        finally:
            self._users[host] -= 1
            if not self._users[host]:
                del self._users[host], self._hosts[host]


def _too_large(url: str, limit: int) -> str:
    return f"{url} is larger than {limit} bytes; make it smaller or raise OFFHOOK_FETCH__MAX_STREAM_BYTES"


def _way(start: str, url: str) -> str:
    return start if url == start else f"{start}, which leads to {url}"


def _clear(folder: Path) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            remove(path)


def _store(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(body)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
