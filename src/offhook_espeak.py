# offhook-espeak: speech synthesis with espeak-ng as a separate program.
# Copyright (C) 2026 the Offhook contributors
#
# This program is free software: you can redistribute it and/or modify it under the terms of the GNU General
# Public License as published by the Free Software Foundation, either version 3 of the License, or (at your
# option) any later version.
#
# This program is distributed in the hope that it will be useful, but WITHOUT ANY WARRANTY; without even the
# implied warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License
# for more details: <https://www.gnu.org/licenses/>.
#
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speak through espeak-ng, one request at a time, over standard input and output.

It is a program of its own because espeak-ng is GPL-3 and not thread-safe; it imports nothing of Offhook and
Offhook imports nothing of it. The pipe speaks frames: four bytes, big-endian, with the length of a JSON
header; the header; then `size` bytes of PCM where the header has a `size`.

In:   {"id", "type": "speak", "segments": [{"voice", "text" | "phonemes", "rate", "pitch", "gain"} |
      {"silence": ms}]}   or   {"id", "type": "voices"}
Out:  {"type": "ready", "rate", "version"} once; then for each request any number of {"id", "type": "audio",
      "size"}, one {"id", "type": "segment", "index", "samples"} after each segment, and a last {"id",
      "type": "done"}, {"id", "type": "voices", "voices"} or {"id", "type": "error", "message"}.

`voice` is a name for espeak_SetVoiceByName (`gmw/en-US+f3`; language codes do not select reliably).
`phonemes` are espeak mnemonics. `rate` and `pitch` are factors, `gain` is in dB. PCM is 16-bit signed
little-endian mono. Bad input gives an error frame and the next request is served; the end of the input ends
the program.
"""

import array
import ctypes
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import espeakng_loader

MAX_HEADER = 1_000_000
"""A longer header is a broken pipe protocol, not a request."""
MAX_SILENCE_MS = 60_000
LONG_PATH = 140
"""espeak-ng keeps its data path in a buffer of 160 bytes."""

AUDIO_SYNCHRONOUS = 2
DONT_EXIT = 0x8000
CHARS_UTF8 = 0x01
PHONEMES = 0x100
END_PAUSE = 0x1000
PARAMETER_RATE = 1
PARAMETER_PITCH = 3
NORMAL_WPM = 175
NORMAL_PITCH = 50
OCTAVES_UP, OCTAVES_DOWN = 0.74, 0.42
"""How far the fundamental moves when the parameter goes from 50 to 100 and to 0, measured on 1.52."""

_CONTROL = dict.fromkeys((*range(0x20), 0x7F), " ")
"""Control characters open espeak's embedded commands."""
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class BadRequestError(Exception):
    """The request is wrong; the sentence goes back to whoever sent it."""


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_char_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("padding", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class Espeak:
    """The library: one voice at a time, calls return when the last sample is out."""

    def __init__(self) -> None:
        data = _short_path(espeakng_loader.get_data_path())
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate = int(self._library.espeak_Initialize(AUDIO_SYNCHRONOUS, 0, data.encode(), DONT_EXIT))
        if self.rate <= 0:
            raise SystemExit(f"espeak-ng cannot read its data in {data}; reinstall espeakng-loader")
        self._library.espeak_Info.restype = ctypes.c_char_p
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._sink: Callable[[bytes], None] = lambda pcm: None
        # Kept in a field: ctypes does not hold the callback alive by itself.
        self._callback = _Callback(self._samples)
        self._library.espeak_SetSynthCallback(self._callback)

    @property
    def version(self) -> str:
        return str(self._library.espeak_Info(None).decode())

    def voices(self) -> list[dict[str, str]]:
        """Every voice: `name` is what `speak` takes, `language` what espeak calls its language."""
        listed = self._library.espeak_ListVoices(None)
        found: list[dict[str, str]] = []
        while listed[len(found)]:
            voice = listed[len(found)].contents
            # The languages field is a priority byte and then the code.
            found.append({"language": voice.languages[1:].decode(), "name": voice.identifier.decode()})
        return found

    def speak(self, segment: dict[str, Any], sink: Callable[[bytes], None]) -> None:
        """Give the PCM of one spoken segment to `sink`, piece by piece."""
        voice = _text(segment, "voice")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise BadRequestError(f"espeak-ng has no voice {voice!r}; --list-voices names them")
        self._parameter(PARAMETER_RATE, min(450, max(80, round(NORMAL_WPM * _factor(segment, "rate")))))
        self._parameter(PARAMETER_PITCH, _pitch_parameter(segment))
        flags = CHARS_UTF8 | END_PAUSE
        if "phonemes" in segment:
            mnemonics = _text(segment, "phonemes").replace("[", "").replace("]", "")
            text, flags = f"[[{mnemonics}]]", flags | PHONEMES
        else:
            text = _text(segment, "text")
        self._synthesise(
            text.translate(_CONTROL).encode("utf-8", "replace"), flags, _amplified(segment, sink)
        )

    def _synthesise(self, text: bytes, flags: int, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        status = self._library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 1, 0, flags, None, None)
        if status != 0:
            raise BadRequestError(f"espeak-ng could not speak the text (its error {status})")

    def _parameter(self, parameter: int, value: int) -> None:
        self._library.espeak_SetParameter(parameter, value, 0)

    def _samples(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._sink(ctypes.string_at(samples, count * 2))
        return 0


class Server:
    """Requests in, frames out."""

    def __init__(self, espeak: Espeak, output: BinaryIO) -> None:
        self._espeak = espeak
        self._output = output

    def serve(self, source: BinaryIO) -> None:
        """Answer until the input ends."""
        self._send({"type": "ready", "rate": self._espeak.rate, "version": self._espeak.version})
        while (header := _read_header(source)) is not None:
            self._answer(header)

    def _answer(self, header: bytes) -> None:
        number: Any = None
        try:
            try:
                request = json.loads(header)
            except ValueError as error:
                raise BadRequestError(f"the header is not JSON: {error}") from error
            if not isinstance(request, dict):
                raise BadRequestError("the header is not a JSON object")
            number = request.get("id")
            self._dispatch(number, request)
        except BadRequestError as error:
            self._send({"id": number, "type": "error", "message": str(error)})

    def _dispatch(self, number: Any, request: dict[str, Any]) -> None:
        kind = request.get("type")
        if kind == "voices":
            self._send({"id": number, "type": "voices", "voices": self._espeak.voices()})
        elif kind == "speak":
            self._speak(number, request.get("segments"))
        else:
            raise BadRequestError(f"type {kind!r} is unknown; speak and voices are known")

    def _speak(self, number: Any, segments: Any) -> None:
        if not isinstance(segments, list) or not all(isinstance(segment, dict) for segment in segments):
            raise BadRequestError("segments must be a list of objects")
        for index, segment in enumerate(segments):
            sent = 0

            def sink(pcm: bytes) -> None:
                nonlocal sent
                sent += len(pcm) // 2
                self._send({"id": number, "type": "audio", "size": len(pcm)}, pcm)

            if "silence" in segment:
                sink(bytes(2 * (self._espeak.rate * _silence(segment) // 1000)))
            else:
                self._espeak.speak(segment, sink)
            self._send({"id": number, "type": "segment", "index": index, "samples": sent})
        self._send({"id": number, "type": "done"})

    def _send(self, header: dict[str, Any], pcm: bytes = b"") -> None:
        packed = json.dumps(header).encode()
        self._output.write(len(packed).to_bytes(4, "big") + packed + pcm)
        self._output.flush()


def _read_header(source: BinaryIO) -> bytes | None:
    size = source.read(4)
    if len(size) < 4:
        return None
    length = int.from_bytes(size, "big")
    if length > MAX_HEADER:
        raise SystemExit(
            f"a header of {length} bytes is over the limit of {MAX_HEADER}; the pipe is out of step"
        )
    header = source.read(length)
    return header if len(header) == length else None


def _text(segment: dict[str, Any], field: str) -> str:
    value = segment.get(field)
    if not isinstance(value, str):
        raise BadRequestError(f"{field} must be a string in every spoken segment")
    return value


def _number(segment: dict[str, Any], field: str, default: float) -> float:
    value = segment.get(field, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e6:
        raise BadRequestError(f"{field} must be a number")
    return float(value)


def _factor(segment: dict[str, Any], field: str) -> float:
    value = _number(segment, field, 1.0)
    if value <= 0:
        raise BadRequestError(f"{field} is a factor and must be above 0")
    return value


def _pitch_parameter(segment: dict[str, Any]) -> int:
    octaves = math.log2(_factor(segment, "pitch"))
    steps = octaves / (OCTAVES_UP if octaves > 0 else OCTAVES_DOWN)
    return min(99, max(0, round(NORMAL_PITCH * (1 + steps))))


def _silence(segment: dict[str, Any]) -> int:
    milliseconds = int(_number(segment, "silence", 0))
    if not 0 <= milliseconds <= MAX_SILENCE_MS:
        raise BadRequestError(f"silence must be 0 to {MAX_SILENCE_MS} ms")
    return milliseconds


def _amplified(segment: dict[str, Any], sink: Callable[[bytes], None]) -> Callable[[bytes], None]:
    gain = _number(segment, "gain", 0.0)
    if gain == 0:
        return sink
    factor = 10 ** (min(gain, 40.0) / 20)

    def amplify(pcm: bytes) -> None:
        samples = array.array("h", pcm)
        sink(array.array("h", (min(32767, max(-32768, int(s * factor))) for s in samples)).tobytes())

    return amplify


def _short_path(path: str) -> str:
    """`path`, or a short link to it where it would not fit espeak-ng's buffer."""
    if len(path.encode()) < LONG_PATH:
        return path
    folder = Path(tempfile.mkdtemp(prefix="espeak-"))
    (folder / "data").symlink_to(path)
    return str(folder / "data")


def main() -> None:
    """Serve the pipe; with `--list-voices` print the voices instead."""
    if "--list-voices" in sys.argv[1:]:
        for voice in Espeak().voices():
            print(f"{voice['language']:<24}{voice['name']}")
        return
    # The library may print; only frames may reach the pipe.
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    Server(Espeak(), output).serve(sys.stdin.buffer)


if __name__ == "__main__":
    main()
