"""Changing the sample rate: half-band filters between 8 and 16 kHz, and any rational ratio for files.

`HalfBand` keeps its history, so that frames of a stream join without a seam; its 47 taps delay by 1.4 ms each
way. `resample` works on a whole piece of audio and keeps it in place. Windowed-sinc designs, computed here.
"""

from math import gcd
from typing import Final

import numpy as np
import numpy.typing as npt

from offhook.audio.tables import Pcm
from offhook.core.errors import MediaError

Floats = npt.NDArray[np.float64]

TAPS: Final = 47
ZERO_CROSSINGS: Final = 24
"""On each side of the resampler's sinc."""
MAX_FACTOR: Final = 96_000
BETA: Final = 8.0
"""Kaiser window: about 80 dB of stopband."""


def _half_band() -> Floats:
    n = np.arange(TAPS) - TAPS // 2
    taps: Floats = np.sinc(n / 2) * np.kaiser(TAPS, BETA)
    taps /= taps.sum()
    return taps


_HALF_BAND: Final = _half_band()


class HalfBand:
    """One direction of one stream: `up` 8 → 16 kHz or `down` 16 → 8 kHz, frame after frame."""

    def __init__(self) -> None:
        self._history = np.zeros(TAPS - 1)

    def up(self, pcm: Pcm) -> Pcm:
        """Twice as many samples."""
        spread = np.zeros(2 * pcm.size)
        spread[::2] = pcm
        return _to_pcm(2 * self._filter(spread))

    def down(self, pcm: Pcm) -> Pcm:
        """Half as many samples; frames must have an even number."""
        if pcm.size % 2:
            raise MediaError(f"A frame to halve has an even number of samples, not {pcm.size}.")
        return _to_pcm(self._filter(pcm.astype(np.float64))[::2])

    def _filter(self, samples: Floats) -> Floats:
        joined = np.concatenate([self._history, samples])
        self._history = joined[joined.size - (TAPS - 1) :]
        return np.convolve(joined, _HALF_BAND, mode="valid")


def resample(pcm: npt.NDArray[np.int16], from_rate: int, to_rate: int) -> Pcm:
    """Audio at another rate, ⌈n · to / from⌉ samples, not shifted in time.

    `MediaError` for rates that are not positive or share no usable ratio.
    """
    if from_rate <= 0 or to_rate <= 0:
        raise MediaError(f"Sample rates are positive; cannot go from {from_rate} to {to_rate} Hz.")
    if from_rate == to_rate or pcm.size == 0:
        return np.array(pcm, np.int16)
    common = gcd(from_rate, to_rate)
    up, down = to_rate // common, from_rate // common
    if max(up, down) > MAX_FACTOR:
        raise MediaError(f"Going from {from_rate} to {to_rate} Hz needs a filter that is too long.")
    return _to_pcm(_polyphase(pcm.astype(np.float64), up, down))


def _polyphase(samples: Floats, up: int, down: int) -> Floats:
    """Output k is the input around k · down / up, weighed with the filter's phase for that place."""
    reach = -(-ZERO_CROSSINGS * max(up, down) // up)
    count = -(-samples.size * up // down)
    padded = np.concatenate([np.zeros(reach), samples, np.zeros(reach + 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    output = np.empty(count)
    # Outputs whose place between two input samples is the same share a filter and are `up` apart.
    for phase in range(min(up, count)):
        centre, fraction = divmod(phase * down, up)
        chosen = windows[centre::down][: -(-(count - phase) // up)]
        output[phase::up] = chosen @ _kernel(reach, fraction / up, min(1.0, up / down))
    return output


def _kernel(reach: int, fraction: float, cutoff: float) -> Floats:
    place = (np.arange(-reach, reach + 1) - fraction) * cutoff
    shape = np.clip(1 - (place / (ZERO_CROSSINGS + cutoff)) ** 2, 0, None)
    window = np.i0(BETA * np.sqrt(shape)) / np.i0(BETA)
    kernel: Floats = np.sinc(place) * window * (shape > 0)
    kernel /= kernel.sum()
    return kernel


def _to_pcm(samples: Floats) -> Pcm:
    pcm: Pcm = np.clip(np.rint(samples), -32768, 32767).astype(np.int16)
    return pcm
