"""The tracks of recordings: one channel each, one second of 16-bit audio, summed from any bus rows.

All tracks of all recordings are gathered at once. A track whose channel is shared by several legs takes part
in several rounds of the gather; most have one.
"""

from collections.abc import Iterable

import numpy as np

from offhook.media.engine.types import FRAME, Floats, Longs, Shorts

STAGE = 50
"""Frames a track holds: one second."""


class Tracks:
    """The stages of all tracks and where their audio comes from."""

    def __init__(self) -> None:
        self.stage: Shorts = np.zeros((8 * STAGE, FRAME), np.int16)
        self._free = list(range(8))
        self._targets: list[Longs] = []
        self._sources: list[Longs] = []
        self._place: Longs = np.zeros(8, np.int64)

    def take(self, count: int) -> list[int]:
        while len(self._free) < count:
            self._grow()
        return [self._free.pop() for _ in range(count)]

    def release(self, tracks: Iterable[int]) -> None:
        self._free.extend(tracks)

    def route(self, sources: Iterable[tuple[int, list[int]]], zero: int) -> Longs:
        """Set what every track in use records: (track, bus rows). Returns the tracks in gather order."""
        rounds: list[list[tuple[int, int]]] = [[]]
        for track, rows in sources:
            for depth, row in enumerate(rows or [zero]):
                if depth == len(rounds):
                    rounds.append([])
                rounds[depth].append((track, row))
        self._targets = [np.array([track for track, _ in pairs], np.int64) for pairs in rounds]
        self._sources = [np.array([row for _, row in pairs], np.int64) for pairs in rounds]
        self._place = np.zeros(len(self.stage) // STAGE, np.int64)
        self._place[self._targets[0]] = np.arange(self._targets[0].size)
        return self._targets[0]

    def record(self, bus: Floats, fill: Longs) -> None:
        """Write this tick's frame of every routed track at frame `fill` of its stage."""
        audio = bus[self._sources[0]]
        for targets, sources in zip(self._targets[1:], self._sources[1:], strict=True):
            audio[self._place[targets]] += bus[sources]
        np.clip(audio, -32768, 32767, out=audio)
        self.stage[self._targets[0] * STAGE + fill] = audio

    def pcm(self, tracks: list[int], frames: int) -> bytes:
        """The first `frames` of some tracks, interleaved, 16-bit little-endian."""
        channels = [self.stage[t * STAGE : t * STAGE + frames].reshape(-1) for t in tracks]
        return np.stack(channels, axis=1).astype("<i2").tobytes()

    def _grow(self) -> None:
        tracks = len(self.stage) // STAGE
        self.stage = np.concatenate([self.stage, np.zeros_like(self.stage)])
        self._free.extend(range(tracks, 2 * tracks))
