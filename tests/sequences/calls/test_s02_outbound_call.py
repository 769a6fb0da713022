"""S02: REST makes a call."""

from typing import Any

import pytest

from offhook.testing.world import World

TALK = [{"action": "talk", "text": "Your order has been shipped."}]
PHONE = "15550100742"


def create(world: World, number: str = PHONE, **body: Any) -> dict[str, Any]:
    """A call from the application's number."""
    wanted = {"to": [{"type": "phone", "number": number}], "from": {"type": "phone", "number": world.number}}
    status, answer = world.request("POST", "/v1/calls", {**wanted, **body})
    assert status == 201, answer
    assert [*answer] == ["uuid", "status", "direction", "conversation_uuid"]
    assert (answer["status"], answer["direction"]) == ("started", "outbound")
    return dict(answer)


def told(world: World, call: dict[str, Any]) -> list[str]:
    return world.scenario.statuses(call["uuid"])


def test_s02_with_answer_url(world: World) -> None:
    world.application({"/ncco": TALK})
    phone = world.phone(PHONE)
    call = create(world, answer_url=["http://app.test/ncco"])
    world.wait(5)
    assert told(world, call) == ["started", "ringing", "answered", "completed"]
    (answer,) = world.app.at("/ncco")
    assert answer.method == "GET"
    assert answer.query == {
        "to": PHONE,
        "from": world.number,
        "conversation_uuid": call["conversation_uuid"],
        "uuid": call["uuid"],
    }
    assert world.heard(phone.calls[0].report) == ["Your order has been shipped."]
    assert f"sip:{world.number}@" in phone.calls[0].report.peer


def test_s02_with_an_inline_ncco_no_answer_webhook_is_sent(world: World) -> None:
    phone = world.phone(PHONE, after=3.0)
    call = create(world, ncco=TALK)
    world.wait(7)
    assert told(world, call) == ["started", "ringing", "answered", "completed"]
    assert {webhook.path for webhook in world.app.webhooks} == {"/event"}
    report = phone.calls[0].report
    assert world.heard(report) == ["Your order has been shipped."]
    # Nothing was said before the phone was picked up, and all of it afterwards.
    assert report.answered_ms is not None
    assert 3000 <= report.answered_ms < 3100
    for event in world.scenario.events:
        assert (event["from"], event["to"], event["direction"]) == (world.number, PHONE, "outbound")


def test_s02_an_event_url_of_the_call_takes_the_place_of_the_applications(world: World) -> None:
    world.phone(PHONE)
    create(world, ncco=TALK, event_url=["http://app.test/mine"], event_method="GET")
    world.wait(5)
    assert world.scenario.events == []
    hooks = world.app.at("/mine")
    assert [hook.query["status"] for hook in hooks] == ["started", "ringing", "answered", "completed"]
    assert hooks[2].query["start_time"] == "null"
    assert hooks[0].query["headers"] == "{}"


@pytest.mark.parametrize(
    ("number", "statuses", "detail", "code"),
    [
        ("15550100790", ["started", "busy", "completed"], None, 486),
        ("15550100791", ["started", "ringing", "rejected"], "declined", 603),
        ("15550100794", ["started", "failed", "completed"], "number_out_of_service", 404),
    ],
)
def test_s02_a_call_that_is_not_answered(
    world: World, number: str, statuses: list[str], detail: str | None, code: int
) -> None:
    call = create(world, number, ncco=TALK)
    world.wait(3)
    assert told(world, call) == statuses
    cause = next(event for event in world.scenario.events if "sip_code" in event)
    assert cause.get("detail") == detail
    assert cause["sip_code"] == code
    if statuses[-1] == "completed":
        completed = world.scenario.events[-1]
        assert completed["start_time"] is None
        assert (completed["duration"], completed["price"]) == ("0", "0.00000000")
        assert completed["sip_code"] == code


def test_s02_no_answer_within_the_ringing_timer(world: World) -> None:
    call = create(world, "15550100792", ncco=TALK, ringing_timer=5)
    world.wait(4.5)
    assert told(world, call) == ["started", "ringing"]
    world.wait(1.5)
    assert told(world, call) == ["started", "ringing", "timeout", "completed"]
    (phone,) = world.carrier.dialled
    ending = phone.calls[0].report.ending
    assert ending is not None
    assert ending.by == "far end"
    assert ending.status == 487


def test_s02_a_number_that_no_trunk_dials(make_world: Any) -> None:
    world: World = make_world(settings={"simulator": False})
    call = create(world, ncco=TALK)
    world.wait(1)
    assert told(world, call) == ["started", "failed", "completed"]
    failed = next(event for event in world.scenario.events if event.get("status") == "failed")
    assert (failed["detail"], failed["sip_code"]) == ("cannot_route", 404)
    errors = [event for event in world.scenario.events if "reason" in event]
    assert len(errors) == 1
    assert PHONE in errors[0]["reason"]


def test_s38_the_length_timer_ends_an_answered_call(world: World) -> None:
    phone = world.phone(PHONE, "wait-hangup", after=0.5)
    call = create(world, ncco=[{"action": "talk", "text": "On and on.", "loop": 0}], length_timer=2)
    world.wait(4)
    assert told(world, call) == ["started", "ringing", "answered", "completed"]
    completed = world.scenario.events[-1]
    assert (completed["duration"], completed["disconnected_by"]) == ("2", "platform")
    report = phone.calls[0].report
    assert report.ending is not None
    assert report.answered_ms is not None
    assert 1950 <= report.ending.at_ms - report.answered_ms <= 2100


def test_s02_without_a_from_one_of_the_applications_numbers_is_shown(world: World) -> None:
    phone = world.phone(PHONE)
    wanted = {"to": [{"type": "phone", "number": PHONE}], "random_from_number": True, "ncco": TALK}
    status, answer = world.request("POST", "/v1/calls", wanted)
    assert status == 201, answer
    world.wait(4)
    assert f"sip:{world.number}@" in phone.calls[0].report.peer
    assert {event["from"] for event in world.scenario.events} == {world.number}
