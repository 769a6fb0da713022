"""record: fields, checks, in the background and holding the program up (S20, S21)."""

from typing import Any

import pytest
from tests.unit.ncco.harness import Leg, action, errors, warnings

from offhook.core.clock import seconds
from offhook.ncco.actions.record import Record
from offhook.ncco.effects import SendWebhook, StartRecording, StopConnect, StopRecording
from offhook.ncco.events import LegGone, RecordingFinished, Transfer
from offhook.ncco.settings import Settings

AFTER = {"action": "talk", "text": "thanks"}
KEY = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}


def request(**fields: Any) -> StartRecording:
    record = action({"action": "record", **fields})
    assert isinstance(record, Record)
    return record.recording.request


def recording(*after: dict[str, Any], settings: Settings | None = None, **fields: Any) -> Leg:
    return Leg([{"action": "record", **fields}, *after], settings or Settings())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("mp3", False, 1)),
        ({"format": "ogg"}, ("ogg", False, 1)),
        ({"split": "conversation"}, ("mp3", True, 2)),
        ({"split": "conversation", "channels": "2"}, ("mp3", True, 2)),
        ({"channels": 2, "format": "WAV"}, ("wav", True, 2)),
        ({"channels": 3}, ("wav", True, 3)),
        ({"channels": 32, "format": "mp3"}, ("wav", True, 32)),
        ({"channels": 1, "split": "conversation"}, ("mp3", False, 1)),
    ],
)
def test_file(fields: dict[str, Any], expected: tuple[str, bool, int]) -> None:
    asked = request(**fields)
    assert (asked.format, asked.split, asked.channels) == expected


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({}, "beep", False),
        ({"beepStart": "true"}, "beep", True),
        ({"endOnSilence": "3"}, "end_on_silence_ms", 3000),
        ({"endOnKey": "#"}, "end_on_key", "#"),
        ({"endOnKey": 5}, "end_on_key", "5"),
        ({"endOnKey": 0}, "end_on_key", "0"),
        ({"timeOut": "7200"}, "timeout_ms", 7_200_000),
        ({"time_out": 3}, "timeout_ms", 3000),
        ({"eventUrl": ["https://a.example/"]}, "event_method", "POST"),
        ({"eventUrl": "https://a.example/"}, "event_url", "https://a.example/"),
        ({"eventMethod": "GET"}, "event_method", "GET"),
        (
            {"transcription": {}},
            "transcription",
            {"language": "en-US", "event_url": None, "event_method": None, "sentiment_analysis": False},
        ),
        (
            {
                "transcription": {
                    "language": "de-DE",
                    "eventUrl": ["https://a.example/t"],
                    "sentimentAnalysis": "true",
                }
            },
            "transcription",
            {
                "language": "de-DE",
                "event_url": "https://a.example/t",
                "event_method": "POST",
                "sentiment_analysis": True,
            },
        ),
    ],
)
def test_fields(fields: dict[str, Any], attribute: str, expected: object) -> None:
    assert getattr(request(**fields), attribute) == expected


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"format": "flac"}, "[0].format", 'must be one of mp3, wav, ogg, not "flac"'),
        ({"split": True}, "[0].split", "must be one of conversation, not true"),
        ({"channels": 33}, "[0].channels", "from 1 to 32, not 33"),
        ({"endOnSilence": 2}, "[0].endOnSilence", "from 3 to 10, not 2"),
        ({"endOnSilence": "11"}, "[0].endOnSilence", 'from 3 to 10, not "11"'),
        ({"endOnKey": "12"}, "[0].endOnKey", "must be one of the keys 0 to 9, * and #"),
        ({"endOnKey": 10}, "[0].endOnKey", "not 10"),
        ({"endOnKey": True}, "[0].endOnKey", "not true"),
        ({"endOnKey": False}, "[0].endOnKey", "not false"),
        ({"timeOut": 2}, "[0].timeOut", "from 3 to 7200, not 2"),
        ({"transcription": True}, "[0].transcription", "must be an object"),
        ({"transcription": {"eventUrl": ["x"]}}, "[0].transcription.eventUrl[0]", "http:// or https://"),
    ],
)
def test_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = errors([{"action": "record", **fields}])
    assert found == path
    assert words in message


def test_too_many_channels_for_the_format_are_warned_of() -> None:
    assert warnings([{"action": "record", "channels": 4, "format": "ogg"}]) == [
        ("[0].format", "ogg holds at most 2 channels; wav is used")
    ]


# --- in the background


def test_s21_without_a_condition_it_goes_on_under_the_connect_until_the_call_is_over() -> None:
    connect = {"action": "connect", "endpoint": [{"type": "phone", "number": "14155550100"}]}
    leg = recording(connect)
    assert [type(effect).__name__ for effect in leg.effects] == ["StartRecording", "StartConnect"]
    id_ = leg.last(StartRecording).recording
    assert leg.send(LegGone()) == [StopConnect(leg.connect), StopRecording(id_)]
    assert not leg.is_finished()
    assert leg.recorded("stopped") == []
    assert leg.is_finished()


def test_the_end_of_the_program_does_not_wait_for_it() -> None:
    leg = recording(AFTER)
    leg.play_out()
    assert leg.over == "program finished"
    assert leg.all(StopRecording) == []
    assert leg.send(LegGone()) == [StopRecording(leg.last(StartRecording).recording)]
    assert leg.send(LegGone()) == []


def test_several_run_side_by_side() -> None:
    leg = recording({"action": "record", "format": "wav"}, AFTER)
    first, second = leg.all(StartRecording)
    assert first.recording != second.recording
    leg.send(RecordingFinished(first.recording, "failed"))
    assert leg.send(LegGone())[1:] == [StopRecording(second.recording)]


def test_a_transfer_leaves_it_running() -> None:
    leg = recording(AFTER)
    leg.send(Transfer(document=[{"action": "wait"}]))
    assert leg.all(StopRecording) == []


# --- holding the program up


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"endOnSilence": 3}, "silence"),
        ({"endOnKey": "*"}, "key"),
        ({"timeOut": 10}, "timeout"),
        ({"endOnSilence": 3, "endOnKey": "#", "timeOut": 10}, "timeout"),
        ({"endOnSilence": 3}, "failed"),
    ],
)
def test_s20_the_next_action_runs_once_the_recording_is_handed_on(
    fields: dict[str, Any], reason: str
) -> None:
    leg = recording(AFTER, **fields)
    leg.wait(60)
    assert leg.heard == []
    leg.recorded(reason)
    assert leg.heard == ["thanks"]
    assert leg.send(LegGone())[1:] == []


def test_c1_timeout_alone_may_be_set_to_run_in_the_background() -> None:
    settings = Settings(record_waits_for_timeout=False)
    assert recording(AFTER, settings=settings, timeOut=10).heard == ["thanks"]
    assert recording(AFTER, settings=settings, timeOut=10, endOnKey="#").heard == []


def test_s20_a_hang_up_while_it_records_finalises_it() -> None:
    leg = recording(AFTER, endOnSilence=3)
    assert leg.send(LegGone()) == [StopRecording(leg.last(StartRecording).recording)]
    assert not leg.is_finished()
    leg.recorded("stopped")
    assert leg.is_finished()
    assert leg.heard == []


def test_a_transfer_ends_it() -> None:
    leg = recording(AFTER, endOnSilence=3)
    effects = leg.send(Transfer(document=[{"action": "talk", "text": "new"}]))
    assert effects[0] == StopRecording(leg.last(StartRecording).recording)
    leg.recorded("stopped")
    assert leg.heard == ["new"]
    assert leg.send(LegGone())[1:] == []


@pytest.mark.parametrize("key_first", [True, False])
def test_the_key_that_ends_it_is_not_the_inputs(key_first: bool) -> None:
    leg = recording(KEY, endOnKey="#")
    if key_first:
        leg.press("#")
    leg.recorded("key")
    if not key_first:
        leg.now += seconds(0.2)
        assert leg.press("#") == []
    assert leg.all(SendWebhook) == []
    leg.press("#")
    assert leg.last(SendWebhook).data["dtmf"]["digits"] == "#"


def test_a_much_later_key_is_the_inputs() -> None:
    leg = recording(KEY, endOnKey="#")
    leg.recorded("key")
    leg.wait(1.5)
    leg.press("#")
    assert leg.last(SendWebhook).data["dtmf"]["digits"] == "#"


def test_another_key_is_the_inputs() -> None:
    leg = recording(KEY, endOnKey="#")
    leg.recorded("key")
    leg.press("1")
    assert leg.last(SendWebhook).data["dtmf"]["digits"] == "1"


def test_a_key_is_not_spent_when_silence_ended_it() -> None:
    leg = recording(KEY, endOnKey="#", endOnSilence=3)
    leg.recorded("silence")
    leg.press("#")
    assert leg.last(SendWebhook).data["dtmf"]["digits"] == "#"
