"""Live calls steered by the official Python SDK; each effect is judged by what the phones heard."""

import asyncio
from pathlib import Path

import pytest
from tests.interop.sdk.conftest import BOTH
from tests.interop.sdk.scene import (
    LINGER,
    answered,
    fresh,
    has_heard,
    not_heard,
    over,
    say,
    settle,
    tone_level,
    wait_quiet,
    wait_tone,
)
from tests.real import Stage
from vonage import Vonage
from vonage_http_client.errors import HttpRequestError
from vonage_voice.models import (
    AudioStreamOptions,
    Connect,
    CreateCallRequest,
    PhoneEndpoint,
    Stream,
    Talk,
    ToPhone,
    TtsStreamOptions,
)

from offhook.audio.levels import dbov
from offhook.audio.tables import RATE
from offhook.audio.tones import sine
from offhook.cli.demonstration.caller import Line
from offhook.simulator.behaviour import Answers
from offhook.simulator.speak import write_wav

pytestmark = pytest.mark.interop
AMPLITUDE = 6_000.0
LONG = "This sentence is spoken again and again until somebody stops it."


def tone_file(files: tuple[Path, str], hertz: float, seconds: float) -> str:
    """The URL of a tone."""
    directory, url = files
    name = f"{hertz:g}-{seconds:g}.wav"
    write_wav(str(directory / name), sine(hertz, round(seconds * 1000), AMPLITUDE))
    return f"{url}/{name}"


@pytest.fixture
def bridged(stage: Stage, vonage: Vonage) -> tuple[str, Line, str, Line]:
    """Two phones in one conversation, made by the SDK: leg and line of each."""
    first_number, second_number = fresh(), fresh()
    second_phone = stage.run(stage.phone(second_number, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(second_phone.next_call(60), stage._loop)
    connect = Connect(endpoint=[PhoneEndpoint(number=second_number)], from_=stage.known["number"])
    first, line = answered(stage, vonage, first_number, ncco=[connect])
    other = Line(coming.result(65))
    stage.run(other.answered(45))
    second = stage.run(stage.uuid_of(second_number))
    stage.run(stage.told(second, "answered"))
    settle(stage, line, other)
    return first, line, second, other


@BOTH
@pytest.mark.covers("voice.mute", "voice.unmute", "voice.hangup")
def test_mute_and_unmute(stage: Stage, vonage: Vonage, bridged: tuple[str, Line, str, Line]) -> None:
    first, line, second, other = bridged
    say(stage, line, 500)
    settle(stage, line, other)
    assert has_heard(other, 500)
    vonage.voice.mute(first)
    settle(stage, line, other)
    say(stage, line, 700)
    say(stage, other, 900)
    settle(stage, line, other)
    vonage.voice.unmute(first)
    settle(stage, line, other)
    say(stage, line, 1100)
    settle(stage, line, other)
    assert not_heard(other, 700)
    assert has_heard(line, 900), "a muted leg still hears"
    assert has_heard(other, 1100)
    vonage.voice.hangup(first)
    over(stage, first, line)
    over(stage, second, other)


@BOTH
@pytest.mark.covers("voice.earmuff", "voice.unearmuff")
def test_earmuff_and_unearmuff(stage: Stage, vonage: Vonage, bridged: tuple[str, Line, str, Line]) -> None:
    first, line, second, other = bridged
    vonage.voice.earmuff(first)
    settle(stage, line, other)
    say(stage, other, 700)
    say(stage, line, 900)
    settle(stage, line, other)
    vonage.voice.unearmuff(first)
    settle(stage, line, other)
    say(stage, other, 1100)
    settle(stage, line, other)
    assert not_heard(line, 700)
    assert has_heard(other, 900), "a leg with earmuffs is still heard"
    assert has_heard(line, 1100)
    vonage.voice.hangup(second)
    over(stage, second, other)
    over(stage, first, line)


@BOTH
@pytest.mark.covers("voice.play_tts_into_call", "voice.stop_tts")
def test_speech_into_a_call_and_its_stop(stage: Stage, vonage: Vonage) -> None:
    uuid, line = answered(stage, vonage, fresh())
    told = vonage.voice.play_tts_into_call(uuid, TtsStreamOptions(text=LONG, language="en-GB", loop=0))
    assert (told.message, told.uuid) == ("Talk started", uuid)
    prompt = stage.run(stage.played.number(uuid, 1))
    first = stage.run(line.hear(prompt.pcm, 0, 60_000, 20.0))
    again = stage.run(line.hear(prompt.pcm, first.end * 1000 // RATE, 1_000, 20.0))
    assert first.heard
    assert again.heard, "loop 0 is for ever"
    assert vonage.voice.stop_tts(uuid).message == "Talk stopped"
    wait_quiet(stage, line)
    assert vonage.voice.stop_tts(uuid).message == "Talk stopped", "stopping nothing is no error"
    second = vonage.voice.play_tts_into_call(uuid, TtsStreamOptions(text="And once more."))
    assert second.message == "Talk started"
    start = line.now_ms - 500
    once = stage.run(stage.played.number(uuid, 2))
    assert stage.run(line.hear(once.pcm, start, 60_000, 20.0)).heard
    vonage.voice.hangup(uuid)
    over(stage, uuid, line)


@BOTH
@pytest.mark.covers("voice.play_audio_into_call", "voice.stop_audio_stream")
def test_audio_into_a_call_its_levels_and_its_stop(
    stage: Stage, vonage: Vonage, files: tuple[Path, str]
) -> None:
    uuid, line = answered(stage, vonage, fresh())
    sent = dbov(sine(1000, 1000, AMPLITUDE))
    levels = []
    for hertz, level in ((1000.0, None), (1300.0, -0.5), (1600.0, 0.5)):
        start = line.now_ms
        told = vonage.voice.play_audio_into_call(
            uuid, AudioStreamOptions(stream_url=[tone_file(files, hertz, 1.2)], level=level)
        )
        assert (told.message, told.uuid) == ("Stream started", uuid)
        levels.append(tone_level(stage, line, start, hertz, 900))
        wait_quiet(stage, line)
    assert levels[0] == pytest.approx(sent, abs=1)
    assert levels[1] < levels[0] - 3
    assert levels[2] > levels[0] + 3
    start = line.now_ms
    vonage.voice.play_audio_into_call(
        uuid, AudioStreamOptions(stream_url=[tone_file(files, 1900.0, 0.5)], loop=0)
    )
    wait_tone(stage, line, start, 1900.0, lambda tone: tone.duration_ms > 1500)
    assert vonage.voice.stop_audio_stream(uuid).message == "Stream stopped"
    wait_quiet(stage, line)
    vonage.voice.hangup(uuid)
    over(stage, uuid, line)


@BOTH
@pytest.mark.covers("voice.play_dtmf_into_call")
def test_keys_into_a_call(stage: Stage, vonage: Vonage) -> None:
    uuid, line = answered(stage, vonage, fresh())
    told = vonage.voice.play_dtmf_into_call(uuid, "12p3*#0")
    assert (told.message, told.uuid) == ("DTMF sent", uuid)

    async def pressed() -> str:
        for _ in range(100):
            if len(line.call.report.digits) >= 6:
                break
            await line.listen(100)
        return line.call.report.digits

    assert stage.run(pressed()) == "123*#0"
    vonage.voice.hangup(uuid)
    over(stage, uuid, line)


@BOTH
@pytest.mark.covers("voice.transfer_call_ncco", "voice.transfer_call_answer_url")
def test_transfer_by_ncco_and_by_url(stage: Stage, vonage: Vonage, files: tuple[Path, str]) -> None:
    uuid, line = answered(stage, vonage, fresh(), ncco=[Talk(text=LONG, loop=0)])
    first = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(first.pcm, 0, 1_500, 20.0)).heard
    start = line.now_ms
    tone = Stream(streamUrl=[tone_file(files, 800.0, 1.0)], loop=0)
    vonage.voice.transfer_call_ncco(uuid, [tone])
    wait_tone(stage, line, start, 800.0, lambda heard: heard.duration_ms > 2000)
    stage.app.serve("/sdk-moved", [{"action": "talk", "text": "You have been transferred."}, LINGER])
    start = line.now_ms
    vonage.voice.transfer_call_answer_url(uuid, stage.url("/sdk-moved"))
    moved = stage.run(stage.played.number(uuid, 3, 20.0))
    assert stage.run(line.hear(moved.pcm, start, 60_000, 20.0)).heard
    over(stage, uuid, line)
    asked = [hook for hook in stage.app.at("/sdk-moved") if hook.fields.get("uuid") == uuid]
    assert len(asked) == 1
    assert "completed" in stage.statuses(uuid)


def test_a_call_that_only_rings_cannot_be_spoken_into_and_can_be_ended(stage: Stage, vonage: Vonage) -> None:
    made = vonage.voice.create_call(
        CreateCallRequest(
            to=[ToPhone(number="15550510092")],
            from_=stage.known["number"],
            ncco=[Talk(text="never")],
        )
    )
    stage.run(stage.told(made.uuid, "ringing"))
    with pytest.raises(HttpRequestError, match="not answered"):
        vonage.voice.play_tts_into_call(made.uuid, TtsStreamOptions(text="too early"))
    vonage.voice.hangup(made.uuid)
    stage.run(stage.told(made.uuid))
    assert vonage.voice.get_call(made.uuid).status == "cancelled"
