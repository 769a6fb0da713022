"""One sweep's datagrams, and the words of their headers as numbers, read for all at once (RFC 3550 §5.1)."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from offhook.media.engine.types import Ints, Longs, Octets

_Any = TypeVar("_Any", bound=np.generic)


@dataclass(slots=True)
class Batch:
    """Datagram `i` came for `rows[i]` and lies in `data[i, :length[i]]`."""

    rows: Longs
    data: Octets
    length: Ints
    first: Longs
    """Version, flags, marker and payload type in the upper half, the sequence number in the lower."""
    stamp: Longs
    ssrc: Longs

    @classmethod
    def read(cls, rows: Longs, data: Octets, length: Ints) -> "Batch":
        """`data` has at least 12 octets a row and a multiple of 4."""
        first, stamp, ssrc = data.view(">u4").T[:3].astype(np.int64, order="C")
        return cls(rows, data, length, first, stamp, ssrc)

    @staticmethod
    def pick(values: npt.NDArray[_Any], index: Longs) -> npt.NDArray[_Any]:
        """`values[index]` for a rising index without repetition, and no copy when it names everything."""
        return values if len(index) == len(values) else values[index]
