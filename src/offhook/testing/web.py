"""HTTP without sockets: requests go to ASGI applications of the same world, by host name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from offhook.core.errors import DeliveryError

Message = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


class AsgiWeb:
    """The transport of a world (`webhooks.attempts.Transport`). An unknown host refuses the connection."""

    def __init__(self) -> None:
        self._apps: dict[str, AsgiApp] = {}

    def mount(self, host: str, app: AsgiApp) -> None:
        """Serve `app` under `http://<host>`."""
        self._apps[host] = app

    def unmount(self, host: str) -> None:
        """Refuse connections to `host` from now on."""
        self._apps.pop(host, None)

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
        """(status, headers, body). DeliveryError, TimeoutError as the real transport raises them."""
        parts = urlsplit(url)
        app = self._apps.get(parts.netloc)
        if app is None:
            raise DeliveryError("Connection closed.", retryable=True)
        answer = _Answer(max_bytes)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": unquote(parts.path) or "/",
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": _headers(parts.netloc, headers, body),
            "server": (parts.hostname, parts.port or 80),
            "client": ("127.0.0.1", 40_000),
            "state": {},
        }
        received = False

        async def receive() -> Message:
            nonlocal received
            if received:
                await asyncio.Event().wait()
            received = True
            return {"type": "http.request", "body": body, "more_body": False}

        async with asyncio.timeout(read_timeout_s):
            await app(scope, receive, answer.send)
        return answer.status, answer.headers, b"".join(answer.parts)


class _Answer:
    def __init__(self, limit: int) -> None:
        self.status = 500
        self.headers: dict[str, str] = {}
        self.parts: list[bytes] = []
        self._left = limit

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message.get("headers", [])}
        elif message["type"] == "http.response.body":
            part = message.get("body", b"")
            self._left -= len(part)
            if self._left < 0:
                raise DeliveryError("The reply is too large.")
            self.parts.append(part)


def _headers(host: str, headers: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    pairs = [(b"host", host.encode()), (b"content-length", str(len(body)).encode())]
    given = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return pairs + [pair for pair in given if pair[0] not in (b"host", b"content-length")]
