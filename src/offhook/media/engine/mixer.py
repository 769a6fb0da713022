"""Who hears what: every conversation's sum in a tree of fan-in 4, every leg's share is the sum less its own.

All audio of a tick lies in one array, the *bus*: legs, players, one row of zeros, the sums, and what each leg
hears. One array lets any part name any audio by a row number. The tree is rebuilt at most once a tick.
Rows that do not hear everybody are corrected afterwards (`hearing.py`).

Sums are exact: float32 holds integers to 2²⁴, 512 full-scale speakers.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from offhook.media.engine.hearing import Hearing
from offhook.media.engine.legs import Legs
from offhook.media.engine.types import FRAME, Floats, Longs

FAN_IN = 4
NOWHERE = -1


@dataclass(slots=True)
class Level:
    """One level of the tree: `index` names 4 bus rows for each sum; the sums go to `[start:end]`."""

    index: Longs
    gather: Floats
    start: int
    end: int


class Mixer:
    """The bus and the topology of the conversations."""

    def __init__(self, legs: Legs, players: int) -> None:
        n = legs.capacity
        self.legs = legs
        self.first_player = n
        self.zero = n + players
        self.first_sum = self.zero + 1
        self.first_heard = self.first_sum + n + players
        self.bus: Floats = np.zeros((self.first_heard + n, FRAME), np.float32)
        self.heard: Floats = self.bus[self.first_heard :]
        """What each row's far end will hear."""
        self.conversation: Longs = np.full(n + players, NOWHERE, np.int64)
        """Of every leg and player; −1 for none."""
        self.joined: dict[int, list[int]] = {}
        """Conversation → its legs in joining order."""
        self.hearing = Hearing()
        self.dirty = True
        self._total: Longs = np.full(n, self.zero, np.int64)
        self._sum_row: dict[int, int] = {}
        self._levels: list[Level] = []

    def join(self, row: int, conversation: int) -> None:
        if self.conversation[row] == conversation:
            return
        self.leave(row)
        self.conversation[row] = conversation
        self.joined.setdefault(conversation, []).append(row)
        self.dirty = True

    def leave(self, row: int) -> None:
        old = int(self.conversation[row])
        if old == NOWHERE:
            return
        members = self.joined[old]
        members.remove(row)
        if not members:
            del self.joined[old]
        self.conversation[row] = NOWHERE
        self.dirty = True

    def attach_player(self, slot: int, conversation: int) -> None:
        """Let a player speak into a conversation; −1 takes it out."""
        self.conversation[self.first_player + slot] = conversation
        self.dirty = True

    def sum_row(self, conversation: int) -> int:
        """The bus row where the whole conversation is; valid until the next rebuild."""
        return self._sum_row.get(conversation, self.zero)

    def rebuild(self) -> None:
        """Lay out the tree again if anything joined, left, opened or closed."""
        if not self.dirty:
            return
        self.dirty = False
        groups = self._groups()
        self._sum_row, self._levels = self._layout(groups)
        self._total = np.arange(self.legs.capacity)
        for conversation, rows in self.joined.items():
            # A lone voice hears nobody: its own row stands for the sum, and own minus own is silence.
            if len(groups[conversation]) > 1:
                self._total[rows] = self._sum_row[conversation]
        self.hearing.rebuild(self.conversation, groups)

    def set_hearing(self, row: int, deaf_to: Collection[int]) -> None:
        """The rows that a row does not hear, as long as they are in its conversation."""
        self.hearing.set(row, deaf_to)
        self.dirty = True

    def tap(self, row: int, source: int) -> None:
        """Let a row that is in no conversation hear one other."""
        self.hearing.taps[row] = source
        self.dirty = True

    def forget(self, row: int) -> None:
        """A row closes: out of its conversation, and out of what others hear or do not."""
        self.leave(row)
        self.hearing.forget(row)
        self.bus[row] = 0
        self.heard[row] = 0
        self.dirty = True

    def mix(self) -> None:
        """Fill `heard[:top]`: the conversation without the leg itself, nothing for the earmuffed."""
        top = self.legs.top
        for level in self._levels:
            np.take(self.bus, level.index, axis=0, out=level.gather, mode="wrap")
            four = level.gather.reshape(-1, FAN_IN, FRAME)
            np.sum(four, axis=1, out=self.bus[level.start : level.end])
        heard = self.heard[:top]
        np.take(self.bus, self._total[:top], axis=0, out=heard, mode="wrap")
        np.subtract(heard, self.bus[:top], out=heard)
        self.hearing.apply(self.bus, heard)
        deaf = np.flatnonzero(self.legs.earmuffed[:top])
        if deaf.size:
            heard[deaf] = 0

    def _groups(self) -> dict[int, list[int]]:
        groups: dict[int, list[int]] = {key: list(rows) for key, rows in self.joined.items()}
        players = self.conversation[self.first_player :]
        for slot in np.flatnonzero(players != NOWHERE).tolist():
            groups.setdefault(int(players[slot]), []).append(self.first_player + slot)
        return groups

    def _layout(self, groups: dict[int, list[int]]) -> tuple[dict[int, int], list[Level]]:
        levels: list[Level] = []
        pending = dict(groups)
        sums: dict[int, int] = {}
        start = self.first_sum
        while pending:
            index: list[int] = []
            following: dict[int, list[int]] = {}
            for conversation, rows in pending.items():
                if len(rows) == 1:
                    sums[conversation] = rows[0]
                    continue
                above = following[conversation] = []
                for first in range(0, len(rows), FAN_IN):
                    four = rows[first : first + FAN_IN]
                    above.append(start + len(index) // FAN_IN)
                    index.extend(four + [self.zero] * (FAN_IN - len(four)))
            if index:
                end = start + len(index) // FAN_IN
                gather = np.empty((len(index), FRAME), np.float32)
                levels.append(Level(np.array(index, np.int64), gather, start, end))
                start = end
            pending = following
        return sums, levels
