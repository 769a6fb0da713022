"""S16: music until the moderator comes, the recording from then on, and the end for all when he leaves."""

from pathlib import Path
from typing import Any

import pytest
from tests.sequences.calls.conference import Conference

from offhook.audio import tones
from offhook.audio.decode import decode
from offhook.simulator.report import Report
from offhook.speech.tonecode import spoken
from offhook.testing.world import World

MUSIC_HZ = 640


def music(world: World) -> list[str]:
    return [world.audio_file("/hold.wav", tones.sine(float(MUSIC_HZ), 1_000, 6_000.0))]


def music_ms(report: Report) -> int:
    return sum(tone.duration_ms for tone in report.tones if round(tone.hertz, -1) == MUSIC_HZ)


def attend(conference: Conference, name: str, turn: int, **fields: Any) -> None:
    url = music(conference.world)
    conference.enter(name, turn=turn, **{"startOnEnter": False, "musicOnHoldUrl": url, **fields})


@pytest.mark.parametrize("end_on_exit", [True, False])
def test_s16_a_moderated_conference(world: World, end_on_exit: bool) -> None:
    conference = Conference(world)
    attend(conference, "Ann", 0)
    attend(conference, "Bob", 2)
    conference.until_turn(1)
    conference.enter("Mod", turn=3, endOnExit=end_on_exit, record="true")
    conference.until_turn(4)
    conference.act("Mod", "hangup")
    world.wait(1)
    still = [name for name, call in conference.calls.items() if not call.done.done()]
    assert still == ([] if end_on_exit else ["Ann", "Bob"])
    world.wait(1)
    assert len(conference.events("recording_url")) == end_on_exit
    conference.end()
    assert conference.heard("Ann") == ["Bob", "Mod"]
    assert conference.heard("Bob") == ["Mod"]
    assert conference.heard("Mod") == ["Bob"]
    # The music played from when each came until the moderator did, at the beginning of turn 1.
    assert music_ms(conference.reports["Ann"]) == pytest.approx(4_400, abs=200)
    assert music_ms(conference.reports["Bob"]) == pytest.approx(4_100, abs=200)
    assert music_ms(conference.reports["Mod"]) == 0
    (record,) = conference.events("recording_url")
    recorded = int(record["end_time"][17:19]) - int(record["start_time"][17:19])
    assert recorded % 60 == pytest.approx(8 if end_on_exit else 10, abs=2)
    order = [e["uuid"] for e in world.scenario.events if e.get("status") == "completed"]
    assert order[0] == conference.uuid("Mod")
    assert len(order) == 3


def test_every_waiting_leg_shares_one_download(world: World) -> None:
    conference = Conference(world)
    for name in ("Ann", "Bob", "Cleo"):
        attend(conference, name, 9)
    world.wait(1)
    assert len(world.files.requests) == 1
    conference.end()
    assert all(music_ms(report) > 900 for report in conference.reports.values())


def test_music_that_cannot_be_had_is_told_and_the_leg_waits_in_silence(world: World) -> None:
    conference = Conference(world)
    missing = ["http://files.test/none.wav"]
    conference.enter("Ann", startOnEnter=False, musicOnHoldUrl=missing)
    conference.enter("Bob", turn=1)
    conference.until_turn(2)
    conference.end()
    (error,) = conference.events("reason")
    assert "none.wav" in error["reason"]
    assert conference.heard("Ann") == ["Bob"]


def test_a_waiting_leg_can_be_moved_out_and_its_music_ends(world: World) -> None:
    conference = Conference(world)
    attend(conference, "Ann", 9)
    world.wait(2)
    document = [{"action": "talk", "text": "Out."}]
    conference.act("Ann", "transfer", destination={"type": "ncco", "ncco": document})
    report = world.run(conference.calls["Ann"].done)
    conference.end()
    assert world.heard(report) == ["Out."]
    assert music_ms(report) < 2_600


def test_a_waiting_conversation_is_not_recorded_and_ends_with_its_last_leg(world: World) -> None:
    conference = Conference(world)
    attend(conference, "Ann", 0, record=True)
    conference.until_turn(1)
    conference.end()
    assert conference.events("recording_url") == []


def test_an_attendee_who_asked_for_it_is_enough_for_a_recording_once_it_begins(world: World) -> None:
    conference = Conference(world)
    attend(conference, "Ann", 0, record=True, eventUrl=["http://app.test/recorded"])
    conference.until_turn(1)
    conference.enter("Mod")
    conference.until_turn(2)
    conference.end()
    (record,) = world.app.at("/recorded")
    assert record.json["conversation_uuid"] == conference.events("transfer")[-1]["conversation_uuid_to"]


def test_a_moderator_who_is_transferred_out_ends_it_too(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Mod", endOnExit=True)
    document = [{"action": "talk", "text": "Out."}]
    conference.act("Mod", "transfer", destination={"type": "ncco", "ncco": document})
    world.run(conference.calls["Ann"].done)
    world.run(conference.calls["Mod"].done)
    conference.end()
    assert conference.heard("Mod") == ["Out."]


def test_the_name_is_free_as_soon_as_a_conversation_is_ended_for_all(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Mod", endOnExit=True)
    conference.act("Mod", "hangup")
    conference.enter("Bob", turn=1)
    conference.until_turn(2)
    conference.end()
    first, second, third = (event["conversation_uuid_to"] for event in conference.events("transfer"))
    assert first == second != third


def test_the_recording_has_all_voices_and_nothing_of_who_is_muted(world: World, tmp_path: Path) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0, record=True)
    conference.enter("Bob", turn=1)
    conference.enter("Cleo", turn=2, mute=True)
    conference.until_turn(4)
    conference.end()
    (record,) = conference.events("recording_url")
    status, data = world.request("GET", record["recording_url"].removeprefix("http://platform.test"))
    assert status == 200
    path = tmp_path / "room.mp3"
    path.write_bytes(data)
    assert spoken(decode(str(path), 60.0)) == ["Ann", "Bob"]


def test_transcription_is_not_there_yet_and_said_so(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", record=True, transcription={"language": "en-GB"})
    world.wait(2)
    conference.end()
    (error,) = conference.events("reason")
    assert error["reason"].startswith("Transcription is not supported")
    assert len(conference.events("recording_url")) == 1
