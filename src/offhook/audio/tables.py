"""G.711 as tables: 256 octets to PCM, 65 536 PCM values to octets (ITU-T G.711, both laws).

`reference.py` proves them value by value. Encoding works on sign and magnitude, so it is symmetric; values
beyond the law's range take its outermost code.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Pcm = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]

RATE: Final = 8000
"""Samples a second everywhere inside the platform."""
FRAME: Final = 160
"""Samples in 20 ms."""

MULAW_SILENCE: Final = 0xFF
ALAW_SILENCE: Final = 0xD5


def _mulaw_decode() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0xFF
    magnitude = ((((code & 15) << 1) + 33) << ((code >> 4) & 7)) - 33
    return (np.where(code & 0x80, -magnitude, magnitude) * 4).astype(np.int16)


def _alaw_decode() -> Pcm:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code >> 4) & 7, code & 15
    magnitude = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    return (np.where(code & 0x80, magnitude, -magnitude) * 8).astype(np.int16)


def _magnitudes() -> tuple[npt.NDArray[np.int32], npt.NDArray[np.bool_]]:
    pcm = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    return np.abs(pcm), pcm < 0


def _mulaw_encode() -> Octets:
    magnitude, negative = _magnitudes()
    biased = np.minimum((magnitude >> 2) + 33, 0x1FFF)
    segment = np.floor(np.log2(biased)).astype(np.int32) - 5
    code = segment << 4 | (biased >> (segment + 1)) & 15
    octets: Octets = ((code | negative * 0x80) ^ 0xFF).astype(np.uint8)
    return octets


def _alaw_encode() -> Octets:
    magnitude, negative = _magnitudes()
    linear = np.minimum(magnitude >> 3, 0x0FFF)
    segment = np.maximum(np.floor(np.log2(np.maximum(linear, 1))).astype(np.int32) - 4, 0)
    code = segment << 4 | (linear >> np.maximum(segment, 1)) & 15
    octets: Octets = ((code | ~negative * 0x80) ^ 0x55).astype(np.uint8)
    return octets


MULAW_DECODE: Final = _mulaw_decode()
ALAW_DECODE: Final = _alaw_decode()
MULAW_ENCODE: Final = _mulaw_encode()
"""Indexed by the PCM value's bits as an unsigned number (`pcm.view(np.uint16)`)."""
ALAW_ENCODE: Final = _alaw_encode()

for _table in (MULAW_DECODE, ALAW_DECODE, MULAW_ENCODE, ALAW_ENCODE):
    _table.setflags(write=False)


def decode(codec: str, payload: bytes) -> Pcm:
    """A payload of `PCMU` or `PCMA` to 8 kHz PCM, one sample an octet."""
    return (MULAW_DECODE if codec == "PCMU" else ALAW_DECODE)[np.frombuffer(payload, np.uint8)]


def encode(codec: str, pcm: npt.NDArray[np.int16]) -> bytes:
    """8 kHz PCM to a payload of `PCMU` or `PCMA`, one octet a sample."""
    table = MULAW_ENCODE if codec == "PCMU" else ALAW_ENCODE
    return table[np.ascontiguousarray(pcm, np.int16).view(np.uint16)].tobytes()
