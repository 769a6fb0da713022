"""S33 and S34: an application that does not answer, or answers with what cannot be run."""

from typing import Any

import pytest

from offhook.simulator.app_server import Raw
from offhook.testing.world import World

A = "15550100777"
GOOD = [{"action": "talk", "text": "From the fallback."}]
SYNTAX = "Syntax error in NCCO. Invalid value type or action."
INPUT = {
    "action": "input",
    "type": ["dtmf"],
    "dtmf": {"timeOut": 1},
    "eventUrl": ["http://app.test/input"],
}


def call(world: World) -> list[str]:
    return world.heard(world.call(A, world.number, "wait-hangup"))


def test_s33_two_failures_lead_to_the_fallback(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/answer", fail_times=9)
    world.application({"/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    first, second = world.app.at("/answer")
    assert 0.9e9 < second.at - first.at < 1.2e9
    assert first.headers["offhook-delivery"] == second.headers["offhook-delivery"]
    (fallback,) = world.app.at("/fallback")
    assert [*fallback.query] == ["to", "from", "conversation_uuid", "uuid", "reason", "original_request"]
    assert fallback.query["original_request"] == '{"url":"http://app.test/answer","type":"answer"}'
    assert fallback.query["reason"]


def test_s33_one_failure_is_tried_again(world: World) -> None:
    world.app.serve("/answer", GOOD, fail_times=1)
    assert call(world) == ["From the fallback."]


def test_s33_a_404_is_not_tried_again(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/answer", fail_times=9, fail_status=404)
    world.application({"/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    assert len(world.app.at("/answer")) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Raw(status=400), "Received HTTP status 400."),
        (Raw(status=404), "Received HTTP status 404."),
        (Raw(status=500), "Received HTTP status 500."),
        (Raw(status=301), "Received HTTP status 301. Redirects are not followed; set the new address."),
        (Raw(status=204), "The reply is not valid JSON (Expecting value: line 1 column 1 (char 0))."),
        (Raw(b"[{]"), "The reply is not valid JSON"),
        (Raw(b"<html>", "text/html; charset=utf-8"), "Received Content-Type text/html; an NCCO needs"),
        (Raw(b"<Response/>", "application/xml"), "Received Content-Type application/xml"),
        (Raw(b" " * 1_000_001), "The reply is too large."),
    ],
    ids=lambda value: str(value)[:24],
)
def test_s33_what_is_no_answer_leads_to_the_fallback_at_once(world: World, answer: Raw, reason: str) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.application({"/answer": answer, "/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    assert len(world.app.at("/answer")) == 1
    (fallback,) = world.app.at("/fallback")
    assert fallback.query["reason"].startswith(reason)
    told = [event["reason"] for event in world.scenario.events if "reason" in event]
    assert told == ([SYNTAX] if "valid JSON" in reason else [])


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_s33_what_may_pass_is_asked_twice_with_the_same_data(world: World, status: int) -> None:
    world.webhooks(fallback_answer_url="/fallback", fallback_answer_method="POST")
    world.app.serve("/answer", fail_times=9, fail_status=status)
    world.application({"/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    first, second = world.app.at("/answer")
    assert first.query == second.query
    (fallback,) = world.app.at("/fallback")
    assert fallback.method == "POST"
    assert fallback.json == {
        **first.query,
        "reason": f"Received HTTP status {status}.",
        "original_request": {"url": "http://app.test/answer", "type": "answer"},
    }


def test_s33_the_fallback_is_asked_twice_too(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/answer", fail_times=9)
    world.app.serve("/fallback", GOOD, fail_times=1)
    assert call(world) == ["From the fallback."]
    first, second = world.app.at("/fallback")
    assert 0.9e9 < second.at - first.at < 1.2e9


@pytest.mark.parametrize("status", [503, 404])
def test_s33_without_a_fallback_the_call_ends(world: World, status: int) -> None:
    world.app.serve("/answer", GOOD, fail_times=9, fail_status=status)
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    assert world.scenario.statuses(world.scenario.events[0]["uuid"]) == ["started", "ringing", "completed"]
    (error,) = [event for event in world.scenario.events if "reason" in event]
    assert error["reason"] == f"No NCCO: Received HTTP status {status}. There is no fallback_answer_url."


def test_s33_an_application_that_is_gone(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.application({"/fallback": GOOD})
    uuid = world.request(
        "POST",
        "/v1/calls",
        {
            "to": [{"type": "phone", "number": A}],
            "from": {"type": "phone", "number": world.number},
            "answer_url": ["http://gone.test/answer?shop=1"],
        },
    )[1]["uuid"]
    world.wait(8)
    (fallback,) = world.app.at("/fallback")
    assert fallback.query["uuid"] == uuid
    assert fallback.query["reason"] == "Connection closed."
    assert fallback.query["original_request"] == '{"url":"http://gone.test/answer?shop=1","type":"answer"}'


@pytest.mark.parametrize("status", [503, 404])
def test_s33_when_both_fail_the_call_ends(world: World, status: int) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/answer", fail_times=9, fail_status=status)
    world.app.serve("/fallback", fail_times=9, fail_status=status)
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    assert world.scenario.events[-1]["status"] == "completed"
    assert len(world.app.at("/fallback")) == (2 if status == 503 else 1)


def test_s33_a_slow_application_is_given_up_and_asked_again(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/answer", GOOD, delay=20.0)
    world.application({"/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    first, second = world.app.at("/answer")
    assert 5.9e9 < second.at - first.at < 7.2e9


def test_s33_a_failing_input_webhook_does_not_end_the_call(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/input", fail_times=9)
    world.app.serve("/fallback", fail_times=9)
    world.application({"/answer": [INPUT, {"action": "talk", "text": "Going on."}]})
    assert call(world) == ["Going on."]
    assert (len(world.app.at("/input")), len(world.app.at("/fallback"))) == (2, 2)


def test_s33_the_fallback_of_an_input_may_answer_with_a_document(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.app.serve("/input", fail_times=9)
    world.application({"/answer": [INPUT, {"action": "talk", "text": "Not this."}], "/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    (fallback,) = world.app.at("/fallback")
    assert fallback.query["original_request"] == '{"url":"http://app.test/input","type":"event"}'
    assert fallback.query["dtmf"] == '{"digits":"","timed_out":true}'


@pytest.mark.parametrize(
    "document", [[{"action": "tlak"}], [{"action": "talk"}], {"action": "talk", "text": "x"}, [1], "talk"]
)
def test_s34_a_document_that_cannot_run_is_told_and_the_call_ends(world: World, document: Any) -> None:
    world.application({"/answer": document})
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    errors = [event for event in world.scenario.events if "reason" in event]
    assert len(errors) == 1
    assert errors[0]["reason"] == SYNTAX
    assert "status" not in errors[0]
    assert world.scenario.events[-1]["status"] == "completed"


def test_s34_the_fallback_takes_over_from_a_broken_document(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.application({"/answer": [{"action": "tlak"}], "/fallback": GOOD})
    assert call(world) == ["From the fallback."]
    assert len(world.app.at("/answer")) == 1
    assert [event["reason"] for event in world.scenario.events if "reason" in event] == [SYNTAX]


def test_s34_a_broken_fallback_ends_the_call(world: World) -> None:
    world.webhooks(fallback_answer_url="/fallback")
    world.application({"/answer": [{"action": "tlak"}], "/fallback": [{"action": "talk"}]})
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    (fallback,) = world.app.at("/fallback")
    assert fallback.query["reason"] == SYNTAX
    assert [event["reason"] for event in world.scenario.events if "reason" in event] == [SYNTAX, SYNTAX]
    assert world.scenario.events[-1]["status"] == "completed"


def test_s34_a_broken_reply_to_an_input_lets_the_call_go_on(world: World) -> None:
    world.application(
        {"/answer": [INPUT, {"action": "talk", "text": "Going on."}], "/input": [{"action": "tlak"}]}
    )
    assert call(world) == ["Going on."]
    assert [event["reason"] for event in world.scenario.events if "reason" in event] == [SYNTAX]
