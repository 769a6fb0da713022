"""What was heard, against what should have been: pure functions over 8 kHz audio.

A prompt is recognised by cross-correlation with the very samples that the platform played; a telephone line
(G.711) leaves a coefficient above 0.99 and a wrong or damaged prompt stays far below `ALIKE`.
"""

from dataclasses import dataclass

import numpy as np

from offhook.audio.levels import correlate, dbov, goertzel
from offhook.audio.tables import FRAME, RATE, Pcm
from offhook.simulator.listen import ToneHeard, tones

ALIKE = 0.9
FRAME_ALIKE = 0.8
AUDIBLE = 100.0
"""Root mean square above which a frame of a prompt says something."""
TONE_HERTZ = 5.0
DROPOUT_MS = 200
TONE_LEVEL = 2.0
"""dB by which a marker's level may differ from what was sent."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in what was heard. Places are samples of the audio heard."""

    alike: float
    start: int
    end: int
    """Where it stopped being heard; before `start` + its length when it was cut."""


def find_prompt(reference: Pcm, heard: Pcm, *, least: int = RATE) -> Prompt:
    """Where `reference` begins in `heard`, and how far it was heard. Of a prompt that was cut, its first
    `least` samples decide.
    """
    size = min(reference.size, least)
    start, alike = correlate(reference[:size], heard)
    end = start + _common(reference, heard[start:])
    whole = min(end - start, reference.size)
    if whole > size:
        _, alike = correlate(reference[:whole], heard[start : start + whole])
    return Prompt(alike, start, end)


def find_tone(heard: Pcm, hertz: float, *, near: float = TONE_HERTZ) -> ToneHeard | None:
    """The longest steady tone of about this frequency; dropouts of up to 200 ms are bridged."""
    pieces = [tone for tone in tones(heard) if abs(tone.hertz - hertz) <= near]
    joined: list[ToneHeard] = []
    for tone in pieces:
        last = joined[-1] if joined else None
        if last is not None and tone.start_ms - (last.start_ms + last.duration_ms) <= DROPOUT_MS:
            length = tone.start_ms + tone.duration_ms - last.start_ms
            joined[-1] = ToneHeard(last.hertz, last.start_ms, length)
        else:
            joined.append(tone)
    return max(joined, key=lambda tone: tone.duration_ms, default=None)


def level_of(heard: Pcm, tone: ToneHeard) -> float:
    """dBov of a tone, without its edges."""
    return dbov(cut(heard, tone.start_ms + 40, tone.start_ms + tone.duration_ms - 40))


def share_of(heard: Pcm, tone: ToneHeard) -> float:
    """The part of the energy in the middle of a tone that lies at its frequency, 0 to 1."""
    middle = cut(heard, tone.start_ms + 40, tone.start_ms + tone.duration_ms - 40)[: RATE // 2]
    total = float(np.mean(middle.astype(np.float64) ** 2)) if middle.size else 0.0
    return goertzel(middle, tone.hertz) / total if total else 0.0


def cut(heard: Pcm, start_ms: float, end_ms: float | None = None) -> Pcm:
    """A piece of audio by milliseconds."""
    last = heard.size if end_ms is None else round(max(0.0, end_ms) * RATE / 1000)
    return heard[round(max(0.0, start_ms) * RATE / 1000) : last]


def _common(reference: Pcm, heard: Pcm) -> int:
    """For how many samples `heard` goes on as `reference` does. Silence in the prompt decides nothing: a
    prompt that is cut during a pause ends with the sound before it.
    """
    frames = min(reference.size, heard.size) // FRAME
    a = reference[: frames * FRAME].reshape(frames, FRAME).astype(np.float64)
    b = heard[: frames * FRAME].reshape(frames, FRAME).astype(np.float64)
    energy = np.sum(a * a, axis=1)
    alike = np.sum(a * b, axis=1) / np.maximum(np.sqrt(energy * np.sum(b * b, axis=1)), 1.0)
    audible = np.flatnonzero(energy > FRAME * AUDIBLE**2)
    good = alike[audible] >= FRAME_ALIKE
    # One frame may be damaged by a late packet; three in a row end the prompt.
    bad = np.flatnonzero(~(good[:-2] | good[1:-1] | good[2:]))
    if not bad.size:
        return frames * FRAME
    return (int(audible[bad[0] - 1]) + 1) * FRAME if bad[0] else 0
