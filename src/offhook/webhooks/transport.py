# LEAD ENGINEER: keep aiohttp here; see the note in connection.py.
"""HTTP/1.1 requests to the outside, under the fetch policy: what sends webhooks and fetches files.

Every connection goes to an address that the policy has seen: names are resolved and judged for every new
connection (`pool.py`), literal addresses in the URL, once for each URL. Redirects are given back, proxies and
cookies are not used, bodies are capped after decompression, and heads by the number and size of their lines
(`response.py`). Real sockets only; worlds have a transport of their own. Why no library stands in this
place: docs/decisions/http-client-of-webhooks.md.
"""

import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from yarl import URL

from offhook.core.errors import DeliveryError
from offhook.security.fetch_policy import FetchPolicy, Resolver
from offhook.webhooks.attempts import CLOSED, TIMED_OUT
from offhook.webhooks.connection import HttpConnection
from offhook.webhooks.pool import ConnectionPool, Origin

TARGETS = 512
"""URLs remembered as permitted; a name among them is still resolved and judged for every connection."""
_WRITABLE = re.compile(r"[!-~]+", re.ASCII)
_USUAL = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class _Target:
    """A permitted URL as it is asked for."""

    origin: Origin
    path: str
    host: str
    """What the Host header says (RFC 9110 §7.2)."""
    authorization: str | None
    """Basic credentials of the URL (RFC 7617); a signature takes their place."""


class HttpTransport:
    """The transport of `serve`. Made and closed on the loop that uses it."""

    def __init__(self, policy: FetchPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._pool = ConnectionPool(policy, resolver)
        self._checked = lru_cache(TARGETS)(self._check)

    @property
    def connections(self) -> int:
        """How many stand, in use or kept."""
        return len(self._pool)

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
        """(status, headers, body). Raises DeliveryError; `retryable`: another attempt may help.

        `read_timeout_s` is between two pieces and until the first: whoever asks bounds the whole, for a file
        may take longer than a webhook.
        """
        target = self._checked(url)
        data = _written(method, target, headers, body)
        while True:
            connection = await self._connection(target.origin, connect_timeout_s)
            try:
                return await connection.ask(data, read_timeout_s, max_bytes)
            except DeliveryError:
                # What may be asked twice goes to another connection (RFC 9110 §9.2.2), a new one at last.
                if method != "GET" or not connection.stale:
                    raise
            finally:
                self._pool.give_back(target.origin, connection)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    async def _connection(self, origin: Origin, patience: float) -> HttpConnection:
        try:
            return await self._pool.take(origin, patience)
        except ssl.SSLError as error:
            raise DeliveryError(f"TLS failed: {error}.") from error
        except TimeoutError as error:
            raise DeliveryError(TIMED_OUT, retryable=True) from error
        except OSError as error:
            raise DeliveryError(CLOSED, retryable=True) from error

    def _check(self, url: str) -> _Target:
        """The URL as it is asked for, if the policy permits it. What it says depends on nothing else."""
        try:
            # Our own encoding is kept as it is; a URL with other characters is encoded by yarl.
            read = URL(url, encoded=_WRITABLE.fullmatch(url) is not None)
            port = read.explicit_port
        except ValueError as error:
            raise DeliveryError(f"Invalid URL: {error}.") from error
        self._policy.check_url(str(read))
        found = self._policy.check(read.scheme, read.host or "", port)  # as it will be asked for
        host, path = read.host_port_subcomponent or "", read.raw_path_qs or "/"
        if not _WRITABLE.fullmatch(host + path):
            raise DeliveryError(f"Invalid URL: {url[:200]}.")
        origin = Origin(read.raw_host or "", found.port, read.scheme == "https")
        return _Target(origin, path, host, _basic(read.user, read.password))


def _written(method: str, target: _Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as it goes on the wire (RFC 9112 §3)."""
    lines = [f"{method} {target.path} HTTP/1.1", f"Host: {target.host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"{name}: {value}" for name, value in _USUAL.items() if name not in headers]
    if target.authorization is not None and "Authorization" not in headers:
        lines.append(f"Authorization: {target.authorization}")
    if body or method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    if any("\r" in line or "\n" in line for line in lines):
        raise DeliveryError("A header of the request holds a line break.")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body


def _basic(user: str | None, password: str | None) -> str | None:
    if user is None and password is None:
        return None
    pair = f"{user or ''}:{password or ''}".encode("utf-8", "surrogateescape")
    return "Basic " + base64.b64encode(pair).decode("ascii")
