"""conversation: fields, checks, and that it keeps the leg until it is moved out (S15 to S18)."""

import json
from typing import Any

import pytest
from tests.unit.ncco.harness import Leg, action, errors, warnings

from offhook.core.ids import SeededIds
from offhook.ncco.actions.conversation import Conversation
from offhook.ncco.effects import EnterConversation, HangUpLeg, StartRecording, StartTalk
from offhook.ncco.events import Digit, EntryRefused, LegGone, Transfer
from offhook.ncco.interpreter import Interpreter

LAST = {"action": "talk", "text": "out"}


def room(**fields: Any) -> dict[str, Any]:
    return {"action": "conversation", "name": "room", **fields}


def request(**fields: Any) -> EnterConversation:
    one = action(room(**fields))
    assert isinstance(one, Conversation)
    return one.request


def test_defaults() -> None:
    assert request() == EnterConversation(
        entry="",
        name="room",
        start_on_enter=True,
        end_on_exit=False,
        music_url=None,
        can_hear=None,
        can_speak=None,
        mute=False,
        recording=None,
    )


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({"startOnEnter": "false"}, "start_on_enter", False),
        ({"endOnExit": "TRUE"}, "end_on_exit", True),
        ({"end_on_exit": True}, "end_on_exit", True),
        ({"mute": True}, "mute", True),
        (
            {"startOnEnter": False, "musicOnHoldUrl": "http://f.example/m.mp3"},
            "music_url",
            "http://f.example/m.mp3",
        ),
        (
            {"startOnEnter": False, "musicOnHoldUrl": ["http://f.example/a"]},
            "music_url",
            "http://f.example/a",
        ),
        ({"canHear": []}, "can_hear", ()),
        ({"canHear": ["a", "b"]}, "can_hear", ("a", "b")),
        ({"canSpeak": "a"}, "can_speak", ("a",)),
        ({"canSpeak": None}, "can_speak", None),
    ],
)
def test_fields(fields: dict[str, Any], attribute: str, expected: Any) -> None:
    assert getattr(request(**fields), attribute) == expected
    assert errors([room(**fields)]) == []


def test_the_recording_is_of_one_channel_and_without_conditions() -> None:
    wanted = request(
        record="true", eventUrl=["http://a.example/r"], eventMethod="get", transcription={}
    ).recording
    assert wanted == StartRecording(
        recording="",
        format="mp3",
        split=False,
        channels=1,
        beep=False,
        end_on_silence_ms=None,
        end_on_key=None,
        timeout_ms=None,
        event_url="http://a.example/r",
        event_method="GET",
        transcription={
            "language": "en-US",
            "event_url": None,
            "event_method": None,
            "sentiment_analysis": False,
        },
    )


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"name": None}, ".name", "is missing; give the name"),
        ({"name": 5}, ".name", "must be a string in quotes, not 5"),
        ({"name": ""}, ".name", "is empty"),
        ({"name": "x" * 257}, ".name", "is 257 characters long; a name may have 256"),
        ({"mute": True, "canSpeak": ["a"]}, ".mute", "cannot stand next to canSpeak"),
        ({"canHear": {"a": 1}}, ".canHear", "must be an array of leg uuids, not an object"),
        ({"canHear": ["a", 1]}, ".canHear[1]", "must be the uuid of a leg in quotes, not 1"),
        ({"canSpeak": ["a"] * 201}, ".canSpeak", "has 201 legs; at most 200"),
        ({"startOnEnter": "maybe"}, ".startOnEnter", "must be true or false"),
        ({"musicOnHoldUrl": ["ftp://x"]}, ".musicOnHoldUrl[0]", "must be an absolute http"),
        ({"eventUrl": ["x"]}, ".eventUrl[0]", "must be an absolute http"),
    ],
)
def test_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((where, problem),) = errors([room(**fields)])
    assert where == "[0]" + path
    assert words in problem


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ([room(), LAST], "[0]", "the actions after it are not reached"),
        ([room(musicOnHoldUrl=["http://a.example/m"])], "[0].musicOnHoldUrl", "is not heard"),
        ([room(transcription={})], "[0].transcription", "needs record true"),
        ([room(canHear="leg")], "[0].canHear", "should be an array"),
        ([room(startOnEntry=True)], "[0].startOnEntry", "did you mean startOnEnter?"),
    ],
)
def test_warned_of(document: Any, path: str, words: str) -> None:
    ((where, warning),) = warnings(document)
    assert (where, words in warning) == (path, True), warning


def test_the_leg_stays_whatever_happens_in_it() -> None:
    leg = Leg([room(), LAST])
    entry = leg.last(EnterConversation).entry
    assert entry
    assert leg.send(Digit("5")) == []
    assert leg.send(EntryRefused("another")) == []
    assert leg.interpreter.phase == "running"


def test_a_leg_that_is_refused_goes_on() -> None:
    leg = Leg([room(), LAST])
    effects = leg.send(EntryRefused(leg.last(EnterConversation).entry))
    assert [type(effect) for effect in effects] == [StartTalk]
    alone = Leg([room()])
    assert alone.send(EntryRefused(alone.last(EnterConversation).entry)) == [HangUpLeg("program finished")]


def test_a_transfer_takes_it_to_another_program() -> None:
    leg = Leg([room()])
    effects = leg.send(Transfer([LAST]))
    assert [type(effect) for effect in effects] == [StartTalk]
    assert leg.send(EntryRefused(leg.last(EnterConversation).entry)) == []


def test_the_end_of_the_leg_ends_it() -> None:
    leg = Leg([room()])
    assert leg.send(LegGone()) == []
    assert leg.interpreter.finished


def test_a_stored_leg_is_still_in_its_conversation() -> None:
    leg = Leg([room(canHear=["a"], canSpeak=[], record=True, transcription={}), LAST])
    stored = json.loads(json.dumps(leg.interpreter.dump()))
    again = Interpreter.load(SeededIds(1), stored)
    assert again.dump() == leg.interpreter.dump()
    (effect,) = again.handle(leg.now, EntryRefused(leg.last(EnterConversation).entry))
    assert isinstance(effect, StartTalk)
