"""What judges calls must itself find faults: bodies of webhooks and leaks."""

import json
from typing import Any

import pytest

from offhook.simulator.app_server import Webhook
from offhook.testing.bodies import problems
from offhook.testing.world import World

RINGING = {
    "headers": {},
    "from": "15550100777",
    "to": "15550100001",
    "uuid": "ec148cb4-8e73-4000-aa90-a8f0d66b829e",
    "conversation_uuid": "CON-a11d459a-2f97-4000-9999-9e3fa46d6753",
    "status": "ringing",
    "direction": "inbound",
    "timestamp": "2026-01-01T00:00:00.011Z",
}
RECORD = {
    "start_time": "2026-01-01T00:00:00Z",
    "recording_url": "http://platform.test/v1/files/f1",
    "size": 100,
    "recording_uuid": "r1",
    "end_time": "2026-01-01T00:00:05Z",
    "conversation_uuid": "CON-1",
    "timestamp": "2026-01-01T00:00:05.100Z",
}
INPUT = {
    "speech": {"error": "Speech was not enabled"},
    "dtmf": {"digits": "1", "timed_out": False},
    **{key: RINGING[key] for key in ("from", "to", "uuid", "conversation_uuid", "timestamp")},
}


def found(body: Any, content_type: str = "application/json") -> list[str]:
    data = json.dumps(body).encode()
    return problems(Webhook(0, "POST", "/event", {}, {"content-type": content_type}, data))


@pytest.mark.parametrize("body", [RINGING, RECORD, INPUT])
def test_good_bodies_have_no_problems(body: dict[str, Any]) -> None:
    assert found(body) == []


@pytest.mark.parametrize(
    "body",
    [
        dict(reversed(RINGING.items())),
        {**RINGING, "extra": 1},
        {**RINGING, "timestamp": "2026-01-01T00:00:00Z"},
        {**RINGING, "status": "unheard-of"},
        {**RINGING, "status": "busy"},
        {**RINGING, "conversation_uuid": "a11d459a"},
        {**RECORD, "size": "100"},
        {**RECORD, "start_time": "2026-01-01T00:00:00.000Z"},
        {**RECORD, "recording_uuid": "f1"},
        {**INPUT, "dtmf": {"timed_out": False, "digits": "1"}},
        {**INPUT, "speech": {}},
        [],
    ],
)
def test_bad_bodies_are_found(body: Any) -> None:
    assert len(found(body)) == 1


def test_the_content_type_is_exact() -> None:
    assert len(found(RINGING, "application/json; charset=utf-8")) == 1


def test_leaks_are_seen_while_a_call_is_up() -> None:
    with World(seed=1) as world:
        world.application({"/answer": [{"action": "record"}, {"action": "talk", "text": "Up.", "loop": 0}]})
        call = world.dial("15550100777", world.number, "wait-hangup")
        world.wait(0.5)
        left = world.leaks(0.0)
        assert {
            "legs",
            "playbacks",
            "recordings",
            "SIP sessions",
            "legs of media-0",
            "RTP ports bound",
        } <= left.keys()

        async def hang_up() -> None:
            call.hang_up()

        world.run(hang_up())
        assert world.leaks() == {}


def test_a_world_that_waits_for_nothing_says_so() -> None:
    from offhook.testing.loop import VirtualLoop, WorldStuckError

    loop = VirtualLoop()
    try:
        with pytest.raises(WorldStuckError):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()
