"""S33 and S34 in the middle of a call: events whose reply should have been an NCCO, and what follows."""

from typing import Any

import pytest

from offhook.simulator.app_server import Raw
from offhook.testing.world import World

A, BUSY = "15550100777", "15550100790"
SYNTAX = "Syntax error in NCCO. Invalid value type or action."
GOOD = [{"action": "talk", "text": "From the fallback."}]
REST = {"action": "talk", "text": "Going on."}
BROKEN = [{"action": "tlak"}]
HOOK = ["http://app.test/hook"]
ACTIONS: dict[str, dict[str, Any]] = {
    "input": {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 1}, "eventUrl": HOOK},
    "notify": {"action": "notify", "payload": {"step": 1}, "eventUrl": HOOK},
    "connect": {
        "action": "connect",
        "from": World.number,
        "endpoint": [{"type": "phone", "number": BUSY}],
        "eventType": "synchronous",
        "eventUrl": HOOK,
    },
}


@pytest.fixture(params=sorted(ACTIONS))
def action(request: Any, world: World) -> dict[str, Any]:
    world.webhooks(fallback_answer_url="/fallback", fallback_answer_method="POST")
    return ACTIONS[str(request.param)]


def call(world: World, action: dict[str, Any], reply: Any = None, fallback: Any = None) -> list[str]:
    """What A hears; the event that asks is answered with `reply`, a status that does not ask with nothing."""
    world.application({"/answer": [action, REST]})
    if reply is not None:
        world.application({"/hook": lambda hook: reply if asks(hook.json) else None})
    if fallback is not None:
        world.application({"/fallback": fallback})
    return world.heard(world.call(A, world.number, "wait-hangup"))


def asks(body: Any) -> bool:
    return bool(body.get("status", "busy") == "busy")


def hooks(world: World) -> list[Any]:
    """The requests that asked."""
    return [hook for hook in world.app.at("/hook") if asks(hook.json)]


def errors(world: World) -> list[str]:
    return [event["reason"] for event in world.scenario.events if "reason" in event]


def test_s34_a_reply_that_cannot_run_leads_to_the_fallback(world: World, action: dict[str, Any]) -> None:
    assert call(world, action, BROKEN, GOOD) == ["From the fallback."]
    (hook,) = hooks(world)
    (fallback,) = world.app.at("/fallback")
    assert fallback.json == {
        **hook.json,
        "reason": SYNTAX,
        "original_request": {"url": HOOK[0], "type": "event"},
    }
    assert errors(world) == [SYNTAX]


def test_s34_a_broken_fallback_too_lets_the_call_go_on(world: World, action: dict[str, Any]) -> None:
    assert call(world, action, BROKEN, BROKEN) == ["Going on."]
    assert (len(hooks(world)), len(world.app.at("/fallback"))) == (1, 1)
    assert errors(world) == [SYNTAX, SYNTAX]


def test_s34_invalid_json_is_a_syntax_error_too(world: World, action: dict[str, Any]) -> None:
    assert call(world, action, Raw(b"[{"), GOOD) == ["From the fallback."]
    assert errors(world) == [SYNTAX]
    assert world.app.at("/fallback")[0].json["reason"].startswith("The reply is not valid JSON")


@pytest.mark.parametrize(
    "reply",
    [
        [],
        {},
        "",
        Raw(),
        Raw(status=204),
        Raw(status=205),
        Raw(b"OK", "text/plain"),
        Raw(b"<p>Thank you</p>", "text/html"),
        Raw(b"  ", "application/json"),
        Raw(b"null"),
    ],
    ids=str,
)
def test_s33_a_reply_that_says_nothing_goes_on(world: World, action: dict[str, Any], reply: Any) -> None:
    assert call(world, action, reply, GOOD) == ["Going on."]
    assert world.app.at("/fallback") == []
    assert errors(world) == []


@pytest.mark.parametrize(
    ("reply", "attempts"),
    [
        (Raw(status=503), 2),
        (Raw(status=429), 2),
        (Raw(status=404), 1),
        (Raw(status=500), 1),
        (Raw(status=302), 1),
        (Raw(b" " * 1_000_001), 1),
    ],
)
def test_s33_a_reply_that_is_none_leads_to_the_fallback(
    world: World, action: dict[str, Any], reply: Raw, attempts: int
) -> None:
    assert call(world, action, reply, GOOD) == ["From the fallback."]
    assert len(hooks(world)) == attempts
    (fallback,) = world.app.at("/fallback")
    assert fallback.headers["offhook-delivery"] == hooks(world)[0].headers["offhook-delivery"]
    assert fallback.json["original_request"] == {"url": HOOK[0], "type": "event"}
    assert errors(world) == []


def test_s33_nobody_answers_and_the_call_goes_on(world: World, action: dict[str, Any]) -> None:
    assert call(world, action, Raw(status=503), Raw(status=503)) == ["Going on."]
    assert (len(hooks(world)), len(world.app.at("/fallback"))) == (2, 2)
    assert errors(world) == []


def test_s33_an_event_url_that_hangs_costs_two_timeouts(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/hook", GOOD, delay=60.0)
    assert call(world, ACTIONS["notify"], fallback=GOOD) == ["From the fallback."]
    first, second = hooks(world)
    (fallback,) = world.app.at("/fallback")
    assert 10.9e9 <= second.at - first.at <= 12.1e9
    assert 9.9e9 <= fallback.at - second.at <= 11.1e9
    assert fallback.query["reason"] == "Connection timed out."


def test_s33_without_a_fallback_the_call_goes_on(world: World) -> None:
    assert call(world, ACTIONS["input"], BROKEN) == ["Going on."]
    assert errors(world) == [SYNTAX]


def test_s33_the_caller_hangs_up_while_the_fallback_is_asked(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/fallback", GOOD, delay=3.0)
    world.application({"/answer": [ACTIONS["notify"], REST], "/hook": BROKEN})
    report = world.call(A, world.number, "wait 2; hangup")
    world.wait(5)
    assert world.heard(report) == []
    assert errors(world) == [SYNTAX]
    assert "completed" in world.scenario.statuses(world.scenario.events[0]["uuid"])
