"""talk: fields, checks, behaviour."""

from typing import Any

import pytest
from tests.unit.ncco.harness import Leg, action, errors, warnings

from offhook.ncco.actions.talk import Talk
from offhook.ncco.effects import Barge, StartTalk, StopPlayback
from offhook.ncco.events import LegGone, PlaybackFinished


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("en-US", 0, False, 1, 0.0)),
        ({"language": "en-gb", "style": "1"}, ("en-GB", 1, False, 1, 0.0)),
        ({"language": "en-GB", "style": 99}, ("en-GB", 0, False, 1, 0.0)),
        ({"language": "tlh-KX", "style": 4}, ("tlh-KX", 4, False, 1, 0.0)),
        ({"voiceName": "Brian"}, ("en-GB", 4, False, 1, 0.0)),
        ({"voiceName": "amy"}, ("en-GB", 0, False, 1, 0.0)),
        ({"voice_name": "Nobody"}, ("en-US", 0, False, 1, 0.0)),
        ({"voiceName": "Brian", "language": "de-DE"}, ("de-DE", 0, False, 1, 0.0)),
        ({"premium": "true", "loop": "0", "level": "-0.5"}, ("en-US", 0, True, 0, -0.5)),
        ({"loop": 3.0, "level": 1}, ("en-US", 0, False, 3, 1.0)),
        ({"loop": None, "level": None, "style": None}, ("en-US", 0, False, 1, 0.0)),
    ],
)
def test_fields(fields: dict[str, Any], expected: tuple[object, ...]) -> None:
    talk = action({"action": "talk", "text": "Hello", **fields})
    assert isinstance(talk, Talk)
    assert (talk.language, talk.style, talk.premium, talk.loop, talk.level) == expected


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({}, "[0].text", "is missing; give the words"),
        ({"text": "  "}, "[0].text", "is empty"),
        ({"text": 5}, "[0].text", "must be a string in quotes, not 5"),
        ({"text": "x" * 1501}, "[0].text", "has 1501 characters to speak; split it into talks of 1500"),
        ({"text": "<speak>" + "x" * 1501 + "</speak>"}, "[0].text", "has 1501 characters"),
        ({"text": "<speak>" + "<p>" * 9000}, "[0].text", "20000 are accepted, tags included"),
        ({"text": "a", "level": 1.1}, "[0].level", "must be a number from -1 to 1, not 1.1"),
        ({"text": "a", "level": "loud"}, "[0].level", 'not "loud"'),
        ({"text": "a", "loop": -1}, "[0].loop", "must be a whole number from 0"),
        ({"text": "a", "loop": 1.5}, "[0].loop", "must be a whole number"),
        ({"text": "a", "loop": True}, "[0].loop", "not true"),
        ({"text": "a", "bargeIn": "yes"}, "[0].bargeIn", 'must be true or false, not "yes"'),
        ({"text": "a", "bargeIn": 1}, "[0].bargeIn", "must be true or false, not 1"),
        ({"text": "a", "language": ["en-US"]}, "[0].language", "not an array"),
    ],
)
def test_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = errors([{"action": "talk", **fields}])
    assert found == path
    assert words in message


@pytest.mark.parametrize(
    "text", ["x" * 1500, "<speak>" + "x" * 1500 + "</speak>", "<speak>" + "<break time='1s'/>" * 500 + "hi"]
)
def test_tags_do_not_count_towards_the_length(text: str) -> None:
    assert errors([{"action": "talk", "text": text}]) == []


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"voiceName": "Brian"}, "[0].voiceName"),
        ({"voiceName": "Nobody"}, "[0].voiceName"),
        ({"voiceName": "Brian", "language": "de-DE"}, "[0].voiceName"),
        ({"language": "tlh-KX"}, "[0].language"),
        ({"language": "cy-GB", "style": 3}, "[0].style"),
        ({"provider": "google"}, "[0].provider"),
        ({"lang": "de-DE"}, "[0].lang"),
        ({"bargeIn": True}, "[0].bargeIn"),
    ],
)
def test_doubtful_but_accepted(fields: dict[str, Any], path: str) -> None:
    document = [{"action": "talk", "text": "a", **fields}]
    assert errors(document) == []
    assert [found for found, _ in warnings(document)] == [path]


def test_s01_speaks_then_hangs_up() -> None:
    leg = Leg([{"action": "talk", "text": "Hello", "language": "fr-FR", "style": 2, "loop": 2, "level": 0.3}])
    (start,) = leg.effects
    assert isinstance(start, StartTalk)
    assert start == StartTalk(start.playback, "Hello", "fr-FR", 2, False, 2, 0.3, Barge())
    assert leg.over is None
    leg.play_out()
    assert leg.over == "program finished"


@pytest.mark.parametrize("reason", ["done", "failed", "stopped"])
def test_next_action_however_the_prompt_ended(reason: str) -> None:
    leg = Leg([{"action": "talk", "text": "a"}, {"action": "talk", "text": "b"}])
    leg.play_out(reason)
    assert leg.heard == ["a", "b"]


def test_another_prompts_end_is_ignored() -> None:
    leg = Leg([{"action": "talk", "text": "a"}, {"action": "talk", "text": "b"}])
    assert leg.send(PlaybackFinished("other", "done")) == []


def test_stops_when_the_leg_is_gone() -> None:
    leg = Leg([{"action": "talk", "text": "a", "loop": 0}])
    (playback,) = leg.playing
    assert leg.send(LegGone()) == [StopPlayback(playback)]
    assert leg.is_finished()
