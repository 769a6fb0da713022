"""Playback to single legs: players added to what one leg hears, after the mix; nobody else hears them."""

import numpy as np

from offhook.media.engine.mixer import Mixer
from offhook.media.engine.playback import Playback
from offhook.media.engine.types import Longs


class DirectPlayback:
    """Which player goes to which row. Several players of one row are added in rounds."""

    def __init__(self) -> None:
        self.dirty = True
        self._rounds: list[tuple[Longs, Longs]] = []

    def rebuild(self, playback: Playback) -> None:
        self.dirty = False
        rounds: list[list[tuple[int, int]]] = []
        depth: dict[int, int] = {}
        for slot, player in playback.slots():
            if player.row is None:
                continue
            place = depth[player.row] = depth.get(player.row, -1) + 1
            if place == len(rounds):
                rounds.append([])
            rounds[place].append((player.row, slot))
        self._rounds = [
            (np.array([row for row, _ in pairs], np.int64), np.array([slot for _, slot in pairs], np.int64))
            for pairs in rounds
        ]

    def add(self, mixer: Mixer) -> None:
        """Add this tick's frames to `heard`."""
        for rows, slots in self._rounds:
            mixer.heard[rows] += mixer.bus[mixer.first_player + slots]
