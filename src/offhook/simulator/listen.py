"""What can be told about a recording: where there is sound, which tones, which keys. 8 kHz, 16 bit.

All of it works on whole recordings with NumPy and shares nothing with the platform's media engine: a judge
must not use the ears of the one it judges.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from offhook.audio.levels import dbov
from offhook.audio.tables import RATE, Pcm
from offhook.audio.tones import HIGH_GROUP, KEYPAD, LOW_GROUP

FRAME = 160
SOUND_DBOV = -45.0
"""A 20 ms frame above this is sound; a quiet line lies below −60."""
JOIN_MS = 300
"""Pauses shorter than this belong to the speech around them."""
WINDOW = 320
TONE_SHARE = 0.9
"""Of the energy of a window that must lie in five bins for it to be a tone."""
TONE_DRIFT_HZ = 8.0
SHORTEST_TONE_MS = 60
KEY_SHARE = 0.8
KEY_TWIST = 12.0
"""Largest ratio of power between the two tones of a key."""
SHORTEST_KEY_FRAMES = 2

Floats = NDArray[np.float64]
NOTHING: Pcm = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of sound."""

    start_ms: int
    duration_ms: int
    level: float
    """dBov."""

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms


@dataclass(frozen=True, slots=True)
class ToneHeard:
    hertz: float
    start_ms: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class KeyTone:
    """A key heard as tones in the audio."""

    key: str
    start_ms: int
    duration_ms: int


def segments(pcm: Pcm, *, threshold: float = SOUND_DBOV, join_ms: int = JOIN_MS) -> list[Segment]:
    """Where there is sound, with pauses shorter than `join_ms` closed."""
    loud = _power(pcm) > 32768.0**2 * 10 ** (threshold / 10)
    found: list[Segment] = []
    for start, end in _runs(loud, join_ms * RATE // 1000 // FRAME):
        piece = pcm[start * FRAME : end * FRAME]
        found.append(Segment(start * 20, (end - start) * 20, round(dbov(piece), 1)))
    return found


def tones(pcm: Pcm) -> list[ToneHeard]:
    """Steady single tones of at least 60 ms. Frequencies to about 1 Hz, times to 20 ms."""
    if pcm.size < WINDOW:
        return []
    windows = sliding_window_view(pcm, WINDOW)[::FRAME].astype(np.float64) * np.hanning(WINDOW)
    energy = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    energy[:, :3] = 0.0
    peak = np.clip(np.argmax(energy, axis=1), 3, energy.shape[1] - 3)
    rows = np.arange(peak.size)
    near = sum(energy[rows, peak + offset] for offset in range(-2, 3))
    total = energy.sum(axis=1)
    # −50 dBov: the dither of a silent line can be as pure as a tone.
    audible = np.mean(windows**2, axis=1) > 32768.0**2 * 1e-5 * 0.375
    pure = audible & (near > TONE_SHARE * np.maximum(total, 1.0))
    return _grouped(pure, _interpolated(energy, peak, rows))


def key_tones(pcm: Pcm) -> list[KeyTone]:
    """Keys sounded in the audio for at least 40 ms (ITU-T Q.23 frequencies)."""
    frames = pcm[: pcm.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    if not frames.size:
        return []
    hertz = np.array([*LOW_GROUP, *HIGH_GROUP])
    wave = np.exp(-2j * np.pi * np.outer(np.arange(FRAME), hertz) / RATE)
    power = 2 * (np.abs(frames @ wave) / FRAME) ** 2
    low, high = np.argmax(power[:, :4], axis=1), np.argmax(power[:, 4:], axis=1)
    rows = np.arange(frames.shape[0])
    low_power, high_power = power[rows, low], power[rows, 4 + high]
    total = np.mean(frames**2, axis=1)
    twist = np.maximum(low_power, high_power) / np.maximum(np.minimum(low_power, high_power), 1e-9)
    sure = (low_power + high_power > KEY_SHARE * total) & (twist < KEY_TWIST) & (total > 1e4)
    names = np.where(sure, low * 4 + high, -1)
    changes = np.flatnonzero(np.diff(names)) + 1
    bounds = [0, *changes.tolist(), names.size]
    return [
        KeyTone(KEYPAD[names[start] // 4][names[start] % 4], start * 20, (end - start) * 20)
        for start, end in pairwise(bounds)
        if names[start] >= 0 and end - start >= SHORTEST_KEY_FRAMES
    ]


def _power(pcm: Pcm) -> Floats:
    frames = pcm[: pcm.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return np.asarray(np.mean(frames**2, axis=1), dtype=np.float64) if frames.size else np.zeros(0)


def _runs(flags: NDArray[np.bool_], join: int) -> list[tuple[int, int]]:
    """Ranges of true flags, with gaps of up to `join` closed."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    runs: list[tuple[int, int]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and start - runs[-1][1] < join:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    return runs


def _interpolated(energy: Floats, peak: NDArray[np.intp], rows: NDArray[np.intp]) -> Floats:
    """The frequency of each peak from a parabola through the logarithms of three bins."""
    left, middle, right = (np.log(energy[rows, peak + offset] + 1e-9) for offset in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (left - right) / np.where(bend == 0, 1, bend), 0.0)
    return np.asarray((peak + np.clip(shift, -0.5, 0.5)) * RATE / WINDOW, dtype=np.float64)


def _grouped(pure: NDArray[np.bool_], hertz: Floats) -> list[ToneHeard]:
    found: list[ToneHeard] = []
    for start, end in _runs(pure, 0):
        steps = np.flatnonzero(np.abs(np.diff(hertz[start:end])) > TONE_DRIFT_HZ) + start + 1
        bounds = [start, *steps.tolist(), end]
        for first, last in pairwise(bounds):
            # The windows overlap by half, so n of them cover n + 1 frames; the outer halves are fades.
            duration = (last - first) * 20
            if duration >= SHORTEST_TONE_MS:
                middle = float(np.median(hertz[first:last]))
                found.append(ToneHeard(round(middle, 1), first * 20 + 10, duration))
    return found
