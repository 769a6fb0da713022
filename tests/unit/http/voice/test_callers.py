"""Who calls, as REST and the answer webhook show it: a number in digits, a SIP address, nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from offhook.http.voice_v1.shown import Call
from offhook.testing.world import World


@pytest.mark.parametrize(
    ("user", "number"),
    [
        ("15550100777", "15550100777"),
        ("+15550100777", "15550100777"),
        ("0015550100777", "15550100777"),
        ("0031201234567", "31201234567"),
        ("5550100", "5550100"),
        ("00999", "00999"),
        ("0201234567", "0201234567"),
        ("anonymous", None),
        ("alice", None),
    ],
)
def test_a_caller(client_of: Callable[[World], Any], user: str, number: str | None) -> None:
    with World(seed=3) as world:
        world.application({"/answer": [{"action": "wait", "timeout": 60}]})
        world.dial(user, world.number, "wait-hangup")
        world.wait(1)
        (shown,) = client_of(world)("GET", "/v1/calls").json["_embedded"]["calls"]
        Call.model_validate(shown)
        uri = f"sip:{user}@127.0.0.1:5070"
        assert shown["from"] == (
            {"type": "sip", "uri": uri} if number is None else {"type": "phone", "number": number}
        )
        assert shown["to"] == {"type": "phone", "number": world.number}
        (asked,) = world.app.at("/answer")
        assert asked.query["from"] == (number or uri)
