"""espeak-ng as a text-to-speech engine: drives the separate program `offhook_espeak` over a pipe.

The program is a child of whoever owns this engine and does one job at a time (`jobs` is 1). It is started
with the first job; one that dies, hangs or leaves the protocol is killed, its job fails as retryable, and the
next job starts another. Its standard error is not read here. docs/decisions/espeak-behind-a-pipe.md says why
it is a program of its own.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Sequence
from importlib.util import find_spec
from typing import Any

from offhook.core.errors import SpeechError
from offhook.speech import voices
from offhook.speech.base import Audio, Mark, Marked, Say, Segment, Silence, Spoken, Voice
from offhook.speech.phonemes import to_espeak

START_SECONDS = 10.0
STALL_SECONDS = 5.0
"""A child that gives nothing for so long hangs; real pauses are a few milliseconds."""
MAX_FRAME = 8_000_000


def program() -> list[str]:
    """The command that runs the espeak-ng program of this installation."""
    found = find_spec("offhook_espeak")
    if found is None or found.origin is None:
        raise SpeechError("the program offhook_espeak is not installed; install offhook again")
    return [sys.executable, found.origin]


class EspeakTTS:
    """The engine. `command` replaces the program, for tests."""

    name = "espeak-ng"
    jobs = 1

    def __init__(self, command: Sequence[str] | None = None, stall_seconds: float = STALL_SECONDS) -> None:
        self._command = command
        self._stall = stall_seconds
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._number = 0
        self.restarts = -1

    def voices(self) -> Sequence[Voice]:
        return voices.all_voices()

    def voice(self, language: str, style: int) -> Voice:
        return voices.find(language, style)

    async def synthesise(self, segments: Sequence[Segment], voice: Voice) -> AsyncGenerator[Spoken, None]:
        """Speak; a consumer that stops half-way costs the child, which is started again."""
        request, marks = _request(segments, voice)
        async with self._lock:
            self._number += 1
            number, finished = self._number, False
            try:
                child = await self._started()
                await self._send(child, {"id": number, "type": "speak", "segments": request})
                for name in marks.pop(-1, ()):
                    yield Marked(name)
                while (frame := await self._read(child))[0]["type"] != "done":
                    for spoken in _spoken(frame, number, marks):
                        yield spoken
                finished = True
            except _RefusedError as refusal:
                finished = True
                raise SpeechError(f"espeak-ng refused the text: {refusal}") from refusal
            finally:
                if not finished:
                    await self._kill()

    async def close(self) -> None:
        await self._kill()

    # ── the child ───────────────────────────────────────────────────────────────────────────────

    async def _started(self) -> asyncio.subprocess.Process:
        if self._child is not None and self._child.returncode is None:
            return self._child
        await self._kill()
        self.restarts += 1
        try:
            child = await asyncio.create_subprocess_exec(
                *(self._command or program()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise SpeechError(f"the espeak-ng program cannot be started: {error}", retryable=True) from error
        self._child = child
        header, _ = await self._read(child, START_SECONDS)
        if header["type"] != "ready" or header.get("rate") != voices.RATE:
            raise SpeechError("the espeak-ng program did not start as this version expects", retryable=True)
        return child

    async def _send(self, child: asyncio.subprocess.Process, header: dict[str, Any]) -> None:
        assert child.stdin is not None
        packed = json.dumps(header).encode()
        try:
            child.stdin.write(len(packed).to_bytes(4, "big") + packed)
            await asyncio.wait_for(child.stdin.drain(), self._stall)
        except (OSError, TimeoutError) as error:
            raise SpeechError("the espeak-ng program takes no input", retryable=True) from error

    async def _read(
        self, child: asyncio.subprocess.Process, seconds: float | None = None
    ) -> tuple[dict[str, Any], bytes]:
        assert child.stdout is not None
        try:
            return await asyncio.wait_for(_frame(child.stdout), seconds or self._stall)
        except TimeoutError as error:
            raise SpeechError("the espeak-ng program hangs and was ended", retryable=True) from error
        except (asyncio.IncompleteReadError, ValueError, TypeError, OSError) as error:
            raise SpeechError("the espeak-ng program broke off", retryable=True) from error

    async def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        if child.stdin is not None:
            child.stdin.close()


class _RefusedError(Exception):
    """The child answered with an error frame: it lives, the request was wrong."""


async def _frame(stream: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    size = int.from_bytes(await stream.readexactly(4), "big")
    if size > MAX_FRAME:
        raise ValueError("frame too long")
    header = json.loads(await stream.readexactly(size))
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise ValueError("frame header is wrong")
    length = int(header.get("size", 0))
    if not 0 <= length <= MAX_FRAME:
        raise ValueError("frame too long")
    return header, await stream.readexactly(length) if length else b""


def _spoken(frame: tuple[dict[str, Any], bytes], number: int, marks: dict[int, list[str]]) -> list[Spoken]:
    header, pcm = frame
    if header.get("id") != number:
        raise SpeechError("the espeak-ng program is out of step", retryable=True)
    if header["type"] == "error":
        raise _RefusedError(str(header.get("message")))
    if header["type"] == "audio":
        return [Audio(pcm)]
    return [Marked(name) for name in marks.pop(header.get("index", -2), ())]


def _request(segments: Sequence[Segment], voice: Voice) -> tuple[list[dict[str, Any]], dict[int, list[str]]]:
    """The child's segments, and the marks by the index of the segment they follow (-1: before all)."""
    request: list[dict[str, Any]] = []
    marks: dict[int, list[str]] = {}
    for segment in segments:
        if isinstance(segment, Mark):
            marks.setdefault(len(request) - 1, []).append(segment.name)
        elif isinstance(segment, Silence):
            request.append({"silence": segment.milliseconds})
        else:
            request.append(_say(segment, voice))
    return request, marks


def _say(say: Say, voice: Voice) -> dict[str, Any]:
    speaker = voices.find(say.language, voice.style) if say.language else voice
    voices.check_text(speaker.language, say.text)
    wanted: dict[str, Any] = {
        "voice": speaker.name,
        "rate": say.rate,
        "pitch": say.pitch * speaker.pitch,
        "gain": say.gain,
    }
    mnemonics = to_espeak(say.phonemes) if say.phonemes else ""
    return wanted | ({"phonemes": mnemonics} if mnemonics else {"text": say.text})
