"""A fake transport, an application with hooks, and a loop in virtual time."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from offhook.core.ids import SeededIds
from offhook.storage.records import Application, Leg
from offhook.testing.loop import VirtualLoop
from offhook.webhooks.attempts import Caller
from offhook.webhooks.sign import Signer, SigningKey

Json = Any
Reply = tuple[int, Mapping[str, str], bytes] | Exception
JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass
class Sent:
    at: float
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeTransport:
    """Answers from a script: a reply, an exception, or a function of the request; 204 when it is empty."""

    script: dict[str, deque[Any]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    running: int = 0
    most: int = 0

    def on(self, url: str, *replies: Any) -> None:
        self.script.setdefault(url, deque()).extend(replies)

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
        self.sent.append(Sent(asyncio.get_running_loop().time(), method, url, headers, body))
        waiting = self.script.get(url.partition("?")[0])
        reply = waiting.popleft() if waiting else (204, {}, b"")
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if callable(reply):
                reply = await reply()
        finally:
            self.running -= 1
        if isinstance(reply, Exception):
            raise reply
        return reply  # type: ignore[no-any-return]

    @property
    def urls(self) -> list[str]:
        return [sent.url for sent in self.sent]


def ok(value: Json) -> Reply:
    return 200, JSON, json.dumps(value).encode()


def status(code: int) -> Reply:
    return code, {}, b""


@dataclass
class Kit:
    """What most tests need, in one place."""

    loop: VirtualLoop
    transport: FakeTransport
    ids: SeededIds
    caller: Caller

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    ok = staticmethod(ok)
    status = staticmethod(status)


async def key_of(account_id: str) -> SigningKey:
    return SigningKey("abcd1234", b"signature secret")


@pytest.fixture
def kit() -> Iterator[Kit]:
    loop = VirtualLoop()
    transport = FakeTransport()
    ids = SeededIds(1)
    yield Kit(loop, transport, ids, Caller(transport, Signer(key_of, loop.clock, ids)))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


@pytest.fixture
def application() -> Application:
    hooks = {
        "answer_url": {"address": "https://app.example/answer", "http_method": "GET"},
        "event_url": {"address": "https://app.example/event", "http_method": "POST"},
        "fallback_answer_url": {"address": "https://app.example/fallback", "http_method": "POST"},
    }
    return Application("app", "acc", "Demo", "PEM", {"voice": {"webhooks": hooks}}, {}, 1, 1)


@pytest.fixture
def leg() -> Callable[..., Leg]:
    def make(**values: Any) -> Leg:
        base: dict[str, Any] = {
            "leg_id": "U1",
            "account_id": "acc",
            "application_id": "app",
            "conversation_id": "CON-1",
            "direction": "inbound",
            "to": {"type": "phone", "number": "14155550199"},
            "from_": {"type": "phone", "number": "14155550100"},
            "status": "ringing",
            "created_at": 0,
        }
        return Leg(**{**base, **values})

    return make
