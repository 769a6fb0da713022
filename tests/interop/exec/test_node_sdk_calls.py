"""Calls made and steered by the official Node SDK, over its host option and over `offhook exec`; each effect
is judged by what the phones heard.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.interop.exec.node_sdk import EXEC, WAYS, NodeSdk, SdkError
from tests.interop.sdk.scene import (
    IDLE,
    LINGER,
    has_heard,
    not_heard,
    over,
    say,
    settle,
    wait_quiet,
    wait_tone,
)
from tests.real import Stage

from offhook.audio.tones import sine
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.hearing import find_tone
from offhook.simulator.behaviour import Answers
from offhook.simulator.speak import read_wav, write_wav

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]
LONG = "This sentence is spoken again and again until somebody stops it."


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def sdk(stage: Stage, node: str, way: str) -> Iterator[NodeSdk]:
    made = NodeSdk(stage, node, way)
    yield made
    assert made.close() == 0


def answered(stage: Stage, sdk: NodeSdk, number: str, ncco: Any = None) -> tuple[str, Line]:
    """A call that the SDK makes to a phone which answers; without a program it waits. Leg and line."""
    phone = stage.run(stage.phone(number, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    made = sdk.voice.createOutboundCall(
        {
            "to": [{"type": "phone", "number": number}],
            "from": {"type": "phone", "number": stage.known["number"]},
            "ncco": ncco or IDLE,
        }
    )
    assert (made["status"], made["direction"]) == ("started", "outbound")
    assert made["conversationUUID"].startswith("CON-")
    line = Line(coming.result(65))
    stage.run(line.answered(45))
    stage.run(stage.told(made["uuid"], "answered"))
    return made["uuid"], line


def tone_file(files: tuple[Path, str], hertz: float) -> str:
    """The URL of a second of a tone."""
    directory, url = files
    write_wav(str(directory / f"{hertz:g}.wav"), sine(hertz, 1000, 6_000.0))
    return f"{url}/{hertz:g}.wav"


def test_a_call_is_made_read_listed_and_ended(stage: Stage, sdk: NodeSdk) -> None:
    uuid, line = answered(stage, sdk, "15550520001", [{"action": "talk", "text": LONG, "loop": 0}])
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_500, 20.0)).heard
    read = sdk.voice.getCall(uuid)
    assert (read["uuid"], read["status"], read["to"]["number"]) == (uuid, "answered", "15550520001")
    with pytest.raises(SdkError) as caught:
        sdk.voice.getCall("00000000-0000-4000-8000-000000000000")
    assert caught.value.status == 404
    sdk.voice.hangupCall(uuid)
    over(stage, uuid, line)
    read = sdk.voice.getCall(uuid)
    assert read["status"] == "completed"
    assert read["conversationUUID"].startswith("CON-")
    page = sdk.voice.getCallsPage({"conversationUuid": read["conversationUUID"], "pageSize": 1})
    assert [each["uuid"] for each in page["_embedded"]["calls"]] == [uuid]
    found = sdk.voice.search({"status": "completed", "pageSize": 100})
    assert uuid in [each["uuid"] for each in found["_embedded"]["calls"]]
    other, line = answered(stage, sdk, "15550520002")
    sdk.voice.hangupCall(other)
    over(stage, other, line)
    one_by_one = [each["uuid"] for each in sdk.voice.getAllCalls({"pageSize": 1})]
    assert {uuid, other} <= set(one_by_one)
    assert len(one_by_one) == len(set(one_by_one)) >= 2


def test_speech_and_audio_into_a_call_and_their_stop(
    stage: Stage, sdk: NodeSdk, files: tuple[Path, str]
) -> None:
    uuid, line = answered(stage, sdk, "15550520003")
    told = sdk.voice.playTTS(uuid, {"text": LONG, "language": "en-GB", "style": 0, "loop": 0, "level": "0"})
    assert (told["message"], told["uuid"]) == ("Talk started", uuid)
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_500, 20.0)).heard
    assert sdk.voice.stopTTS(uuid)["message"] == "Talk stopped"
    wait_quiet(stage, line)
    start = line.now_ms
    told = sdk.voice.streamAudio(uuid, tone_file(files, 1900.0), 0, 0.2)
    assert (told["message"], told["uuid"]) == ("Stream started", uuid)
    wait_tone(stage, line, start, 1900.0, lambda tone: tone.duration_ms > 1500)
    assert sdk.voice.stopStreamAudio(uuid)["message"] == "Stream stopped"
    wait_quiet(stage, line)
    sdk.voice.hangupCall(uuid)
    over(stage, uuid, line)


def test_who_is_heard_and_who_hears(stage: Stage, sdk: NodeSdk) -> None:
    second_phone = stage.run(stage.phone("15550520005", Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(second_phone.next_call(60), stage._loop)
    endpoint = {"type": "phone", "number": "15550520005"}
    connect = {"action": "connect", "endpoint": [endpoint], "from": stage.known["number"]}
    first, line = answered(stage, sdk, "15550520004", [connect])
    other = Line(coming.result(65))
    stage.run(other.answered(45))
    second = stage.run(stage.uuid_of("15550520005"))
    stage.run(stage.told(second, "answered"))
    settle(stage, line, other)
    steps = (
        (None, 500, True, 600, True),
        ("muteCall", 700, False, 800, True),
        ("unmuteCall", 900, True, 1000, True),
        ("earmuffCall", 1100, True, 1200, False),
        ("unearmuffCall", 1300, True, 1400, True),
    )
    for method, from_first, first_is_heard, from_second, second_is_heard in steps:
        if method is not None:
            assert sdk.ask("voice", method, first) is None
        settle(stage, line, other)
        say(stage, line, from_first)
        say(stage, other, from_second)
        settle(stage, line, other)
        judge = has_heard if first_is_heard else not_heard
        assert judge(other, from_first), method
        judge = has_heard if second_is_heard else not_heard
        assert judge(line, from_second), method
    sdk.voice.hangupCall(first)
    over(stage, first, line)
    over(stage, second, other)


def test_keys_into_a_call_and_out_of_it(stage: Stage, sdk: NodeSdk, way: str) -> None:
    uuid, line = answered(stage, sdk, "15550520006")
    told = sdk.voice.playDTMF(uuid, "12p3*#0")
    assert (told["message"], told["uuid"]) == ("DTMF sent", uuid)

    async def pressed() -> str:
        for _ in range(100):
            if len(line.call.report.digits) >= 6:
                break
            await line.listen(100)
        return line.call.report.digits

    assert stage.run(pressed()) == "123*#0"
    path = f"/node-keys-{way.replace(' ', '-')}"
    sdk.voice.subscribeDTMF(uuid, stage.url(path))
    settle(stage, line)
    stage.run(line.press("7"))
    hook = stage.run(stage.app.wait_for(lambda each: each.path == path))
    assert hook.json["dtmf"]["digits"] == "7"
    sdk.voice.unsubscribeDTMF(uuid)
    settle(stage, line)
    stage.run(line.press("8"))
    settle(stage, line)
    sdk.voice.hangupCall(uuid)
    over(stage, uuid, line)
    assert [each.json["dtmf"]["digits"] for each in stage.app.at(path)] == ["7"]


def test_transfers(stage: Stage, sdk: NodeSdk, way: str, files: tuple[Path, str]) -> None:
    uuid, line = answered(stage, sdk, "15550520007", [{"action": "talk", "text": LONG, "loop": 0}])
    prompt = stage.run(stage.played.number(uuid, 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_500, 20.0)).heard
    start = line.now_ms
    stream = {"action": "stream", "streamUrl": [tone_file(files, 800.0)], "loop": 0}
    sdk.voice.transferCallWithNCCO(uuid, [stream])
    wait_tone(stage, line, start, 800.0, lambda heard: heard.duration_ms > 2000)
    path = f"/node-moved-{way.replace(' ', '-')}"
    stage.app.serve(path, [{"action": "talk", "text": "You have been transferred."}, LINGER])
    start = line.now_ms
    sdk.voice.transferCallWithURL(uuid, stage.url(path))
    moved = stage.run(stage.played.number(uuid, 3, 20.0))
    assert stage.run(line.hear(moved.pcm, start, 60_000, 20.0)).heard
    over(stage, uuid, line)
    assert len([hook for hook in stage.app.at(path) if hook.fields.get("uuid") == uuid]) == 1


def test_a_recording_is_downloaded(stage: Stage, sdk: NodeSdk, way: str, tmp_path: Path) -> None:
    path = f"/node-recorded-{way.replace(' ', '-')}"
    record = {"action": "record", "format": "wav", "endOnKey": "#", "eventUrl": [stage.url(path)]}
    uuid, line = answered(stage, sdk, "15550520008", [record, {"action": "talk", "text": "Thank you."}])
    settle(stage, line)
    stage.run(line.tone(1234, 1.5))
    settle(stage, line)
    stage.run(line.press("#"))
    hook = stage.run(stage.app.wait_for(lambda each: each.path == path))
    over(stage, uuid, line)
    url = hook.json["recording_url"]
    file_id = url.rsplit("/", 1)[1]
    assert url == f"https://api.nexmo.com/v1/files/{file_id}"
    if way == EXEC:
        for name, given in (("by-url.wav", url), ("by-id.wav", file_id)):
            sdk.voice.downloadRecording(given, str(tmp_path / name))
            marker = find_tone(read_wav(str(tmp_path / name)), 1234)
            assert marker is not None
            assert marker.duration_ms == pytest.approx(1500, abs=300)
        with pytest.raises(SdkError, match="Not Found"):
            sdk.voice.downloadTranscription(url.replace(file_id, uuid), str(tmp_path / "none.json"))
    else:
        with pytest.raises(SdkError, match="invalid for file download"):
            sdk.voice.downloadRecording(file_id, str(tmp_path / "refused.wav"))
