"""Change of sample rate by a windowed-sinc filter, on whole pieces of audio in memory.

The rates are reduced to a fraction up/down; each output sample is a weighted sum of the input around its
place, with one row of weights for each of the `up` places between two input samples. The filter passes up to
92 % of the lower Nyquist frequency and is 70 dB down above it (Kaiser window), so nothing folds into the
telephone band. Streams of unknown length are not its business.
"""

from functools import lru_cache
from math import gcd

import numpy as np
import numpy.typing as npt

from offhook.audio.tables import Pcm

ZERO_CROSSINGS = 24
"""Of the sinc on each side, at the lower of the two rates."""
PASS = 0.92
BETA = 7.0
BLOCK = 16_384
"""Output samples made at once; bounds memory."""


def resample(pcm: npt.NDArray[np.int16], source: int, target: int) -> Pcm:
    """Mono audio at `source` Hz as audio at `target` Hz; the duration stays the same to within one sample."""
    if source <= 0 or target <= 0:
        raise ValueError(f"sample rates must be above 0, not {source} and {target}")
    if source == target or pcm.size == 0:
        return np.array(pcm, np.int16)
    common = gcd(source, target)
    up, down = target // common, source // common
    weights = _weights(up, down)
    reach = weights.shape[1] // 2
    padded = np.concatenate([np.zeros(reach - 1), pcm.astype(np.float64), np.zeros(reach + 1)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape[1])
    count = pcm.size * up // down
    out = np.empty(count, np.int16)
    for start in range(0, count, BLOCK):
        places = np.arange(start, min(start + BLOCK, count)) * down
        block = np.einsum("ij,ij->i", windows[places // up], weights[places % up])
        out[start : start + places.size] = np.clip(np.rint(block), -32768, 32767)
    return out


@lru_cache(maxsize=16)
def _weights(up: int, down: int) -> npt.NDArray[np.float64]:
    """Row p: the weights of the input samples around a place p/up of the way between two of them."""
    cutoff = PASS * min(1.0, up / down)
    reach = int(np.ceil(ZERO_CROSSINGS / min(1.0, up / down)))
    offsets = np.arange(1 - reach, reach + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(BETA * np.sqrt(np.clip(1 - (offsets / reach) ** 2, 0, 1))) / np.i0(BETA)
    weights = cutoff * np.sinc(cutoff * offsets) * window
    normalised: npt.NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return normalised
