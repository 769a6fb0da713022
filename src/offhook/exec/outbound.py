"""Connections to hosts that are not served: direct, or through the proxy that the program would have used.

Which proxy that is, the environment of `offhook exec` says, in the usual variables. Nothing is decrypted.
"""

import asyncio
import base64
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from offhook.core.errors import Invalid
from offhook.exec import head as heads
from offhook.exec.head import Destination, Head
from offhook.exec.hosts import is_loopback

_BYPASSED: Any = vars(urllib.request)["proxy_bypass_environment"]
"""Whether NO_PROXY (the key `no`) names a host; public, though type stubs do not know it."""
CONNECT_TIMEOUT = 30.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class NextProxy:
    """Another proxy on the way."""

    host: str
    port: int
    tls: bool
    authorization: str

    @classmethod
    def parse(cls, text: str) -> "NextProxy":
        """From the value of HTTPS_PROXY. Raises Invalid for what is no HTTP proxy."""
        parts = urlsplit(text if "://" in text else f"http://{text}")
        try:
            port = parts.port
        except ValueError:
            port = None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(
                "HTTPS_PROXY", f"{parts.scheme}://{parts.hostname} is no HTTP proxy; give http://host:port"
            )
        tls = parts.scheme == "https"
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        encoded = f"Basic {base64.b64encode(user.encode()).decode()}" if user else ""
        return cls(parts.hostname, port or (443 if tls else 80), tls, encoded)


class Outbound:
    """`proxies` as `urllib.request.getproxies_environment()` gives them."""

    def __init__(self, proxies: Mapping[str, str]) -> None:
        self._proxies = dict(proxies)

    async def tunnel(self, to: Destination) -> Streams:
        """A connection on which bytes reach the destination as they are. Raises OSError, Invalid."""
        proxy = self._next(to, "https")
        if proxy is None:
            return await _open(to.host, to.port, None)
        reader, writer = await _open(proxy.host, proxy.port, _tls(proxy.tls))
        lines = [f"CONNECT {to.authority} HTTP/1.1", f"Host: {to.authority}"]
        if proxy.authorization:
            lines.append(f"Proxy-Authorization: {proxy.authorization}")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
                answer = await reader.readuntil(heads.END)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()
            raise ConnectionError(f"the proxy {proxy.host} closed the connection") from None
        except BaseException:
            writer.close()
            raise
        first = answer.split(b"\r\n", 1)[0].decode("latin-1")
        if first.split(" ")[1:2] != ["200"]:
            writer.close()
            raise ConnectionError(f"the proxy {proxy.host} answered {first!r}")
        return reader, writer

    async def request(self, to: Destination, head: Head) -> Streams:
        """A connection on which one request has been begun: its head is written. Raises OSError, Invalid."""
        if to.tls:
            streams = await self.tunnel(to)
            await streams[1].start_tls(ssl.create_default_context(), server_hostname=to.host)
            streams[1].write(heads.for_origin(head).serialise())
            return streams
        proxy = self._next(to, "http")
        if proxy is None:
            streams = await _open(to.host, to.port, None)
            streams[1].write(heads.for_origin(head).serialise())
        else:
            streams = await _open(proxy.host, proxy.port, _tls(proxy.tls))
            streams[1].write(heads.for_next_proxy(head, proxy.authorization).serialise())
        return streams

    def _next(self, to: Destination, scheme: str) -> NextProxy | None:
        text = self._proxies.get(scheme) or self._proxies.get("all")
        if not text or is_loopback(to.host) or _BYPASSED(to.authority, self._proxies):
            return None
        return NextProxy.parse(text)


def _tls(wanted: bool) -> ssl.SSLContext | None:
    return ssl.create_default_context() if wanted else None


async def _open(host: str, port: int, tls: ssl.SSLContext | None) -> Streams:
    async with asyncio.timeout(CONNECT_TIMEOUT):
        return await asyncio.open_connection(host, port, ssl=tls)
