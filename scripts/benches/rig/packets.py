"""What a reader wrote down, judged: gaps, losses and sound of every call. Pure.

A stream is what came to one port under one SSRC. Its audio is put together by timestamps, so that what is
missing is silence; gaps are between packets as the kernel stamped them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from offhook.audio import tables

from .gaps import LegHeard
from .reader import RECORD

HEADER = 12
TICK_MS = 20
FRAME = 160
LONGEST_AUDIO = 60 * 8000
AUDIBLE = 200
"""A packet holds sound when a sample is louder than this."""
Pcm = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything of one call, in order of arrival."""

    port: int
    ssrc: int
    arrivals: npt.NDArray[np.int64]
    """Nanoseconds."""
    sequences: npt.NDArray[np.int64]
    """Unwrapped."""
    pcm: Pcm
    audible: int
    """Packets that held sound."""

    @property
    def gaps_ms(self) -> npt.NDArray[np.float64]:
        return np.diff(self.arrivals) / 1e6

    @property
    def lost(self) -> int:
        """Sequence numbers that never came."""
        return int(self.sequences.max() - self.sequences.min()) + 1 - int(np.unique(self.sequences).size)

    @property
    def misordered(self) -> int:
        """Packets that came after a later one."""
        return int(np.count_nonzero(np.diff(self.sequences) <= 0))

    @property
    def heard(self) -> LegHeard:
        gaps = self.gaps_ms if self.arrivals.size > 1 else np.zeros(1)
        return LegHeard(
            received=int(self.arrivals.size),
            expected=int(self.arrivals.size) + self.lost,
            audible=self.audible,
            p50=float(np.percentile(gaps, 50)),
            p99=float(np.percentile(gaps, 99)),
            longest=float(gaps.max()),
            over_40=int(np.count_nonzero(gaps > 40)),
            over_60=int(np.count_nonzero(gaps > 60)),
        )


def streams(data: bytes) -> list[Stream]:
    """The streams of a reader's file, in the order of their first packets. Datagrams that are no RTP and keys
    do not count.
    """
    found: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for at, port, packet in records(data):
        if len(packet) > HEADER and packet[0] >> 6 == 2 and packet[1] & 0x7F == 0:
            found.setdefault((port, int.from_bytes(packet[8:12], "big")), []).append((at, packet))
    return [_stream(port, ssrc, packets) for (port, ssrc), packets in found.items()]


def records(data: bytes) -> Iterable[tuple[int, int, bytes]]:
    """(ns, port, datagram); one that was cut by the end of the file is left out."""
    place = 0
    while place + RECORD.size <= len(data):
        at, port, length = RECORD.unpack_from(data, place)
        place += RECORD.size
        if place + length <= len(data):
            yield at, port, data[place : place + length]
        place += length


def percentiles(found: Sequence[Stream]) -> dict[str, float]:
    """All gaps of all streams together, ms."""
    gaps = np.concatenate([stream.gaps_ms for stream in found]) if found else np.zeros(0)
    if not gaps.size:
        return {"p50": 0.0, "p99": 0.0, "p99.9": 0.0, "largest": 0.0}
    p50, p99, p999 = np.percentile(gaps, [50, 99, 99.9])
    return {"p50": float(p50), "p99": float(p99), "p99.9": float(p999), "largest": float(gaps.max())}


def _stream(port: int, ssrc: int, packets: list[tuple[int, bytes]]) -> Stream:
    numbers = _unwrap([int.from_bytes(packet[2:4], "big") for _, packet in packets], 16)
    stamps = _unwrap([int.from_bytes(packet[4:8], "big") for _, packet in packets], 32)
    stamps -= stamps.min()
    pcm = np.zeros(min(int(stamps.max()) + FRAME, LONGEST_AUDIO), np.int16)
    audible = 0
    for (_, packet), start in zip(packets, stamps.tolist(), strict=True):
        samples = tables.decode("PCMU", packet[HEADER:])
        audible += bool(np.max(np.abs(samples.astype(np.int32))) > AUDIBLE)
        room = pcm[start : start + samples.size]
        room[:] = samples[: room.size]
    arrivals = np.array([at for at, _ in packets], np.int64)
    return Stream(port, ssrc, arrivals, numbers, pcm, audible)


def _unwrap(values: list[int], bits: int) -> npt.NDArray[np.int64]:
    """Numbers that begin anew at 2^bits, as numbers that do not."""
    array = np.array(values, np.int64)
    half, whole = 1 << (bits - 1), 1 << bits
    steps = (np.diff(array) + half) % whole - half
    return np.concatenate((array[:1], array[0] + np.cumsum(steps)))
