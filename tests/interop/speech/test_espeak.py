"""Real speech: espeak-ng through its program, the worker and shared memory."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from offhook.audio.levels import correlate, dbov
from offhook.core.clock import SystemClock
from offhook.core.errors import SpeechError
from offhook.core.ids import RandomIds
from offhook.ipc.pipes import unix_connector
from offhook.ipc.shm import SharedPrompts
from offhook.speech import ssml, voices
from offhook.speech.base import Say
from offhook.speech.client import SpeechClient
from offhook.speech.espeak import EspeakTTS
from offhook.speech.render import render

pytestmark = pytest.mark.interop


async def speak(
    tts: EspeakTTS, text: str, language: str = "en-US", style: int = 0
) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    return await render(tts, ssml.parse(text, language), tts.voice(language, style))


def test_speech_is_loud_enough_long_enough_and_like_itself() -> None:
    async def scene() -> None:
        tts = EspeakTTS()
        text = "Welcome. Press one for sales, or two for support."
        once, again = await speak(tts, text), await speak(tts, text)
        other = await speak(tts, "Goodbye, and thank you for calling us today.")
        await tts.close()
        assert 2.0 < once.size / 8_000 < 6.0
        assert dbov(once) == pytest.approx(-21, abs=3)
        assert np.abs(once).max() < 32_000
        padded = np.concatenate([np.zeros(1_000, np.int16), again, np.zeros(1_000, np.int16)])
        lag, likeness = correlate(once[: again.size], padded)
        assert likeness > 0.8
        assert abs(lag - 1_000) < 80
        assert correlate(once[:8_000], other)[1] < 0.5

    asyncio.run(scene())


def test_every_voice_of_the_table_exists() -> None:
    async def scene() -> None:
        tts = EspeakTTS()
        for voice in {voice.name: voice for voice in voices.all_voices()}.values():
            heard = [piece async for piece in tts.synthesise([Say("1 2 3")], voice)]
            assert heard, voice.name
        await tts.close()

    asyncio.run(scene())


def test_prosody_and_breaks_are_heard() -> None:
    async def scene() -> None:
        tts = EspeakTTS()
        normal = await speak(tts, "one two three four five six")
        slow = await speak(tts, "<speak><prosody rate='50%'>one two three four five six</prosody></speak>")
        broken = await speak(tts, "<speak>one two three <break time='2s'/> four five six</speak>")
        soft = await speak(tts, "<speak>one two <prosody volume='-12dB'>one two</prosody></speak>")
        await tts.close()
        assert slow.size > 1.5 * normal.size
        assert broken.size > normal.size + 1.8 * 8_000
        half = soft.size // 2
        assert dbov(soft[:half]) - dbov(soft[half:]) > 8

    asyncio.run(scene())


def test_the_program_survives_bad_input_and_lists_voices() -> None:
    async def scene() -> None:
        tts = EspeakTTS()
        with pytest.raises(SpeechError, match="gain must be a number"):
            await render_raw(tts, Say("x", gain=float("inf")))
        assert (await speak(tts, "still here \x01 [[x]] \ud800")).size > 1_000
        assert tts.restarts == 0
        await tts.close()

    async def render_raw(tts: EspeakTTS, say: Say) -> None:
        async for _ in tts.synthesise([say], tts.voice("en-US", 0)):
            pass

    asyncio.run(scene())
    program = Path(voices.__file__).parents[2] / "offhook_espeak.py"
    listed = subprocess.run(
        [sys.executable, program, "--list-voices"], capture_output=True, text=True, check=True
    )
    assert "gmw/en-US" in listed.stdout


def test_the_worker_process_serves_prompts_and_ends_with_its_parent(tmp_path: Path) -> None:
    prefix = f"/ohtest{os.getpid():x}-"
    prompts = SharedPrompts(prefix)
    socket = str(tmp_path / "speech.sock")

    async def scene() -> None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "offhook.speech.worker", "--socket", socket,
            stdin=asyncio.subprocess.PIPE,
            env=os.environ | {"OFFHOOK_SHM_PREFIX": prefix, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        client = SpeechClient([("speech-0", unix_connector(socket))], SystemClock(), RandomIds(), prompts)
        client.start()
        try:
            prompt = await client.synthesise("Hello there", "en-GB", 1)
            assert dbov(prompts.open(prompt.name, prompt.samples)) > -30
        finally:
            await client.close()
            assert process.stdin is not None
            process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 45) == 0

    try:
        asyncio.run(scene())
    finally:
        prompts.clear()
