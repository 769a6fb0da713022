"""G.711 for many rows in one table look-up each way.

Decoding gives float32 (integers, exact). Encoding reads a table of quarter-scale values, which holds
±131 068 in 16 bits: what would overflow 16-bit PCM lands on the law's outermost code, so the limiter costs
nothing. A quarter of 16 bits is the 14 bits that µ-law resolves; A-law resolves 13.
"""

from typing import Final

import numpy as np

from offhook.audio.tables import ALAW_DECODE, ALAW_ENCODE, MULAW_DECODE, MULAW_ENCODE
from offhook.media.engine.types import Floats, Octets

LIMIT: Final = 131_068.0
"""The loudest sum that the encode table holds; louder ones are clipped to it first."""

DECODE: Final[Floats] = np.concatenate([MULAW_DECODE, ALAW_DECODE]).astype(np.float32)
"""µ-law in the first 256 entries, A-law in the second."""


def _quarter_scale(table: Octets) -> Octets:
    quarter = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    full = np.clip(quarter * 4, -32768, 32767).astype(np.int16)
    return table[full.view(np.uint16)]


ENCODE: Final[Octets] = np.concatenate([_quarter_scale(MULAW_ENCODE), _quarter_scale(ALAW_ENCODE)])
"""Indexed by a quarter of the sample as an unsigned 16-bit number, plus 65 536 for A-law."""


def decode_rows(octets: Octets, law: Octets, out: Floats) -> None:
    """[n, 160] octets to float samples; `law[n]` is 0 for µ-law and 1 for A-law."""
    if not law.any():
        np.take(DECODE, octets, out=out, mode="wrap")
    elif law.all():
        np.take(DECODE[256:], octets, out=out, mode="wrap")
    else:
        np.take(DECODE, octets + (law.astype(np.uint16) << 8)[:, None], out=out, mode="wrap")


def encode_rows(samples: Floats, law: Octets, out: Octets) -> None:
    """[n, 160] float samples to octets. `samples` is used up: it is scaled in place."""
    np.multiply(samples, np.float32(0.25), out=samples)
    np.clip(samples, np.float32(-LIMIT / 4), np.float32(LIMIT / 4), out=samples)
    index = samples.astype(np.int16).view(np.uint16)
    if not law.any():
        np.take(ENCODE, index, out=out, mode="wrap")
    elif law.all():
        np.take(ENCODE[65536:], index, out=out, mode="wrap")
    else:
        np.take(ENCODE, index + (law.astype(np.uint32) << 16)[:, None], out=out, mode="wrap")


def to_pcm(samples: Floats) -> bytes:
    """Float samples to 16-bit little-endian octets, limited to what 16 bits hold."""
    return np.clip(samples, -32768, 32767).astype("<i2").tobytes()
