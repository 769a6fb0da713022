"""A small application server for tests and the demo: serves NCCOs, keeps every webhook with its time.

It is an ASGI application: a world calls it in process, uvicorn serves it on a socket. What a path answers is
declared with `serve`; a path that nobody declared answers 204, as an event URL may. It can be told to be slow
or to fail, which is how retries and fallbacks are tried out.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from offhook.core.clock import Clock

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request that came in."""

    at: int
    """The monotonic instant, in ns."""
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, None when it is none."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    @property
    def fields(self) -> dict[str, Any]:
        """What was told, by query or by JSON body."""
        body = self.json
        return {**self.query, **(body if isinstance(body, dict) else {})}


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is no JSON value, or not only one: what a broken or moved application says."""

    body: bytes = b""
    content_type: str = "application/json"
    status: int = 200


Answer = Any | Callable[[Webhook], Any]
"""An NCCO, another JSON value or a `Raw`, or a function of the request that gives one."""


@dataclass(slots=True)
class Route:
    """What a path answers. `fail_times` answers of `fail_status` come first, each after `delay` seconds."""

    answers: list[Answer] = field(default_factory=list)
    """Given in turn; the last one stays."""
    delay: float = 0.0
    fail_status: int = 503
    fail_times: int = 0
    given: int = 0


class AppServer:
    """The recording application."""

    def __init__(self, clock: Clock) -> None:
        self.webhooks: list[Webhook] = []
        self._arrived = asyncio.Condition()
        self._clock = clock
        self._routes: dict[str, Route] = {}

    def serve(
        self, path: str, *answers: Answer, delay: float = 0.0, fail_times: int = 0, fail_status: int = 503
    ) -> None:
        """Answer requests for `path` with `answers` in turn; without any, 204."""
        self._routes[path] = Route(list(answers), delay, fail_status, fail_times)

    def at(self, path: str) -> list[Webhook]:
        """The requests for one path, in order."""
        return [webhook for webhook in self.webhooks if webhook.path == path]

    async def wait_for(self, wanted: Callable[[Webhook], bool], seconds: float = 30.0) -> Webhook:
        """The first request, past or future, for which `wanted` holds. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._arrived:
            while True:
                for webhook in self.webhooks:
                    if wanted(webhook):
                        return webhook
                await self._arrived.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        webhook = Webhook(
            at=self._clock.now(),
            method=scope["method"],
            path=scope["path"],
            query=dict(parse_qsl(scope.get("query_string", b"").decode(), keep_blank_values=True)),
            headers={name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]},
            body=await _body(receive),
        )
        async with self._arrived:
            self.webhooks.append(webhook)
            self._arrived.notify_all()
        route = self._routes.get(webhook.path, Route())
        if route.delay:
            await asyncio.sleep(route.delay)
        await _respond(send, self._answer(route, webhook))

    def _answer(self, route: Route, webhook: Webhook) -> Raw:
        if route.fail_times > 0:
            route.fail_times -= 1
            return Raw(status=route.fail_status)
        if not route.answers:
            return Raw(status=204)
        answer = route.answers[min(route.given, len(route.answers) - 1)]
        route.given += 1
        value = answer(webhook) if callable(answer) else answer
        if isinstance(value, Raw):
            return value
        return Raw(status=204) if value is None else Raw(json.dumps(value).encode())


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _respond(send: Send, answer: Raw) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
