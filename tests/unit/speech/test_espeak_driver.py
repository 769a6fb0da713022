"""The driver of the espeak-ng program, against programs that misbehave."""

import asyncio
import sys
from pathlib import Path

import pytest

from offhook.core.errors import SpeechError
from offhook.speech.base import Audio, Mark, Marked, Say, Segment, Silence, Spoken
from offhook.speech.espeak import EspeakTTS, _request

PRELUDE = """
import json, sys, time
def send(header, pcm=b""):
    packed = json.dumps(header).encode()
    sys.stdout.buffer.write(len(packed).to_bytes(4, "big") + packed + pcm)
    sys.stdout.buffer.flush()
def receive():
    size = sys.stdin.buffer.read(4)
    if len(size) < 4:
        sys.exit()
    return json.loads(sys.stdin.buffer.read(int.from_bytes(size, "big")))
send({"type": "ready", "rate": 22050, "version": "0"})
"""
GOOD = """
while True:
    request = receive()
    for index, segment in enumerate(request["segments"]):
        send({"id": request["id"], "type": "audio", "size": 4}, b"abcd")
        send({"id": request["id"], "type": "segment", "index": index, "samples": 2})
    send({"id": request["id"], "type": "done"})
"""


def engine(tmp_path: Path, body: str, prelude: str = PRELUDE) -> EspeakTTS:
    script = tmp_path / "child.py"
    script.write_text(prelude + body)
    return EspeakTTS([sys.executable, "-S", str(script)], stall_seconds=0.3)


async def speak(tts: EspeakTTS, *segments: Segment) -> list[Spoken]:
    voice = tts.voice("en-US", 0)
    return [spoken async for spoken in tts.synthesise(segments or [Say("x")], voice)]


def test_audio_and_marks_come_in_order(tmp_path: Path) -> None:
    async def scene() -> None:
        tts = engine(tmp_path, GOOD)
        heard = await speak(tts, Mark("a"), Say("x"), Mark("b"), Silence(10), Mark("c"))
        assert heard == [Marked("a"), Audio(b"abcd"), Marked("b"), Audio(b"abcd"), Marked("c")]
        assert await speak(tts) == [Audio(b"abcd")]
        assert tts.restarts == 0
        await tts.close()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("receive(); sys.exit(1)", "broke off"),
        ("receive(); time.sleep(60)", "hangs"),
        ("receive(); sys.stdout.write('garbage' * 1000); sys.stdout.flush(); time.sleep(60)", "broke off"),
        ("receive(); send({'id': 99, 'type': 'audio', 'size': 2}, b'ab'); time.sleep(60)", "out of step"),
        ("receive(); send([]); time.sleep(60)", "broke off"),
    ],
)
def test_a_program_that_breaks_is_started_again(tmp_path: Path, body: str, problem: str) -> None:
    async def scene() -> None:
        tts = engine(tmp_path, body)
        with pytest.raises(SpeechError, match=problem) as caught:
            await speak(tts)
        assert caught.value.retryable
        (tmp_path / "child.py").write_text(PRELUDE + GOOD)
        assert await speak(tts) == [Audio(b"abcd")]
        assert tts.restarts == 1
        await tts.close()

    asyncio.run(scene())


def test_a_refused_text_does_not_cost_the_program(tmp_path: Path) -> None:
    async def scene() -> None:
        tts = engine(
            tmp_path, "send({'id': receive()['id'], 'type': 'error', 'message': 'no such voice'})" + GOOD
        )
        with pytest.raises(SpeechError, match="no such voice") as caught:
            await speak(tts)
        assert not caught.value.retryable
        assert await speak(tts) == [Audio(b"abcd")]
        assert tts.restarts == 0
        await tts.close()

    asyncio.run(scene())


@pytest.mark.parametrize("command", [["/nonexistent/program"], [sys.executable, "-c", "pass"]])
def test_a_program_that_does_not_start_is_a_retryable_error(command: list[str]) -> None:
    async def scene() -> None:
        tts = EspeakTTS(command)
        with pytest.raises(SpeechError) as caught:
            await speak(tts)
        assert caught.value.retryable
        await tts.close()

    asyncio.run(scene())


def test_a_caller_that_stops_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scene() -> None:
        tts = engine(tmp_path, GOOD)
        stream = tts.synthesise([Say("x"), Say("y")], tts.voice("en-US", 0))
        await anext(stream)
        await stream.aclose()
        assert len(await speak(tts, Say("x"), Say("y"))) == 2
        assert tts.restarts == 1
        await tts.close()

    asyncio.run(scene())


def test_the_request_names_voices_of_espeak() -> None:
    tts = EspeakTTS()
    segments: list[Segment] = [
        Say("a", rate=2.0),
        Say("b", language="fr-FR", pitch=1.5),
        Say("c", phonemes="tʃ"),
        Silence(5),
    ]
    request, _ = _request(segments, tts.voice("en-US", 0))
    assert [segment.get("voice", "")[:9] for segment in request] == [
        "gmw/en-US",
        "roa/fr+st",
        "gmw/en-US",
        "",
    ]
    assert (request[0]["rate"], request[1]["pitch"]) == (2.0, 1.5)
    assert request[2]["phonemes"] == "tS"
    assert request[3] == {"silence": 5}
    with pytest.raises(SpeechError, match="kana"):
        _request([Say("日本", language="ja-JP")], tts.voice("en-US", 0))
