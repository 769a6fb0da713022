"""S20: a mailbox. The file holds the message and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from offhook.audio.decode import decode
from offhook.simulator import listen
from offhook.speech.tonecode import spoken
from offhook.storage import recordings
from offhook.testing.world import World

MESSAGE = "Please call me back about the boat."
A = "15550100777"


def mailbox(**options: Any) -> list[dict[str, Any]]:
    record = {"action": "record", "eventUrl": ["http://app.test/recorded"], "format": "wav", **options}
    return [
        {"action": "talk", "text": "Leave a message."},
        record,
        {"action": "talk", "text": "Thank you."},
    ]


def file_of(world: World) -> tuple[dict[str, Any], Any]:
    """The one record webhook, and the file behind it as 8 kHz samples."""
    (hook,) = world.app.at("/recorded")
    body = hook.json
    assert body["recording_url"].startswith("http://platform.test/v1/files/")
    rows = world.run(
        world.database.read(lambda connection: recordings.get(connection, body["recording_uuid"]))
    )
    assert rows is not None
    assert rows.status == "ready"
    assert body["recording_url"].endswith(rows.file_id)
    path = Path(world.settings.data_dir / str(rows.path))
    assert path.stat().st_size == body["size"]
    return body, decode(str(path), 600.0)


SAY = f'wait-speech; wait-silence 1; say "{MESSAGE}"; '


@pytest.mark.parametrize(
    ("options", "script"),
    [
        ({"endOnSilence": "3", "beepStart": "true"}, SAY + "wait-hangup"),
        ({"endOnKey": "#"}, SAY + "press #; wait-hangup"),
        ({"timeOut": "5"}, SAY + "wait-hangup"),
        ({"endOnSilence": 3, "format": "mp3"}, SAY + "wait-hangup"),
    ],
)
def test_s20_the_message_is_recorded_and_told_before_thanks(
    world: World, options: dict[str, Any], script: str
) -> None:
    world.application({"/answer": mailbox(**options)})
    report = world.call(A, world.number, script)
    assert world.heard(report) == ["Leave a message.", "Thank you."]
    _, pcm = file_of(world)
    if options.get("format") == "mp3":  # a lossy codec is not read letter by letter
        assert len(listen.segments(pcm)) == 1
    else:
        assert spoken(pcm) == [MESSAGE]
    thanks = world.utterances(report)[1]
    assert report.media is not None
    assert report.media.started_at is not None
    told = world.app.at("/recorded")[0].at
    assert told < report.media.started_at + thanks.start_ms * 1_000_000


def test_s20_the_beep_is_heard(world: World) -> None:
    world.application({"/answer": mailbox(endOnSilence=3, beepStart=True)})
    report = world.call(A, world.number, SAY + "wait-hangup")
    beeps = [tone for tone in report.tones if tone.duration_ms > 150]
    greeting, thanks = world.utterances(report)
    assert len(beeps) == 1
    assert greeting.start_ms + greeting.duration_ms < beeps[0].start_ms < thanks.start_ms


def test_s20_the_length_in_the_webhook_is_that_of_the_file(world: World) -> None:
    world.application({"/answer": mailbox(timeOut=5)})
    world.call(A, world.number, SAY + "wait-hangup")
    _, pcm = file_of(world)
    assert abs(pcm.size / 8000 - 5.0) < 0.1


def test_s20_hanging_up_while_recording(world: World) -> None:
    world.application({"/answer": mailbox(endOnSilence=5)})
    report = world.call(A, world.number, SAY + "wait 1; hangup")
    assert world.heard(report) == ["Leave a message."]
    _, pcm = file_of(world)
    assert spoken(pcm) == [MESSAGE]
    assert world.scenario.events[-1]["status"] == "completed"


def test_s20_the_key_that_ends_a_recording_is_no_digit_of_the_next_input(world: World) -> None:
    entry = {"action": "input", "type": ["dtmf"], "dtmf": {"timeOut": 2}, "eventUrl": ["http://app.test/in"]}
    world.application({"/answer": [mailbox(endOnKey="1")[1], entry]})
    world.call(A, world.number, "wait 1; press 1; wait 0.5; press 2; wait-hangup")
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/in")] == ["2"]


def test_s20_without_an_event_url_the_application_is_told(world: World) -> None:
    world.application({"/answer": [{"action": "record", "timeOut": 3}]})
    world.call(A, world.number, "wait-hangup")
    records = [event for event in world.scenario.events if "recording_url" in event]
    assert len(records) == 1
