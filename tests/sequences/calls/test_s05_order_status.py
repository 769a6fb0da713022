"""S05: an order number, ended with the hash key. Options come as strings."""

from typing import Any

import pytest

from offhook.simulator.app_server import Webhook
from offhook.testing.world import World

ASK = [
    {"action": "talk", "text": "Welcome."},
    {"action": "talk", "text": "Enter your order number, then press hash.", "bargeIn": "true"},
]
INPUT: dict[str, Any] = {
    "action": "input",
    "type": ["dtmf"],
    "dtmf": {"timeOut": "10", "submitOnHash": "true"},
    "eventUrl": ["http://app.test/search"],
}
KEYS = "wait-speech; wait-silence 0.5; press {}; wait-hangup"


def result(webhook: Webhook) -> Any:
    dtmf = webhook.json["dtmf"]
    digits = dtmf["digits"] if isinstance(dtmf, dict) else dtmf
    return [{"action": "talk", "text": f"Order {' '.join(digits)}."}]


def dial(world: World, action: dict[str, Any], keys: str) -> tuple[list[str], Webhook]:
    world.application({"/answer": [*ASK, action], "/search": result})
    report = world.call("15550100777", world.number, KEYS.format(keys))
    (hook,) = world.app.at("/search")
    return world.heard(report)[2:], hook


@pytest.mark.parametrize(
    ("keys", "digits"),
    [
        ("1234#", "1234"),
        ("12#", "12"),
        ("#", ""),
        ("123456#", "1234"),  # four digits are the default, and the fourth ends it
    ],
)
def test_s05_keys_until_the_hash(world: World, keys: str, digits: str) -> None:
    heard, hook = dial(world, INPUT, keys)
    assert hook.json["dtmf"] == {"digits": digits, "timed_out": False}
    assert heard == [f"Order {' '.join(digits)}."]


def test_s05_more_digits_when_asked_for(world: World) -> None:
    action = {**INPUT, "dtmf": {**INPUT["dtmf"], "maxDigits": "6"}}
    _, hook = dial(world, action, "123456#")
    assert hook.json["dtmf"] == {"digits": "123456", "timed_out": False}


def test_s05_the_timeout_given_as_a_string_runs_from_the_last_key(world: World) -> None:
    _, hook = dial(world, INPUT, "12p3")
    assert hook.json["dtmf"] == {"digits": "123", "timed_out": True}
    began = world.app.at("/answer")[0].at
    assert hook.at - began > 10 * 1_000_000_000
    completed = world.scenario.events[-1]
    assert int(completed["duration"]) >= 10


def test_s05_without_submit_on_hash_the_hash_is_a_digit(world: World) -> None:
    _, hook = dial(world, {**INPUT, "dtmf": {"timeOut": 2}}, "12#")
    assert hook.json["dtmf"] == {"digits": "12#", "timed_out": True}


def test_s05_the_older_form_without_type(world: World) -> None:
    action = {
        "action": "input",
        "timeOut": "10",
        "submitOnHash": True,
        "eventUrl": ["http://app.test/search"],
    }
    heard, hook = dial(world, action, "1234#")
    assert [*hook.json][:2] == ["dtmf", "timed_out"]
    assert (hook.json["dtmf"], hook.json["timed_out"]) == ("1234", False)
    assert heard == ["Order 1 2 3 4."]


def test_s05_an_input_webhook_by_get_has_json_in_its_parameters(world: World) -> None:
    world.application({"/answer": [{**INPUT, "eventMethod": "GET"}], "/search": None})
    world.call("15550100777", world.number, "wait 0.5; press 12#; wait-hangup")
    (hook,) = world.app.at("/search")
    assert hook.method == "GET"
    assert hook.query["dtmf"] == '{"digits":"12","timed_out":false}'
    assert hook.query["speech"] == '{"error":"Speech was not enabled"}'
    assert [*hook.query] == ["speech", "dtmf", "from", "to", "uuid", "conversation_uuid", "timestamp"]
