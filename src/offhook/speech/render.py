"""From text to a prompt: segments, an engine, 8 kHz, one level, volume.

All speech is brought to the same loudness whatever the engine and voice, because callers hear prompts of
several of them in one call. The volume that SSML asks for is applied after that, here and not in the engine,
so that a soft sentence stays soft. Pure apart from the engine it awaits.
"""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from offhook.audio.resampling import resample
from offhook.audio.tables import RATE, Pcm
from offhook.speech.base import SILENT, TTS, Audio, Mark, Marked, Say, Segment, Voice

TARGET_DBOV = -20.0
"""Of the parts where something is spoken."""
LARGEST_GAIN_DB = 12.0
PEAK = 22_000.0
"""Normalisation keeps peaks below this, 3.5 dB under full scale, as room for `volume`."""
ACTIVE_BELOW_LOUDEST_DB = 30.0
FRAME = 160
_GAIN = "\0gain:"
"""Marks of our own, which no document can contain."""


async def render(engine: TTS, segments: Sequence[Segment], voice: Voice) -> Pcm:
    """The speech as 8 kHz audio at the platform's level. Raises SpeechError."""
    pcm, gains = await _collect(engine, _with_gain_marks(segments), voice)
    speech = resample(pcm, voice.rate, RATE).astype(np.float64)
    speech *= _normalising_factor(speech)
    starts = [place * RATE // voice.rate for place, _ in gains] + [speech.size]
    for (_, decibel), start, end in zip(gains, starts, starts[1:], strict=False):
        speech[start:end] *= _factor(decibel) if decibel > SILENT else 0.0
    return np.rint(np.clip(speech, -32768, 32767)).astype(np.int16)


def _with_gain_marks(segments: Sequence[Segment]) -> list[Segment]:
    marked: list[Segment] = []
    for segment in segments:
        if isinstance(segment, Say):
            marked.append(Mark(f"{_GAIN}{segment.gain}"))
            segment = replace(segment, gain=0.0)
        marked.append(segment)
    return marked


async def _collect(engine: TTS, segments: list[Segment], voice: Voice) -> tuple[Pcm, list[tuple[int, float]]]:
    pieces: list[bytes] = []
    gains: list[tuple[int, float]] = []
    size = 0
    async with aclosing(engine.synthesise(segments, voice)) as stream:
        async for spoken in stream:
            if isinstance(spoken, Audio):
                pieces.append(spoken.pcm)
                size += len(spoken.pcm) // 2
            elif isinstance(spoken, Marked) and spoken.name.startswith(_GAIN):
                gains.append((size, float(spoken.name.removeprefix(_GAIN))))
    return np.frombuffer(b"".join(pieces), "<i2").astype(np.int16), gains


def _normalising_factor(speech: NDArray[np.float64]) -> float:
    frames = speech[: speech.size // FRAME * FRAME].reshape(-1, FRAME)
    power = np.mean(frames**2, axis=1) if frames.size else np.zeros(1)
    loudest = float(power.max())
    if loudest < 1.0:
        return 1.0
    active = float(power[power > loudest * 10 ** (-ACTIVE_BELOW_LOUDEST_DB / 10)].mean())
    factor = 32768 * _factor(TARGET_DBOV) / np.sqrt(active)
    return float(min(factor, _factor(LARGEST_GAIN_DB), PEAK / float(np.abs(speech).max())))


def _factor(decibel: float) -> float:
    return float(10 ** (decibel / 20))
