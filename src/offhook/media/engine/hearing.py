"""Who does not hear whom: corrections of the plain mix for the rows that do not hear everybody.

A row that is deaf to some hears the sum less these (sums of integers are exact, so nothing remains of them),
or, when it hears fewer than it misses, the sum of those it hears. A *tap* hears one row and belongs to no
conversation. Short lists are taken in rounds, each one operation for all rows of the engine; long ones, of a
large conversation where many do not hear many, as a product of weights and voices. What was worked out for a
conversation is kept until the conversation changes.

Rows that hear everybody cost nothing here.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from offhook.media.engine.types import Floats, Longs

LONGEST: Final = 8
"""Rows that are added or taken away one by one; longer lists are a product."""


@dataclass(slots=True)
class Room:
    """The corrections of one conversation, as long as neither its rows nor their lists change."""

    rows: tuple[int, ...]
    lists: dict[int, frozenset[int]]
    short: list[tuple[int, float, list[int]]] = field(default_factory=list)
    """(row, sign, sources)"""
    long: list[int] = field(default_factory=list)
    weights: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    """What the `long` rows hear of all the conversation's rows, 0 or 1."""


class Hearing:
    """The wishes by row, and the plan that `rebuild` makes of them."""

    def __init__(self) -> None:
        self.deaf: dict[int, frozenset[int]] = {}
        """Row → the rows it does not hear."""
        self.taps: dict[int, int] = {}
        """Row → the one row it hears."""
        self._rooms: dict[int, Room] = {}
        self._alone: Longs = np.zeros(0, np.int64)
        self._rounds: list[tuple[Longs, Longs, Floats]] = []
        self._products: list[tuple[Longs, Floats, Longs]] = []

    def set(self, row: int, deaf_to: Collection[int]) -> None:
        """Replace what `row` does not hear; nothing for everything."""
        self.deaf.pop(row, None)
        if deaf_to:
            self.deaf[row] = frozenset(deaf_to)

    def forget(self, row: int) -> None:
        """The row is closed; whoever takes it next is heard by all."""
        self.deaf.pop(row, None)
        self.taps.pop(row, None)
        for other in [other for other, rows in self.deaf.items() if row in rows]:
            self.set(other, self.deaf[other] - {row})
        for other in [other for other, source in self.taps.items() if source == row]:
            del self.taps[other]

    def rebuild(self, conversation: Longs, groups: Mapping[int, list[int]]) -> None:
        """Plan the corrections. `conversation`: of every row; `groups`: conversation → its bus rows."""
        if not self.deaf and not self.taps and not self._rooms:
            return
        lists: dict[int, dict[int, frozenset[int]]] = {}
        for row, deaf_to in self.deaf.items():
            lists.setdefault(int(conversation[row]), {})[row] = deaf_to
        before = self._rooms
        self._rooms = {
            key: _room(tuple(groups[key]), of_room, before.get(key))
            for key, of_room in lists.items()
            if key in groups
        }
        short = [(row, 1.0, [source]) for row, source in self.taps.items()]
        short += [entry for room in self._rooms.values() for entry in room.short]
        self._rounds = list(_rounds(short))
        self._products = [
            (np.array(room.long), room.weights, np.array(room.rows))
            for room in self._rooms.values()
            if room.long
        ]
        self._alone = np.array([row for row, sign, _ in short if sign > 0], np.int64)

    def apply(self, bus: Floats, heard: Floats) -> None:
        """Correct `heard`, which holds the plain mix of each row."""
        if self._alone.size:
            heard[self._alone] = 0
        for rows, sources, signs in self._rounds:
            heard[rows] += bus[sources] * signs
        for rows, weights, sources in self._products:
            heard[rows] = weights @ bus[sources]


def _room(rows: tuple[int, ...], lists: dict[int, frozenset[int]], before: Room | None) -> Room:
    if before is not None and before.rows == rows and before.lists == lists:
        return before
    room = Room(rows, lists)
    column = {row: n for n, row in enumerate(rows)}
    weighted: list[Floats] = []
    for row, deaf_to in lists.items():
        missed = [column[source] for source in deaf_to if source in column and source != row]
        if not missed:
            continue
        if len(missed) <= min(LONGEST, len(rows) // 2):
            room.short.append((row, -1.0, [rows[n] for n in missed]))
            continue
        weights = np.ones(len(rows), np.float32)
        weights[missed] = weights[column[row]] = 0
        heard = np.flatnonzero(weights)
        if heard.size <= LONGEST:
            room.short.append((row, 1.0, [rows[n] for n in heard.tolist()]))
        else:
            room.long.append(row)
            weighted.append(weights)
    if weighted:
        room.weights = np.stack(weighted)
    return room


def _rounds(short: list[tuple[int, float, list[int]]]) -> Iterable[tuple[Longs, Longs, Floats]]:
    """The n-th source of every list together."""
    for n in range(max((len(sources) for _, _, sources in short), default=0)):
        picked = [(row, sources[n], sign) for row, sign, sources in short if n < len(sources)]
        rows, sources, signs = zip(*picked, strict=True)
        yield (
            np.array(rows, np.int64),
            np.array(sources, np.int64),
            np.array(signs, np.float32)[:, None],
        )
