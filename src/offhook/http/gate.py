"""What every request passes first: the length of its target, its host, the trailing slash, the count, the
last net, and the end of connections on which a body was announced and never asked for.

A path is served with and without a trailing slash and never redirected: a redirect turns POST into GET in
several clients. An error that nobody expected is logged and answered here, so that it is counted as well.
"""

import logging
from typing import Any

from prometheus_client import Counter
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.http.errors import answer

log = logging.getLogger("offhook.http")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MAX_TARGET = 8192
"""Bytes of path and query together."""


class Gate:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _without_slash(scope)
        started = False
        waits = _waits(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"

        async def counted(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._requests.labels(method, str(message["status"])).inc()
                if waits:
                    message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        async def asked() -> Message:
            nonlocal waits
            waits = False
            return await receive()

        try:
            await self._serve(scope, asked if waits else receive, counted)
        except ClientDisconnect:
            log.info("%s %r: the client went away", method, scope["path"])
        except Exception:
            log.exception("%s %r failed", method, scope["path"])
            if not started:
                await answer(scope, 500, "")(scope, receive, counted)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = len(scope.get("raw_path") or scope["path"].encode("utf-8", "replace"))
        if target + len(scope.get("query_string", b"")) > MAX_TARGET:
            refusal = answer(scope, 414, f"The path and query are longer than {MAX_TARGET} bytes.")
            await refusal(scope, receive, send)
            return
        if not _has_one_host(scope):
            refusal = answer(scope, 400, "A request of HTTP/1.1 has exactly one Host header.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _has_one_host(scope: Scope) -> bool:
    """RFC 9112 §3.2: with several, a proxy in front may have meant another one than we do."""
    if scope["http_version"] != "1.1":
        return True
    names: list[bytes] = [name for name, _ in scope["headers"]]
    return names.count(b"host") == 1


def _waits(scope: Scope) -> bool:
    """Whether the client waits to be asked for the body (RFC 9110 §10.1.1). If it never is, it may leave it
    out, and what comes next on the connection would be taken for it.
    """
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in scope["headers"])


def _without_slash(scope: Scope) -> Scope:
    path = scope["path"]
    if len(path) < 2 or not path.endswith("/"):
        return scope
    changed: dict[str, Any] = {**scope, "path": path[:-1]}
    return changed
