"""A world whose account has a client of the KPN wrapper, and requests with its token."""

import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from offhook.security.passwords import hash_secret
from offhook.storage import clients
from offhook.storage.clients import Client
from offhook.testing.world import World

BASE = "/communication/nexmo"
TOKEN = "/oauth/client_credential/accesstoken"
ID, SECRET = "kpn-client-0001", "kpn-secret-of-a-client"
FORM = "application/x-www-form-urlencoded"


@functools.cache
def secret_hash() -> str:
    return hash_secret(SECRET)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Kpn:
    """Requests to the wrapper of a world. Paths begin below the wrapper's base, or with /oauth."""

    def __init__(self, world: World, limit: int = 1_000_000, unit: str = "month") -> None:
        self.world = world
        self.client = Client(
            ID,
            world.provisioned.account.account_id,
            "shop",
            secret_hash(),
            None,
            1,
            unit,
            limit,
            True,
            world.clock.wall(),
        )
        world.database.transact(lambda c: clients.insert(c, self.client))
        self.token = ""

    @property
    def application_id(self) -> str:
        """The application of the world, which answers calls."""
        return self.world.provisioned.application.application_id

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request with these headers and no others. A text is a form, anything else JSON."""
        return self.world.run(self.sending(method, path, body, headers))

    async def sending(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        told = dict(headers or {})
        if body is None or isinstance(body, bytes):
            data = body or b""
        elif isinstance(body, str):
            data = body.encode()
            told.setdefault("content-type", FORM)
        else:
            data = json.dumps(body).encode()
            told.setdefault("content-type", "application/json")
        url = "http://platform.test" + (path if path.startswith("/oauth") else BASE + path)
        status, found, answer = await self.world.web.request(method, url, told, data, 5.0, 60.0, 10_000_000)
        return Answer(status, dict(found), answer)

    def login(self) -> str:
        """A fresh token, which the other requests use."""
        form = f"grant_type=client_credentials&client_id={ID}&client_secret={SECRET}"
        answer = self.send("POST", TOKEN, form)
        assert answer.status == 200, answer.body
        self.token = answer.json["access_token"]
        return self.token

    def bearer(self, **more: str) -> dict[str, str]:
        if not self.token:
            self.login()
        return {"authorization": f"Bearer {self.token}", **more}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request with the token; `if_match` is the header If-Match."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(method, path, body, self.bearer(**more))

    def voice(self, method: str, path: str, body: Any = None, application: str | None = None) -> Answer:
        """A request with the token and an application."""
        return self(method, "/voice/calls" + path, body, applicationid=application or self.application_id)

    def change(self, **values: Any) -> None:
        """Change the client as an operator would."""
        self.client = replace(self.client, **values)
        self.world.database.transact(lambda c: clients.change(c, ID, **values))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(seed=1) as world:
        yield world


@pytest.fixture(scope="module")
def kpn(world: World) -> Kpn:
    return Kpn(world)


@pytest.fixture
def kpn_of() -> Callable[..., Kpn]:
    return Kpn
