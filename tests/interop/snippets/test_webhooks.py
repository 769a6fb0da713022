"""Snippets that answer webhooks, unmodified, while phones call; recordings are downloaded and judged."""

from pathlib import Path

import pytest
from tests.interop.sdk.scene import fresh, has_heard, not_heard, over, say, settle
from tests.interop.snippets.conftest import Start
from tests.interop.snippets.scene import Ringing, downloaded, hang_up, hears, said, sounds
from tests.real import Stage

from offhook.audio.tables import Pcm
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.hearing import find_tone

pytestmark = pytest.mark.interop


def called(stage: Stage) -> tuple[str, Line]:
    """Somebody calls the number: leg and line."""
    number = fresh()
    line = stage.run(stage.call_in(number))
    return stage.run(stage.uuid_of(number)), line


def has(channel: Pcm, hertz: float) -> bool:
    tone = find_tone(channel, hertz)
    return tone is not None and tone.duration_ms > 600


def test_receive_an_inbound_call(stage: Stage, serve: Start) -> None:
    serve("receive_an_inbound_call")
    number = fresh()
    line = stage.run(stage.call_in(number))
    uuid = stage.run(stage.uuid_of(number))
    hears(stage, uuid, line, 1, f"Thank you for calling from {' '.join(number)}.")
    over(stage, uuid, line)


def test_connect_an_inbound_call(stage: Stage, serve: Start) -> None:
    other = Ringing(stage)
    serve("connect_an_inbound_call", TO_NUMBER=other.number)
    _, line = called(stage)
    far = other.answered()
    sounds(stage, line, far)
    assert has_heard(far, 700)
    assert has_heard(line, 1100)
    hang_up(stage, line, far)


def test_connect_callers_into_a_conference(stage: Stage, serve: Start) -> None:
    serve("connect_callers_into_a_conference")
    lines = []
    for _ in range(3):
        uuid, line = called(stage)
        hears(stage, uuid, line, 1, "You are joining the conference.")
        lines.append(line)
    for line, hertz in zip(lines, (700, 1100, 1500), strict=True):
        settle(stage, *lines)
        say(stage, line, hertz)
    settle(stage, *lines)
    for line, own in zip(lines, (700, 1100, 1500), strict=True):
        assert all(has_heard(line, hertz) for hertz in {700, 1100, 1500} - {own})
        assert not_heard(line, own)
    hang_up(stage, *lines)


def test_handle_user_input_with_dtmf(stage: Stage, serve: Start) -> None:
    serve("handle_user_input_with_dtmf")
    uuid, line = called(stage)
    hears(stage, uuid, line, 1, "Please press a key.")
    stage.run(line.press("7"))
    hears(stage, uuid, line, 2, "You pressed 7.")
    over(stage, uuid, line)


def test_record_a_message_and_download_a_recording(
    stage: Stage, serve: Start, start: Start, tmp_path: Path
) -> None:
    program = serve("record_a_message")
    uuid, line = called(stage)
    hears(stage, uuid, line, 1, "Leave a message after the beep, then press hash.")
    for _ in range(3):
        settle(stage, line)
    say(stage, line, 1234, 1.5)
    settle(stage, line)
    stage.run(line.press("#"))
    hears(stage, uuid, line, 2, "Thank you. Goodbye.")
    over(stage, uuid, line)
    (message,) = downloaded(start, program, tmp_path / "message.wav")
    tone = find_tone(message, 1234)
    assert tone is not None
    assert tone.duration_ms == pytest.approx(1500, abs=300)


def test_record_a_call(stage: Stage, serve: Start, start: Start, tmp_path: Path) -> None:
    other = Ringing(stage)
    program = serve("record_a_call", TO_NUMBER=other.number)
    _, line = called(stage)
    far = other.answered()
    sounds(stage, line, far)
    hang_up(stage, line, far)
    (mixed,) = downloaded(start, program, tmp_path / "call.wav")
    assert has(mixed, 700)
    assert has(mixed, 1100)


def test_record_a_call_with_split_audio(stage: Stage, serve: Start, start: Start, tmp_path: Path) -> None:
    other = Ringing(stage)
    program = serve("record_a_call_with_split_audio", TO_NUMBER=other.number)
    _, line = called(stage)
    far = other.answered()
    sounds(stage, line, far)
    hang_up(stage, line, far)
    said_by_caller, heard_by_caller = downloaded(start, program, tmp_path / "split.wav")
    assert (has(said_by_caller, 700), has(said_by_caller, 1100)) == (True, False)
    assert (has(heard_by_caller, 700), has(heard_by_caller, 1100)) == (False, True)


def test_record_a_conversation(stage: Stage, serve: Start, start: Start, tmp_path: Path) -> None:
    program = serve("record_a_conversation")
    _, first = called(stage)
    _, second = called(stage)
    sounds(stage, first, second)
    hang_up(stage, first, second)
    (mixed,) = downloaded(start, program, tmp_path / "conversation.mp3")
    assert has(mixed, 700)
    assert has(mixed, 1100)


def test_track_ncco_progress(stage: Stage, serve: Start) -> None:
    program = serve("track_ncco_progress")
    uuid, line = called(stage)
    hears(stage, uuid, line, 1, "This is the first part.")
    program.wait_for("reached: the end of the first part\n")
    hears(stage, uuid, line, 2, "And this is the second part.")
    over(stage, uuid, line)
    assert not any("Nobody hears this" in text for text in said(stage, uuid)[1:])
