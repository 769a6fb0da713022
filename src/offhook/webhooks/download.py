"""Downloads files that an NCCO or a request names (audio for `stream`) into a local folder.

Unlike webhooks, downloads follow up to five redirects; each new URL is checked like the first. Retryable
failures get one more attempt. Nothing is kept: `discard` removes a copy, and `clear` what an earlier process
left.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from offhook.core.errors import DeliveryError
from offhook.core.ids import Ids
from offhook.core.tasks import outside
from offhook.security.fetch_policy import FetchPolicy
from offhook.webhooks.attempts import ATTEMPTS, PAUSE_S, TIMED_OUT, USER_AGENT, Sleep, Transport

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    folder: Path
    max_bytes: int = 50_000_000
    connect_timeout_s: float = 3.0
    read_timeout_s: float = 10.0
    total_timeout_s: float = 30.0


class Downloads:
    """Fetches files under the policy."""

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

    async def download(self, url: str) -> str:
        """The path of a local copy. Raises DeliveryError that says what is wrong with the URL."""
        body = await self._fetched(url)
        path = self._settings.folder / self._ids.uuid()
        try:
            await outside(_store, path, body)
        except OSError as error:
            raise DeliveryError(f"{url} could not be kept: {error}") from error
        return str(path)

    def discard(self, path: str) -> None:
        """Remove a copy; one that is gone already is no error."""
        Path(path).unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove every copy. Blocks: at start."""
        if self._settings.folder.is_dir():
            for path in self._settings.folder.iterdir():
                path.unlink(missing_ok=True)

    async def _fetched(self, url: str) -> bytes:
        for number in range(1, ATTEMPTS + 1):
            try:
                async with asyncio.timeout(self._settings.total_timeout_s):
                    return await self._follow(url)
            except TimeoutError as error:
                failure = DeliveryError(TIMED_OUT, retryable=True)
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

    async def _follow(self, url: str) -> bytes:
        settings = self._settings
        self._policy.check_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            status, headers, body = await self._transport.request(
                "GET",
                url,
                {"User-Agent": USER_AGENT},
                b"",
                settings.connect_timeout_s,
                settings.read_timeout_s,
                settings.max_bytes,
            )
            if status in _REDIRECTS and (location := _header(headers, "location")):
                url = self._policy.check_redirect(url, location)
                continue
            if status != 200:
                retryable = status in (429, 502, 503, 504)
                raise DeliveryError(f"{url} answered with HTTP status {status}", retryable=retryable)
            if not body:
                raise DeliveryError(f"{url} is empty")
            return body
        raise DeliveryError(f"{url} redirects more than {MAX_REDIRECTS} times")


def _store(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(body)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")
