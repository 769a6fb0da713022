"""input: fields, checks, the timing table, both result shapes, asynchronous mode."""

from typing import Any

import pytest
from tests.unit.ncco.harness import START, Leg, errors, warnings

from offhook.core.clock import seconds
from offhook.ncco.effects import CancelTimer, ListenKeys, SendWebhook, SetTimer
from offhook.ncco.events import LegGone, TimerFired, WebhookFailed

URL = "https://app.example/dtmf"
SPEECH = {"error": "Speech was not enabled"}
AFTER = {"action": "talk", "text": "after"}


def listening(**keys: Any) -> Leg:
    return Leg([{"action": "input", "type": ["dtmf"], "dtmf": keys, "eventUrl": [URL]}, AFTER])


def result(leg: Leg) -> tuple[str, bool]:
    (sent,) = leg.all(SendWebhook)
    assert sent.data["speech"] == SPEECH
    return sent.data["dtmf"]["digits"], sent.data["dtmf"]["timed_out"]


@pytest.mark.parametrize(
    ("keys", "pressed", "expected"),
    [
        ({"maxDigits": 1}, "2", ("2", False)),
        ({}, "12345", ("1234", False)),
        ({"maxDigits": "2"}, "0*", ("0*", False)),
        ({"maxDigits": 20}, "1" * 21, ("1" * 20, False)),
        ({"submitOnHash": "true"}, "12#", ("12", False)),
        ({"submitOnHash": True}, "#", ("", False)),
        ({}, "12#4", ("12#4", False)),
        ({"submitOnHash": True, "maxDigits": 2}, "12#", ("12", False)),
        ({"maxDigits": 2}, "A1B2", ("12", False)),
    ],
)
def test_result_is_immediate(keys: dict[str, Any], pressed: str, expected: tuple[str, bool]) -> None:
    leg = listening(**keys)
    leg.press(pressed)
    assert result(leg) == expected
    assert leg.timers == {}


@pytest.mark.parametrize(
    ("keys", "pressed", "waits_s", "expected"),
    [
        ({}, "", 3, ("", True)),
        ({}, "12", 3, ("12", True)),
        ({"timeOut": "10"}, "1", 10, ("1", True)),
        ({"timeOut": 0.5}, "", 0.5, ("", True)),
        ({"submitOnHash": True}, "12", 3, ("12", True)),
    ],
)
def test_result_after_a_pause(
    keys: dict[str, Any], pressed: str, waits_s: float, expected: tuple[str, bool]
) -> None:
    leg = listening(**keys)
    leg.press(pressed)
    leg.wait(waits_s - 0.001)
    assert leg.all(SendWebhook) == []
    leg.wait(0.001)
    assert result(leg) == expected


def test_every_key_starts_the_pause_again() -> None:
    leg = listening(timeOut=2)
    for digit in "123":
        leg.wait(1.9)
        leg.press(digit)
    assert leg.all(SendWebhook) == []
    leg.wait(2)
    assert result(leg) == ("123", True)


def test_a_stale_timer_does_not_end_it() -> None:
    leg = listening(timeOut=2)
    leg.wait(1)
    leg.press("1")
    timer = leg.last(SetTimer)
    assert leg.send(TimerFired(timer.key)) == [timer]
    assert leg.send(TimerFired("input:other")) == []


def test_a_timeout_of_zero_looks_once() -> None:
    leg = listening(timeOut=0)
    assert leg.last(SetTimer).at == START
    leg.wait(0)
    assert result(leg) == ("", True)


def test_s04_webhook_goes_to_the_event_url_and_may_answer_with_an_ncco() -> None:
    leg = listening(maxDigits=1)
    leg.press("1")
    sent = leg.last(SendWebhook)
    data = {"speech": SPEECH, "dtmf": {"digits": "1", "timed_out": False}}
    assert sent == SendWebhook(sent.token, "input", data, URL, "POST", expects_ncco=True)
    leg.reply([{"action": "talk", "text": "sales"}])
    leg.play_out()
    assert leg.heard == ["sales"]
    assert leg.over == "program finished"


@pytest.mark.parametrize("reply", [None, [], {}])
def test_an_empty_reply_runs_the_next_action(reply: Any) -> None:
    leg = listening(maxDigits=1)
    leg.press("1")
    leg.reply(reply)
    assert leg.heard == ["after"]


def test_a_failed_webhook_runs_the_next_action() -> None:
    leg = listening(maxDigits=1)
    leg.press("1")
    leg.send(WebhookFailed(leg.last(SendWebhook).token, "connection closed"))
    assert leg.heard == ["after"]


def test_without_a_next_action_the_call_ends() -> None:
    leg = Leg([{"action": "input", "type": ["dtmf"]}])
    leg.wait(3)
    sent = leg.last(SendWebhook)
    assert (sent.url, sent.method) == (None, None)
    leg.reply()
    assert leg.over == "program finished"


def test_keys_during_the_wait_for_the_reply_are_dropped() -> None:
    leg = listening(maxDigits=1)
    leg.press("19")
    leg.reply([{"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}])
    leg.wait(3)
    assert leg.last(SendWebhook).data["dtmf"] == {"digits": "", "timed_out": True}


def test_one_event_per_action_and_one_reply() -> None:
    leg = listening(maxDigits=1)
    leg.press("1")
    leg.wait(60)
    leg.reply()
    assert leg.reply([{"action": "talk", "text": "late"}]) == []
    assert len(leg.all(SendWebhook)) == 1


def test_a_reply_before_the_result_is_ignored() -> None:
    leg = listening()
    token = leg.last(SetTimer).key.removeprefix("input:")
    assert leg.send(WebhookFailed(token, "x")) == []


@pytest.mark.parametrize("submit", [True, False])
def test_s05_older_form_has_the_older_result(submit: bool) -> None:
    leg = Leg([{"action": "input", "timeOut": "10", "maxDigits": 6, "submitOnHash": submit}])
    leg.press("1234#")
    leg.wait(10)
    assert leg.last(SendWebhook).data == {
        "dtmf": "1234" if submit else "1234#",
        "timed_out": not submit,
    }


def test_older_form_without_a_key() -> None:
    leg = Leg([{"action": "input"}])
    leg.wait(3)
    assert leg.last(SendWebhook).data == {"dtmf": "", "timed_out": True}


def test_older_form_reads_a_dtmf_object_too() -> None:
    leg = Leg([{"action": "input", "dtmf": {"maxDigits": 1}}])
    leg.press("1")
    assert leg.last(SendWebhook).data == {"dtmf": "1", "timed_out": False}


def test_stops_when_the_leg_is_gone() -> None:
    leg = listening()
    assert leg.send(LegGone()) == [CancelTimer(leg.last(SetTimer).key)]
    assert leg.is_finished()
    waiting = listening(maxDigits=1)
    waiting.press("1")
    assert waiting.send(LegGone()) == []


# --- asynchronous mode (S30)

ASYNC = {"action": "input", "type": ["dtmf"], "mode": "asynchronous", "eventUrl": [URL]}


@pytest.mark.parametrize("mode", ["asynchronous", "asyncronous", "ASYNCHRONOUS"])
@pytest.mark.parametrize(("given", "method"), [("GET", "GET"), ("post", "POST"), (None, "POST")])
def test_asynchronous_asks_for_every_key_and_goes_on_at_once(mode: str, given: Any, method: str) -> None:
    leg = Leg([{**ASYNC, "mode": mode, "eventMethod": given}, {"action": "talk", "text": "a"}])
    assert leg.heard == ["a"]
    assert leg.all(ListenKeys) == [ListenKeys(URL, method, legacy=False)]
    leg.press("4#")
    assert leg.all(SendWebhook) == []
    assert len(leg.playing) == 1


def test_asynchronous_without_an_address_or_a_type() -> None:
    leg = Leg([{"action": "input", "mode": "asynchronous"}, AFTER])
    assert leg.all(ListenKeys) == [ListenKeys(None, None, legacy=True)]


def test_asynchronous_takes_no_key_from_an_input_that_follows() -> None:
    leg = Leg([ASYNC, {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}])
    leg.press("1")
    assert leg.last(SendWebhook).data["dtmf"]["digits"] == "1"
    leg.send(LegGone())
    assert leg.is_finished()


# --- checks


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"type": ["speech"]}, "[0].type", "speech is not supported by this version of the server"),
        ({"type": ["dtmf", "speech"]}, "[0].type", "speech is not supported by this version"),
        ({"type": ["fax"]}, "[0].type[0]", 'must be "dtmf", not "fax"'),
        ({"type": [{}]}, "[0].type[0]", "not an object"),
        ({"type": []}, "[0].type", 'must be an array such as ["dtmf"]'),
        ({"type": 1}, "[0].type", "must be an array"),
        ({"type": ["dtmf"], "dtmf": 4}, "[0].dtmf", "must be an object"),
        ({"type": ["dtmf"], "dtmf": {"timeOut": 11}}, "[0].dtmf.timeOut", "from 0 to 10, not 11"),
        ({"type": ["dtmf"], "dtmf": {"maxDigits": 21}}, "[0].dtmf.maxDigits", "from 1 to 20, not 21"),
        ({"type": ["dtmf"], "dtmf": {"maxDigits": 0}}, "[0].dtmf.maxDigits", "from 1 to 20, not 0"),
        ({"timeOut": "11"}, "[0].timeOut", 'from 0 to 10, not "11"'),
        ({"maxDigits": "many"}, "[0].maxDigits", "must be a whole number"),
        (
            {"type": ["dtmf"], "mode": "later"},
            "[0].mode",
            'must be one of synchronous, asynchronous, not "later"',
        ),
        (
            {"type": ["dtmf"], "mode": "asynchronous", "dtmf": {"maxDigits": 1}},
            "[0].dtmf.maxDigits",
            "must be left out in asynchronous mode",
        ),
        ({"mode": "asynchronous", "timeOut": 1}, "[0].timeOut", "must be left out in asynchronous mode"),
        ({"type": ["dtmf"], "eventUrl": [1]}, "[0].eventUrl[0]", "must be a URL"),
    ],
)
def test_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = errors([{"action": "input", **fields}])
    assert found == path
    assert words in message


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"type": "dtmf"}, "[0].type", "should be an array"),
        ({"type": ["dtmf"], "maxDigits": 1}, "[0].maxDigits", 'move it into "dtmf"'),
        ({"type": ["dtmf"], "speech": {}}, "[0].speech", "listens to keys only"),
        ({"type": ["dtmf"], "dtmf": {"timeout": 1}}, "[0].dtmf.timeout", "did you mean timeOut?"),
        ({"type": ["dtmf"], "eventUrl": URL}, "[0].eventUrl", "should be an array"),
        ({"type": ["dtmf"], "eventUrl": [URL, URL]}, "[0].eventUrl", "only the first is used"),
    ],
)
def test_doubtful_but_accepted(fields: dict[str, Any], path: str, words: str) -> None:
    document = [{"action": "input", **fields}]
    assert errors(document) == []
    ((found, message),) = warnings(document)
    assert found == path
    assert words in message


def test_misplaced_options_have_no_effect() -> None:
    leg = Leg([{"action": "input", "type": ["dtmf"], "maxDigits": 1}])
    leg.press("12")
    assert leg.all(SendWebhook) == []
    assert leg.last(SetTimer).at == START + seconds(3)
