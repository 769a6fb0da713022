"""notify: fields, checks, behaviour (S31)."""

from typing import Any

import pytest
from tests.unit.ncco.harness import Leg, errors

from offhook.ncco.effects import ReportError, SendWebhook
from offhook.ncco.events import WebhookFailed, WebhookReplied

URL = "https://app.example/notified"
NOTIFY = {"action": "notify", "payload": {"step": 1}, "eventUrl": [URL]}
PROGRAM = [{"action": "talk", "text": "a"}, NOTIFY, {"action": "talk", "text": "b"}]


def notified() -> Leg:
    leg = Leg(PROGRAM)
    assert leg.all(SendWebhook) == []
    leg.play_out()
    return leg


def test_s31_sends_the_payload_after_the_first_prompt_and_waits() -> None:
    leg = notified()
    (sent,) = leg.all(SendWebhook)
    assert sent == SendWebhook(sent.token, "notify", {"payload": {"step": 1}}, URL, "POST", True)
    assert leg.heard == ["a"]


@pytest.mark.parametrize("reply", [None, [], {}, ""])
def test_s31_an_empty_reply_continues(reply: Any) -> None:
    leg = notified()
    leg.reply(reply)
    assert leg.heard == ["a", "b"]
    assert leg.all(ReportError) == []


def test_s31_an_ncco_in_the_reply_replaces_the_rest() -> None:
    leg = notified()
    leg.reply([{"action": "talk", "text": "c"}])
    leg.play_out()
    assert leg.heard == ["a", "c"]
    assert leg.over == "program finished"


def test_a_failed_webhook_continues() -> None:
    leg = notified()
    leg.send(WebhookFailed(leg.last(SendWebhook).token, "no answer"))
    assert leg.heard == ["a", "b"]


@pytest.mark.parametrize("reply", [[{"action": "tlak"}], {"status": "ok"}, "OK", 1, [[]]])
def test_a_broken_reply_is_reported_and_continues(reply: Any) -> None:
    leg = notified()
    leg.reply(reply)
    assert leg.heard == ["a", "b"]
    assert leg.last(ReportError).reason == "Syntax error in NCCO. Invalid value type or action."


def test_the_token_works_once() -> None:
    leg = notified()
    leg.reply([{"action": "talk", "text": "c"}])
    assert leg.reply([{"action": "talk", "text": "d"}]) == []
    assert leg.send(WebhookReplied("", [{"action": "talk", "text": "d"}])) == []
    assert leg.heard == ["a", "c"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"payload": None}, "[0].payload"),
        ({"payload": "text"}, "[0].payload"),
        ({"eventUrl": None}, "[0].eventUrl"),
        ({"eventUrl": [{}]}, "[0].eventUrl[0]"),
        ({"eventMethod": "PUT"}, "[0].eventMethod"),
    ],
)
def test_refused(change: dict[str, Any], path: str) -> None:
    assert [found for found, _ in errors([{**NOTIFY, **change}])] == [path]


def test_method() -> None:
    leg = Leg([{**NOTIFY, "eventMethod": "get"}])
    assert leg.last(SendWebhook).method == "GET"
