"""Calls for the snippets to work on, and what was said and recorded in them."""

import asyncio
import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
from tests.interop.sdk.scene import fresh, say, settle
from tests.interop.snippets.conftest import Program, Start
from tests.real import Stage

from offhook.audio.decode import decode
from offhook.audio.resampling import resample
from offhook.audio.tables import RATE, Pcm
from offhook.cli.demonstration.caller import Line
from offhook.core import journal_reader
from offhook.simulator.behaviour import Answers

IDLE = [{"action": "wait", "timeout": 120}]


class Ringing:
    """A phone that waits for its call."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.number = stage, fresh()
        phone = stage.run(stage.phone(self.number, Answers(0.3)))
        self._coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)

    def answered(self) -> Line:
        line = Line(self._coming.result(65))
        self.stage.run(line.answered(45))
        return line


def call(stage: Stage, ncco: list[dict[str, Any]] | None = None) -> tuple[str, Line]:
    """A call of the platform to a phone which answers: leg and line."""
    phone = Ringing(stage)
    body = {
        "to": [{"type": "phone", "number": phone.number}],
        "from": {"type": "phone", "number": stage.known["number"]},
        "ncco": ncco or IDLE,
    }
    uuid = stage.rest("POST", "/v1/calls", body)["uuid"]
    line = phone.answered()
    stage.run(stage.told(uuid, "answered"))
    return uuid, line


def bridged(stage: Stage) -> tuple[str, Line, Line]:
    """A call and the phone that it is connected to."""
    other = Ringing(stage)
    endpoint = {"type": "phone", "number": other.number}
    connect = {"action": "connect", "from": stage.known["number"], "endpoint": [endpoint]}
    uuid, line = call(stage, [connect])
    far = other.answered()
    stage.run(stage.told(stage.run(stage.uuid_of(other.number)), "answered"))
    settle(stage, line, far)
    return uuid, line, far


def hears(stage: Stage, uuid: str, line: Line, count: int, words: str) -> None:
    """The `count`-th prompt of a leg has these words, and the phone heard it."""
    prompt = stage.run(stage.played.number(uuid, count, 30.0), 60.0)
    assert words in said(stage, uuid)
    assert stage.run(line.hear(prompt.pcm, 0, 60_000, 30.0), 60.0).heard


def said(stage: Stage, uuid: str) -> list[str]:
    """Every text that was spoken on a leg."""
    lines = [dated.line.data for dated in journal_reader.read(stage.place.data_dir / "journal", uuid)]
    return [data["text"] for data in lines if isinstance(data, dict) and "text" in data]


def hang_up(stage: Stage, *lines: Line) -> None:
    """The phones hang up, one after the other."""

    async def end(line: Line) -> None:
        if not line.call.done.done():
            line.call.hang_up()
        await asyncio.wait_for(asyncio.shield(line.call.done), 45)

    for line in lines:
        stage.run(end(line))


def sounds(stage: Stage, first: Line, second: Line) -> None:
    """One phone sends 700 Hz, then the other 1100 Hz."""
    settle(stage, first, second)
    say(stage, first, 700)
    settle(stage, first, second)
    say(stage, second, 1100)
    settle(stage, first, second)


def downloaded(start: Start, program: Program, path: Path) -> list[Pcm]:
    """The recording that a snippet was told of, fetched by another: its channels at the phones' rate."""
    url = program.wait_for(r"recorded: https://api\.nexmo\.com/v1/files/\S+\n").split()[1]
    told = start("download_a_recording", RECORDING_URL=url, RECORDING_FILE=str(path)).done()
    assert told == f"{path.stat().st_size} bytes\n"
    if path.suffix != ".wav":
        return [decode(str(path), 120.0)]
    with wave.open(io.BytesIO(path.read_bytes())) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return [resample(frames[:, n], file.getframerate(), RATE) for n in range(file.getnchannels())]
