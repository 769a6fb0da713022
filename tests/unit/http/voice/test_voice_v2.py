"""POST /v2/calls: an empty answer, and ids by the first event."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offhook.http.voice_v2.create import Accepted
from offhook.storage import applications
from offhook.testing.bodies import problems
from offhook.testing.world import World

PHONE = "15550100742"
CALL: dict[str, Any] = {
    "to": [{"type": "phone", "number": PHONE}],
    "from": {"type": "phone", "number": World.number},
    "ncco": [{"action": "talk", "text": "hello"}],
}
KEYS = "from to uuid conversation_uuid client_ref status direction timestamp"


def test_the_first_event_has_the_ids_and_version_1_manages_the_call(
    client_of: Callable[[World], Any],
) -> None:
    with World(seed=7) as world:
        http = client_of(world)
        phone = world.phone(PHONE)
        answer = http("POST", "/v2/calls", {**CALL, "client_ref": "order 66"})
        assert (answer.status, answer.json) == (202, {})
        assert answer.headers["content-type"] == "application/json"
        Accepted.model_validate(answer.json)
        world.wait(0.5)
        started = world.scenario.events[0]
        assert [*started] == KEYS.split()
        assert (started["from"], started["to"]) == (world.number, PHONE)
        assert (started["client_ref"], started["status"], started["direction"]) == (
            "order 66",
            "started",
            "outbound",
        )
        shown = http("GET", f"/v1/calls/{started['uuid']}").json
        assert shown["conversation_uuid"] == started["conversation_uuid"]
        world.wait(6)
        assert world.heard(phone.calls[0].report) == ["hello"]
        assert world.scenario.statuses(started["uuid"]) == ["started", "ringing", "answered", "completed"]
        assert all("client_ref" not in event for event in world.scenario.events[1:])
        assert [problem for webhook in world.app.webhooks for problem in problems(webhook)] == []


def test_a_reference_is_made_where_none_is_given(client_of: Callable[[World], Any]) -> None:
    with World(seed=7) as world:
        http = client_of(world)
        for _ in range(2):
            assert http("POST", "/v2/calls", CALL).status == 202
        world.wait(0.2)
        made = {event["client_ref"] for event in world.scenario.events if event["status"] == "started"}
        assert len(made) == 2
        assert all(re.fullmatch("[0-9a-f]{32}", reference) for reference in made)


def test_the_events_go_where_the_call_says(client_of: Callable[[World], Any]) -> None:
    with World(seed=7) as world:
        http = client_of(world)
        changes = {"event_url": ["http://app.test/mine"], "event_method": "GET"}
        assert http("POST", "/v2/calls", {**CALL, **changes}).status == 202
        world.wait(0.3)
        (hook, *_) = world.app.at("/mine")
        assert (hook.method, hook.query["status"], "client_ref" in hook.query) == ("GET", "started", True)


TAKEN: list[dict[str, Any]] = [
    {"to": [{"type": "sip", "uri": "sip:u@h.localhost"}]},
    {"from": {"type": "phone", "number": f"sip:{World.number}@sip.example.com"}},
    {"from": None, "random_from_number": True},
    {"ncco": None, "answer_url": ["http://app.test/answer"]},
    {"length_timer": 7200, "ringing_timer": 120},
    {"length_timer": 86400},
    {"length_timer": "1"},
    {"machine_detection": "continue"},
    {"client_ref": 17},
]


@pytest.mark.parametrize("changes", TAKEN)
def test_members_that_are_taken(http: Any, changes: dict[str, Any]) -> None:
    answer = http("POST", "/v2/calls", {**CALL, **changes})
    assert (answer.status, answer.json) == (202, {}), answer.body
    http.world.wait(0.1)
    (call,) = http("GET", "/v1/calls?order=desc&page_size=1").json["_embedded"]["calls"]
    http("PUT", f"/v1/calls/{call['uuid']}", {"action": "hangup"})
    http.world.wait(0.1)


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"to": [{"type": "app", "user": "jamie"}]}, ["to[0].type"]),
    ({"to": [{"type": "phone", "number": PHONE, "shaken": "a.b.c"}]}, ["to[0].shaken"]),
    ({"from": None}, ["from"]),
    ({"ncco": None}, ["ncco"]),
    ({"length_timer": 86401}, ["length_timer"]),
    ({"machine_detection": "default"}, ["machine_detection"]),
    ({"client_ref": ""}, ["client_ref"]),
    ({"client_ref": "a\nb"}, ["client_ref"]),
    ({"client_ref": "x" * 65}, ["client_ref"]),
]


@pytest.mark.parametrize(("changes", "fields"), REFUSED)
def test_members_that_are_refused(http: Any, changes: dict[str, Any], fields: list[str]) -> None:
    answer = http("POST", "/v2/calls", {**CALL, **changes})
    assert (answer.status, answer.wrong) == (400, fields), answer.body


def test_without_an_event_url_anywhere_nobody_would_learn_the_ids(client_of: Callable[[World], Any]) -> None:
    with World(seed=7) as world:
        http = client_of(world)
        own = world.provisioned.application
        webhooks = {**own.capabilities["voice"]["webhooks"]}
        del webhooks["event_url"]
        voice = {**own.capabilities["voice"], "webhooks": webhooks}
        silent = replace(own, capabilities={"voice": voice})
        world.database.transact(lambda connection: applications.update(connection, silent))
        answer = http("POST", "/v2/calls", CALL)
        assert (answer.status, answer.wrong) == (400, ["event_url"])
        assert http("POST", "/v2/calls", {**CALL, "event_url": ["http://app.test/e"]}).status == 202
        assert http("POST", "/v1/calls", CALL).status == 201


def test_nothing_else_is_below_version_2(http: Any) -> None:
    assert http("GET", "/v2/calls").status == 405
    assert http("GET", "/v2/calls/63f61863-4a51-4f6b-86e1-46edebcf9356").status == 404
