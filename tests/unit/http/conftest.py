"""A platform in virtual time with raw requests to its HTTP surface, and a call to steer."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from offhook.testing.provision import API_KEY, API_SECRET
from offhook.testing.world import World

BASE = "http://platform.test"
BASIC = "Basic " + base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def wrong(self) -> list[str]:
        return [each["name"] for each in self.json["invalid_parameters"]]


class Client:
    """Requests with the world's token, its key and secret on Applications, or other credentials."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._made: tuple[int, str] = (0, "")

    @property
    def bearer(self) -> str:
        """A token that is good for five minutes more: signing costs more than most requests."""
        now = self.world.clock.wall()
        if now > self._made[0]:
            token = self.world.provisioned.token(self.world.clock, self.world.ids)
            self._made = (now + 600_000_000, "Bearer " + token)
        return self._made[1]

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        auth: str | None = None,
    ) -> Answer:
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        if auth is None:
            auth = BASIC if path.startswith("/v2/applications") else self.bearer
        sent = {**({"authorization": auth} if auth else {}), **(headers or {})}
        status, told, answer = self.world.run(
            self.world.web.request(method, BASE + path, sent, data, 5.0, 60.0, 10_000_000)
        )
        return Answer(status, dict(told), answer)


@pytest.fixture(scope="module")
def platform() -> Iterator[World]:
    """One world for a module whose tests do not disturb each other."""
    with World(seed=1) as world:
        yield world


@pytest.fixture(scope="module")
def http(platform: World) -> Client:
    return Client(platform)


@pytest.fixture
def client_of() -> Callable[[World], Client]:
    return Client
