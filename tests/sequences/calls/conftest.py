"""Worlds for the call scenarios. What holds for every call is checked once each is over."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from offhook.simulator.app_server import Webhook
from offhook.testing.bodies import problems
from offhook.testing.provision import API_KEY, SIGNATURE_SECRET
from offhook.testing.world import World

MakeWorld = Callable[..., World]


class Errors(logging.Handler):
    """What was logged as an error. A test that expects some clears `lines`."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture
def errors() -> Iterator[Errors]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def make_world(errors: Errors) -> Iterator[MakeWorld]:
    """Worlds with options; after the test nothing is left, no error was logged, every webhook is right."""
    made: list[World] = []

    def make(**options: Any) -> World:
        made.append(World(**{"seed": 1, **options}))
        return made[-1]

    yield make
    try:
        assert errors.lines == []
        for world in made:
            assert world.leaks(0.2, sip=False) == {}
            assert [problem for webhook in world.app.webhooks for problem in _wrong(webhook)] == []
    finally:
        for world in made:
            world.__exit__(None, None, None)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    return make_world()


def _wrong(webhook: Webhook) -> list[str]:
    return [*(problems(webhook) if webhook.method == "POST" else []), *_unsigned(webhook)]


def _unsigned(webhook: Webhook) -> list[str]:
    """Signatures, with PyJWT and hashlib and nothing of the platform's."""
    scheme, _, token = webhook.headers.get("authorization", "").partition(" ")
    # A world's clock is not this machine's.
    claims = jwt.decode(token, SIGNATURE_SECRET, algorithms=["HS256"], options={"verify_iat": False})
    signed = webhook.body
    if webhook.method == "GET":
        signed = json.dumps(webhook.query, separators=(",", ":"), ensure_ascii=False).encode()
    good = {
        "scheme": scheme == "Bearer",
        "claims": [*claims] == ["iat", "jti", "iss", "payload_hash", "api_key", "application_id"],
        "iss": claims["iss"] == "Vonage",
        "api_key": claims["api_key"] == API_KEY,
        "payload_hash": claims["payload_hash"] == hashlib.sha256(signed).hexdigest(),
    }
    return [f"{webhook.path}: {name} of the signature" for name, fine in good.items() if not fine]
