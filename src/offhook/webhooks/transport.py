"""HTTP requests to the outside with aiohttp, under the fetch policy.

Every connection goes to an address that the policy has seen: names are resolved by a resolver that drops
forbidden addresses, literal addresses are checked in the URL, and connections that are kept open were checked
when they were made. Redirects are given back, proxies and cookies of the environment are not used, bodies
are capped after decompression, piece by piece, and heads by the number and size of
their lines. Real sockets only; worlds have a transport of their own.
"""

import asyncio
import re
import socket
from collections.abc import Mapping
from functools import lru_cache

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy, Resolver
from offhook.webhooks.attempts import CLOSED, TIMED_OUT, TOO_LARGE

POOL = 1024
PER_HOST = 256
"""Connections. More than the outbox may hold in all and for an application (`lanes`), so that events that
hang leave some for the NCCO of the next call."""
KEEP_ALIVE_S = 4.0
"""Below the 5 s after which common servers close an idle connection, perhaps while it is being used."""
MAX_HEADERS = 100
MAX_LINE = 8_190
"""Header lines of a reply, and octets of one."""
TARGETS = 512
"""URLs remembered as permitted; a name among them is still resolved and judged for every connection."""
_CHUNK = 65_536
_WRITABLE = re.compile(r"[!-~]+", re.ASCII)
_NEVER = 1e9
"""aiohttp rounds timeouts above this many seconds up; ours are exact."""


class AiohttpTransport:
    """The transport of `serve`. Made and closed on the loop that uses it."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = _CheckedResolver(policy, resolver)
        self._session: aiohttp.ClientSession | None = None
        self._checked = lru_cache(TARGETS)(self._check)

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_timeout_s: float,
        read_timeout_s: float,
        max_bytes: int,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """(status, headers, body). Raises DeliveryError; `retryable`: another attempt may help."""
        target = self._checked(url)
        if "Authorization" in headers and target.user is not None:
            target = target.with_user(None)  # the signature takes the place of Basic credentials
        timeout = aiohttp.ClientTimeout(
            total=None,  # whoever asks bounds the whole: a file may take longer than a webhook
            connect=connect_timeout_s,
            sock_connect=connect_timeout_s,
            sock_read=read_timeout_s,
            ceil_threshold=_NEVER,
        )
        try:
            async with self._open().request(
                method, target, headers=headers, data=body or None, timeout=timeout, allow_redirects=False
            ) as response:
                content = await _capped(response, max_bytes)
                return response.status, dict(response.headers), content
        except DeliveryError:
            raise
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise _failure(error, url) from error

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)  # the transports' own closing callbacks

    def _check(self, url: str) -> URL:
        """The URL as the client reads it, if the policy permits it. What it says depends on nothing else."""
        try:
            # Our own encoding is kept as it is; a URL with other characters is encoded by yarl.
            target = URL(url, encoded=_WRITABLE.fullmatch(url) is not None)
            port = target.explicit_port
        except ValueError as error:
            raise DeliveryError(f"Invalid URL: {error}.") from error
        self._policy.check_url(str(target))
        self._policy.check(target.scheme, target.host or "", port)  # as the client will read it
        return target

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=POOL,
                limit_per_host=PER_HOST,
                keepalive_timeout=KEEP_ALIVE_S,
                resolver=self._resolver,
                use_dns_cache=False,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                raise_for_status=False,
                max_headers=MAX_HEADERS,
                max_field_size=MAX_LINE,
                max_line_size=MAX_LINE,
            )
        return self._session


class _CheckedResolver(AbstractResolver):
    """What aiohttp asks for addresses: gives it only those that the policy permits."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._policy.addresses(host, port, self._resolver)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        pass


async def _capped(response: aiohttp.ClientResponse, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(_CHUNK):
        size += len(part)
        if size > limit:
            response.close()
            raise DeliveryError(TOO_LARGE.format(limit))
        parts.append(part)
    return b"".join(parts)


def _failure(error: Exception, url: str) -> DeliveryError:
    """What an exception of the client means, in the words that the fallback URL is told."""
    if isinstance(error, aiohttp.ClientSSLError):
        return DeliveryError(f"TLS failed: {error}.")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return DeliveryError(f"Invalid URL: {url[:200]}.")
    if isinstance(error, TimeoutError):
        return DeliveryError(TIMED_OUT, retryable=True)
    if isinstance(error, aiohttp.ClientConnectionResetError | aiohttp.ServerDisconnectedError):
        return DeliveryError(CLOSED, retryable=True)
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError | OSError):
        return DeliveryError(CLOSED, retryable=True)
    return DeliveryError(f"The reply is not HTTP: {error}.")
