"""Tones made by formula: sines, keys (ITU-T Q.23), the record beep, silence. 8 kHz, 16 bit, mono."""

from typing import Final

import numpy as np

from offhook.audio.tables import RATE, Pcm
from offhook.core.errors import LocalStateError

LOW_GROUP: Final = (697.0, 770.0, 852.0, 941.0)
HIGH_GROUP: Final = (1209.0, 1336.0, 1477.0, 1633.0)
KEYPAD: Final = ("123A", "456B", "789C", "*0#D")
"""Rows by low tone, columns by high tone."""

DTMF_LOW_AMPLITUDE: Final = 6500.0
DTMF_HIGH_AMPLITUDE: Final = 8200.0
"""High tone 2 dB above the low one, as lines attenuate it more (Q.24 allows it); about −12 dBov together."""

BEEP_HZ: Final = 1000.0
BEEP_MS: Final = 400
BEEP_AMPLITUDE: Final = 8000.0


def silence(ms: int) -> Pcm:
    return np.zeros(ms * RATE // 1000, np.int16)


def sine(frequency: float, ms: int, amplitude: float = 8000.0, first: int = 0) -> Pcm:
    """A sine of peak `amplitude`; `first` is the number of its first sample, for a seamless continuation."""
    n = np.arange(first, first + ms * RATE // 1000)
    tone: Pcm = np.rint(amplitude * np.sin(2 * np.pi * frequency / RATE * n)).astype(np.int16)
    return tone


def dtmf(digit: str, ms: int, gain: float = 1.0, first: int = 0) -> Pcm:
    """The dual tone of a key `0-9*#A-D`. `LocalStateError` for anything else."""
    low, high = dtmf_frequencies(digit)
    n = 2 * np.pi / RATE * np.arange(first, first + ms * RATE // 1000)
    both = DTMF_LOW_AMPLITUDE * np.sin(low * n) + DTMF_HIGH_AMPLITUDE * np.sin(high * n)
    tone: Pcm = np.rint(gain * both).astype(np.int16)
    return tone


def dtmf_frequencies(digit: str) -> tuple[float, float]:
    """The low and the high tone of a key, in hertz."""
    for low, row in zip(LOW_GROUP, KEYPAD, strict=True):
        column = row.find(digit.upper()) if len(digit) == 1 else -1
        if column >= 0:
            return low, HIGH_GROUP[column]
    raise LocalStateError(f"{digit!r} is not a key; keys are 0-9, *, # and A-D.")


def beep() -> Pcm:
    """The tone that says a recording begins; ramps of 5 ms keep it from clicking."""
    tone = sine(BEEP_HZ, BEEP_MS, BEEP_AMPLITUDE).astype(np.float64)
    ramp = np.linspace(0, 1, RATE * 5 // 1000)
    tone[: ramp.size] *= ramp
    tone[-ramp.size :] *= ramp[::-1]
    return np.rint(tone).astype(np.int16)
