"""Snippets that steer calls, unmodified, through `offhook exec`; each effect is judged by what was heard."""

from pathlib import Path

import pytest
from tests.interop.sdk.scene import has_heard, not_heard, over, say, settle, wait_quiet, wait_tone
from tests.interop.snippets.conftest import SNIPPETS, Start
from tests.interop.snippets.scene import Ringing, bridged, call, hang_up, hears
from tests.real import Stage

from offhook.audio.tones import sine
from offhook.simulator.speak import write_wav

pytestmark = pytest.mark.interop
LINGER = {"action": "wait", "timeout": 2}


def test_make_an_outbound_call(stage: Stage, start: Start) -> None:
    stage.app.serve("/snippet", [{"action": "talk", "text": "This was fetched."}, LINGER])
    phone = Ringing(stage)
    program = start("make_an_outbound_call", TO_NUMBER=phone.number, ANSWER_URL=stage.url("/snippet"))
    line = phone.answered()
    uuid = program.done().strip()
    hears(stage, uuid, line, 1, "This was fetched.")
    over(stage, uuid, line)


def test_make_an_outbound_call_with_an_ncco(stage: Stage, start: Start) -> None:
    phone = Ringing(stage)
    program = start("make_an_outbound_call_with_an_ncco", TO_NUMBER=phone.number)
    line = phone.answered()
    uuid = program.done().strip()
    hears(stage, uuid, line, 1, "Hello. This call brought its own instructions.")
    over(stage, uuid, line)


def test_retrieve_information_for_a_call_and_for_all_calls(stage: Stage, start: Start) -> None:
    uuid, line = call(stage)
    told = start("retrieve_information_for_a_call", CALL_UUID=uuid).done()
    assert told == f"{uuid} outbound answered None\n"
    hang_up(stage, line)
    over(stage, uuid, line)
    listed = start("retrieve_information_for_all_calls").done().splitlines()
    assert f"{uuid} outbound completed" in listed
    assert len(set(listed)) == len(listed)
    finished = start("retrieve_information_for_a_call", CALL_UUID=uuid).done().split()
    assert finished[:3] == [uuid, "outbound", "completed"]
    assert int(finished[3]) >= 1


def test_mute_a_call(stage: Stage, start: Start) -> None:
    uuid, line, far = bridged(stage)
    program = start("mute_a_call", CALL_UUID=uuid)
    program.wait_for("Muted.")
    settle(stage, line, far)
    say(stage, line, 700)
    say(stage, far, 900)
    settle(stage, line, far)
    program.enter()
    assert "Unmuted." in program.done()
    settle(stage, line, far)
    say(stage, line, 1100)
    settle(stage, line, far)
    assert not_heard(far, 700)
    assert has_heard(line, 900)
    assert has_heard(far, 1100)
    hang_up(stage, line, far)


def test_earmuff_a_call(stage: Stage, start: Start) -> None:
    uuid, line, far = bridged(stage)
    program = start("earmuff_a_call", CALL_UUID=uuid)
    program.wait_for("Earmuffed.")
    settle(stage, line, far)
    say(stage, far, 700)
    say(stage, line, 900)
    settle(stage, line, far)
    program.enter()
    assert "It hears again." in program.done()
    settle(stage, line, far)
    say(stage, far, 1100)
    settle(stage, line, far)
    assert not_heard(line, 700)
    assert has_heard(far, 900)
    assert has_heard(line, 1100)
    hang_up(stage, line, far)


def test_play_an_audio_stream_into_a_call(stage: Stage, start: Start, files: tuple[Path, str]) -> None:
    directory, base = files
    write_wav(str(directory / "tone.wav"), sine(1300, 500, 6_000.0))
    uuid, line = call(stage)
    program = start("play_an_audio_stream_into_a_call", CALL_UUID=uuid, STREAM_URL=f"{base}/tone.wav")
    program.wait_for("Stream started")
    wait_tone(stage, line, 0, 1300, lambda tone: tone.duration_ms > 1500)
    program.enter()
    assert "Stream stopped" in program.done()
    wait_quiet(stage, line)
    hang_up(stage, line)


def test_play_text_to_speech_into_a_call(stage: Stage, start: Start) -> None:
    uuid, line = call(stage)
    program = start("play_text_to_speech_into_a_call", CALL_UUID=uuid)
    program.wait_for("Talk started")
    hears(stage, uuid, line, 1, "Your order is on its way.")
    program.enter()
    assert "Talk stopped" in program.done()
    wait_quiet(stage, line)
    hang_up(stage, line)


def test_play_dtmf_into_a_call(stage: Stage, start: Start) -> None:
    uuid, line = call(stage)
    assert start("play_dtmf_into_a_call", CALL_UUID=uuid, DIGITS="12p3*#0").done() == "DTMF sent\n"

    async def pressed() -> str:
        for _ in range(100):
            if len(line.call.report.digits) >= 6:
                break
            await line.listen(100)
        return line.call.report.digits

    assert stage.run(pressed()) == "123*#0"
    hang_up(stage, line)


def test_transfer_a_call(stage: Stage, start: Start) -> None:
    stage.app.serve("/moved", [{"action": "talk", "text": "You were moved."}, LINGER])
    uuid, line = call(stage)
    assert start("transfer_a_call", CALL_UUID=uuid, ANSWER_URL=stage.url("/moved")).done() == "Transferred.\n"
    hears(stage, uuid, line, 1, "You were moved.")
    over(stage, uuid, line)


def test_transfer_a_call_with_inline_ncco(stage: Stage, start: Start) -> None:
    uuid, line = call(stage)
    assert start("transfer_a_call_with_inline_ncco", CALL_UUID=uuid).done() == "Transferred.\n"
    hears(stage, uuid, line, 1, "You have been transferred.")
    over(stage, uuid, line)


def test_every_snippet_is_listed_and_tested() -> None:
    names = {path.stem for path in SNIPPETS.glob("*.py")}
    page = (SNIPPETS / "README.md").read_text()
    assert {name for name in names if f"`{name}.py`" in page} == names
    here = Path(__file__).parent
    tests = "".join(path.read_text() for path in here.glob("*.py"))
    assert {name for name in names if f'"{name}"' in tests} == names
