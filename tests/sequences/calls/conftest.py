"""Worlds for the call scenarios. What holds for every call is checked once each is over."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest

from offhook.simulator.app_server import Webhook
from offhook.testing.bodies import problems
from offhook.testing.provision import API_KEY, SIGNATURE_SECRET
from offhook.testing.world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world() -> Iterator[MakeWorld]:
    """Worlds with options; after the test nothing may be left and every webhook must be right."""
    made: list[World] = []

    def make(**options: Any) -> World:
        made.append(World(**{"seed": 1, **options}))
        return made[-1]

    yield make
    try:
        for world in made:
            assert world.leaks(1.0, sip=False) == {}
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
    options = {"verify_iat": False}  # a world's clock is not this machine's
    claims = jwt.decode(token, SIGNATURE_SECRET, algorithms=["HS256"], options=options)
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
