"""How loud, how much of a tone, how alike: measurements on 8 kHz 16-bit PCM.

Levels are dBov as in RFC 6464 §3: 0 is a full-scale square wave, −127 stands for silence.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from offhook.audio.tables import RATE

SILENT_DBOV: Final = -127.0
FULL_SCALE: Final = 32768.0

Samples = npt.NDArray[np.int16] | npt.NDArray[np.float32] | npt.NDArray[np.float64]


def rms(pcm: Samples) -> float:
    """Root of the mean square, 0 for nothing."""
    if pcm.size == 0:
        return 0.0
    values = pcm.astype(np.float64)
    return float(np.sqrt(np.mean(values * values)))


def dbov(pcm: Samples) -> float:
    """The level of a piece of audio, −127 to 0."""
    return power_dbov(rms(pcm) ** 2)


def power_dbov(power: float) -> float:
    """The level of a mean square."""
    if power <= 0:
        return SILENT_DBOV
    return max(SILENT_DBOV, float(10 * np.log10(power / FULL_SCALE**2)))


def goertzel(pcm: Samples, frequency: float) -> float:
    """The mean square that a tone of this frequency contributes: A²/2 for a sine of peak A."""
    if pcm.size == 0:
        return 0.0
    phase = 2j * np.pi * frequency / RATE * np.arange(pcm.size)
    bin_value = np.dot(pcm.astype(np.float64), np.exp(-phase)) / pcm.size
    return float(2 * abs(bin_value) ** 2)


def correlate(reference: Samples, heard: Samples) -> tuple[int, float]:
    """Where in `heard` the `reference` is, and how alike they are there.

    Returns (lag in samples, coefficient −1 to 1): the lag at which the normalised cross-correlation is
    highest, over every place where the reference lies wholly inside. (0, 0.0) when it cannot.
    """
    size = reference.size
    if size == 0 or heard.size < size:
        return 0, 0.0
    a = reference.astype(np.float64) - float(np.mean(reference))
    b = heard.astype(np.float64)
    length = 1 << (a.size + b.size - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(b, length) * np.conj(np.fft.rfft(a, length)), length)
    places = heard.size - size + 1
    total = np.concatenate(([0.0], np.cumsum(b)))
    square = np.concatenate(([0.0], np.cumsum(b * b)))
    window = square[size:] - square[:-size] - (total[size:] - total[:-size]) ** 2 / size
    energy = float(np.dot(a, a))
    if energy <= 0:
        return 0, 0.0
    # A window quieter than one step of 16-bit audio is silence: without the floor rounding noise would win.
    coefficient = product[:places] / np.sqrt(energy * np.maximum(window, float(size)))
    lag = int(np.argmax(coefficient))
    return lag, float(coefficient[lag])
