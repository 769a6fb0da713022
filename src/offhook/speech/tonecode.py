"""Speech made of tones: a voice for worlds in virtual time, and the ear that reads it back.

One utterance is silence, a rising chirp, the length and a check byte, then one 20 ms symbol per byte of the
UTF-8 text, then silence. A symbol is two tones: one of sixteen between 400 and 1 150 Hz for the high half of
the byte, one of sixteen between 1 700 and 3 200 Hz for the low half. All are multiples of 50 Hz, so they are
orthogonal over one symbol; none of the upper ones is a DTMF column, so no DTMF detector answers. The same
text gives the same samples on every machine, and µ-law or A-law coding does not disturb the reading. A voice
has no style, rate or pitch here: what is checked is which words were played, when, and whether in full.

`read` finds every utterance in a recording. One that was cut off (a prompt stopped by a key) is reported with
the text up to there and `complete` false. Two utterances on top of each other cannot be read.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offhook.core.errors import SpeechError
from offhook.speech.base import Audio, Mark, Marked, Segment, Silence, Spoken, Voice

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]

RATE = 8_000
SYMBOL = 160
CHIRP = 320
LEAD = 480
TAIL = 800
MAX_BYTES = 65_535
HEADER = 3
"""Symbols before the text: two of length, one check byte."""
AMPLITUDE = 5_000.0
"""Of each tone; the sum stays 10 dB below full scale."""
LOW_HZ = 400 + 50 * np.arange(16)
HIGH_HZ = 1_700 + 100 * np.arange(16)
CHIRP_MATCH = 0.7
"""Correlation (−1 to 1) above which a place is the chirp; 16 000 random symbols stayed below 0.3."""
QUIET = 0.05
"""A symbol with less than this share of the chirp's power is not there."""


def _chirp() -> Floats:
    time = np.arange(CHIRP) / RATE
    sweep = (3_300 - 400) / (CHIRP / RATE)
    wave: Floats = 1.5 * AMPLITUDE * np.sin(2 * np.pi * (400 * time + 0.5 * sweep * time**2))
    return wave


def _tones(frequencies: NDArray[np.int64]) -> Floats:
    return np.asarray(np.sin(2 * np.pi * np.outer(frequencies, np.arange(SYMBOL)) / RATE), dtype=np.float64)


def _detector() -> NDArray[np.complex128]:
    angles = np.outer(np.arange(SYMBOL), np.concatenate([LOW_HZ, HIGH_HZ]))
    return np.asarray(np.exp(-2j * np.pi * angles / RATE), dtype=np.complex128)


_CHIRP = _chirp()
_LOW = AMPLITUDE * _tones(LOW_HZ)
_HIGH = AMPLITUDE * _tones(HIGH_HZ)
_DETECTOR = _detector()


# ── speaking ────────────────────────────────────────────────────────────────────────────────────


def encode(text: str) -> Samples:
    """`text` as 8 kHz audio. Raises SpeechError above 65 535 bytes."""
    data = text.encode("utf-8", "replace")
    if len(data) > MAX_BYTES:
        raise SpeechError(f"the text has {len(data)} bytes, more than the {MAX_BYTES} that fit one utterance")
    values = np.frombuffer(bytes([*len(data).to_bytes(2, "big"), sum(data) % 256]) + data, np.uint8)
    symbols = _LOW[values >> 4] + _HIGH[values & 15]
    wave: Floats = np.concatenate([np.zeros(LEAD), _CHIRP, symbols.ravel(), np.zeros(TAIL)])
    samples: Samples = np.rint(wave).astype(np.int16)
    return samples


class ToneCodeTTS:
    """The code as a text-to-speech engine: speaks every language code alike, so it never refuses one."""

    name = "tone code"
    jobs = 1_000

    def voices(self) -> Sequence[Voice]:
        return [self.voice("en-US", 0)]

    def voice(self, language: str, style: int) -> Voice:
        return Voice(language, style, "female", "tone code", RATE)

    async def synthesise(self, segments: Sequence[Segment], voice: Voice) -> AsyncGenerator[Spoken, None]:
        for segment in segments:
            if isinstance(segment, Mark):
                yield Marked(segment.name)
            elif isinstance(segment, Silence):
                yield Audio(bytes(2 * (RATE * segment.milliseconds // 1000)))
            else:
                yield Audio(encode(segment.text).tobytes())

    async def close(self) -> None:
        """Nothing to end."""


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Utterance:
    """One text found in a recording. `start` and `samples` cover the chirp and the symbols, at 8 kHz."""

    text: str
    start: int
    samples: int
    complete: bool
    """Every byte was heard and the check byte agrees."""

    @property
    def start_ms(self) -> int:
        return self.start * 1000 // RATE

    @property
    def duration_ms(self) -> int:
        return self.samples * 1000 // RATE


def read(pcm: Samples) -> list[Utterance]:
    """Every utterance in 8 kHz audio, in order."""
    wave = np.asarray(pcm, dtype=np.float64)
    found: list[Utterance] = []
    for start in _chirps(wave):
        if found and start < found[-1].start + found[-1].samples:
            continue
        utterance = _decode(wave, start)
        if utterance is not None:
            found.append(utterance)
    return found


def spoken(pcm: Samples) -> list[str]:
    """The texts that were heard in full, in order."""
    return [utterance.text for utterance in read(pcm) if utterance.complete]


def _chirps(wave: Floats) -> list[int]:
    """Where chirps begin: local maxima of the normalised correlation."""
    if wave.size < CHIRP:
        return []
    size = 1 << int(np.ceil(np.log2(wave.size + CHIRP)))
    spectrum = np.fft.rfft(wave, size) * np.conj(np.fft.rfft(_CHIRP, size))
    correlation = np.fft.irfft(spectrum, size)[: wave.size - CHIRP + 1]
    energy = np.concatenate([[0.0], np.cumsum(wave**2)])
    power = energy[CHIRP:] - energy[:-CHIRP]
    # A floor on the power keeps rounding errors in silence from looking like a match.
    match = correlation / np.sqrt(np.maximum(power, 1e3 * CHIRP) * float(_CHIRP @ _CHIRP))
    places: list[int] = []
    for place in np.flatnonzero(match > CHIRP_MATCH).tolist():
        if places and place - places[-1] < CHIRP // 2:
            if match[place] > match[places[-1]]:
                places[-1] = place
        else:
            places.append(place)
    return places


def _decode(wave: Floats, start: int) -> Utterance | None:
    """The utterance whose chirp begins at `start`; None when not even its header is there."""
    body = start + CHIRP
    quiet = QUIET * float(np.mean(wave[start:body] ** 2))
    header, present = _bytes(wave[body : body + HEADER * SYMBOL], quiet)
    if present < HEADER:
        return None
    length = header[0] * 256 + header[1]
    first = body + HEADER * SYMBOL
    data, present = _bytes(wave[first : first + length * SYMBOL], quiet)
    data = data[:present]
    complete = present == length and sum(data) % 256 == header[2]
    samples = CHIRP + (HEADER + present) * SYMBOL
    return Utterance(data.decode("utf-8", "replace"), start, samples, complete)


def _bytes(wave: Floats, quiet: float) -> tuple[bytes, int]:
    """The symbols of `wave` as bytes, and how many there are before the sound ends."""
    frames = wave[: wave.size // SYMBOL * SYMBOL].reshape(-1, SYMBOL)
    loud = np.mean(frames**2, axis=1) > quiet
    # One missing symbol is a lost packet, two are the end of the sound.
    gaps = np.flatnonzero(~loud[:-1] & ~loud[1:])
    present = int(gaps[0]) if gaps.size else frames.shape[0] - int(frames.shape[0] > 0 and not loud[-1])
    strength = np.abs(frames @ _DETECTOR)
    values = (np.argmax(strength[:, :16], axis=1) << 4) | np.argmax(strength[:, 16:], axis=1)
    return values.astype(np.uint8).tobytes(), present
