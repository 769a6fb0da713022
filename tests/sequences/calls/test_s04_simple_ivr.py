"""S04: a menu that a key cuts short."""

import json
from typing import Any

from offhook.simulator.app_server import Webhook
from offhook.simulator.report import Report
from offhook.testing.world import World

PROMPT = "Welcome. Press 1 for the date, press 2 for music, or stay on the line to hear this again."
MENU: list[dict[str, Any]] = [
    {"action": "talk", "text": PROMPT, "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}, "eventUrl": ["http://app.test/dtmf"]},
]
DATE = [{"action": "talk", "text": "It is Thursday."}]


def branch(webhook: Webhook) -> Any:
    """The application: 1 tells the date, anything else the menu once more, and then the end."""
    digits = webhook.json["dtmf"]["digits"]
    return DATE if digits == "1" else [{"action": "talk", "text": f"You pressed {digits or 'nothing'}."}]


def pressed_at(report: Report, step: int) -> int:
    """Where in the heard audio the script step of this number began, in ms."""
    assert report.answered_ms is not None
    return report.steps[step - 1].at_ms - report.answered_ms


def test_s04_a_key_during_the_menu_cuts_it_and_is_the_digit(world: World) -> None:
    world.application({"/answer": MENU, "/dtmf": branch})
    report = world.call("15550100777", world.number, "wait-speech; wait 0.5; press 1; wait-hangup")
    menu, date = world.utterances(report)
    assert not menu.complete
    assert len(menu.text) > 10
    assert PROMPT.startswith(menu.text[:-1])  # the last letter is faded out
    assert menu.start_ms + menu.duration_ms - pressed_at(report, 2) < 300
    assert (date.text, date.complete) == ("It is Thursday.", True)
    assert date.start_ms - pressed_at(report, 2) < 600


def test_s04_the_input_webhook_body(world: World) -> None:
    world.application({"/answer": MENU, "/dtmf": branch})
    world.call("15550100777", world.number, "wait-speech; wait 0.5; press 1; wait-hangup")
    (hook,) = world.app.at("/dtmf")
    assert hook.method == "POST"
    uuid = world.scenario.events[0]["uuid"]
    conversation = world.scenario.events[0]["conversation_uuid"]
    body = hook.json
    expected = (
        '{"speech":{"error":"Speech was not enabled"},"dtmf":{"digits":"1","timed_out":false},'
        f'"from":"15550100777","to":"{world.number}","uuid":"{uuid}","conversation_uuid":"{conversation}",'
        f'"timestamp":"{body["timestamp"]}"}}'
    )
    assert hook.body.decode() == expected
    assert world.scenario.statuses(uuid) == ["started", "ringing", "answered", "completed"]


def test_s04_a_key_after_the_menu(world: World) -> None:
    world.application({"/answer": MENU, "/dtmf": branch})
    report = world.call("15550100777", world.number, "wait-speech; wait-silence 1; press 2; wait-hangup")
    assert world.heard(report) == [PROMPT, "You pressed 2."]


def test_s04_silence_times_out_three_seconds_after_the_menu(world: World) -> None:
    world.application({"/answer": MENU, "/dtmf": branch})
    report = world.call("15550100777", world.number, "wait-hangup")
    assert world.heard(report) == [PROMPT, "You pressed nothing."]
    (hook,) = world.app.at("/dtmf")
    assert hook.json["dtmf"] == {"digits": "", "timed_out": True}
    menu, second = world.utterances(report)
    pause = second.start_ms - menu.start_ms - menu.duration_ms
    assert 3000 <= pause < 3400


def test_s04_in_band_tones_of_a_phone_without_events(world: World) -> None:
    world.network.alter = lambda data: data.replace(b"telephone-event", b"unknown-payload")
    world.application({"/answer": MENU, "/dtmf": branch})
    report = world.call("15550100777", world.number, "wait-speech; wait-silence 1; press 1; wait-hangup")
    assert world.heard(report) == [PROMPT, "It is Thursday."]
    assert report.digits == ""


def test_s04_a_prompt_without_barge_in_is_played_in_full_and_the_key_is_lost(world: World) -> None:
    menu = [{**MENU[0], "bargeIn": False}, MENU[1]]
    world.application({"/answer": menu, "/dtmf": branch})
    report = world.call("15550100777", world.number, "wait-speech; wait 0.5; press 1; wait-hangup")
    assert world.heard(report) == [PROMPT, "You pressed nothing."]


def test_s04_hanging_up_in_the_input_sends_no_input_webhook(world: World) -> None:
    world.application({"/answer": MENU, "/dtmf": branch})
    world.call("15550100777", world.number, "wait-speech; wait-silence 1; hangup")
    assert world.app.at("/dtmf") == []
    assert json.loads(world.app.webhooks[-1].body)["status"] == "completed"
