"""Who does not hear whom: corrections of the plain mix for the rows that do not hear everybody.

A row that is deaf to some hears the sum less these (sums of integers are exact, so nothing remains of them),
or, when it hears fewer than it misses, the sum of those it hears. A *tap* hears one row and belongs to no
conversation. Short lists are taken in rounds, each one operation for all rows of the engine; long ones, of a
large conversation where many do not hear many, as one product for each conversation.

Rows that hear everybody cost nothing here.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

import numpy as np

from offhook.media.engine.types import Floats, Longs

LONGEST: Final = 8
"""Rows that are added or taken away one by one; longer lists are a product."""
BLOCK: Final = 1024
"""Weights of one product: small enough that the library computes it in this thread."""


class Hearing:
    """The wishes by row, and the plan that `rebuild` makes of them."""

    def __init__(self) -> None:
        self.deaf: dict[int, frozenset[int]] = {}
        """Row → the rows it does not hear."""
        self.taps: dict[int, int] = {}
        """Row → the one row it hears."""
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

    def rebuild(self, conversations: Mapping[int, int], groups: Mapping[int, list[int]]) -> None:
        """Plan the corrections. `conversations`: row → conversation; `groups`: that → bus rows."""
        signed: dict[int, tuple[float, list[int]]] = {row: (1.0, [heard]) for row, heard in self.taps.items()}
        for row, deaf_to in self.deaf.items():
            group = groups.get(conversations.get(row, -1), [])
            missed = [source for source in group if source in deaf_to and source != row]
            heard = [source for source in group if source not in deaf_to and source != row]
            if missed:
                signed[row] = (-1.0, missed) if len(missed) <= len(heard) else (1.0, heard)
        self._alone = np.array([row for row, (sign, _) in signed.items() if sign > 0], np.int64)
        short = {row: entry for row, entry in signed.items() if len(entry[1]) <= LONGEST}
        self._rounds = list(_rounds(short))
        self._products = list(_products(signed.keys() - short.keys(), signed, conversations))

    def apply(self, bus: Floats, heard: Floats) -> None:
        """Correct `heard`, which holds the plain mix of each row."""
        if self._alone.size:
            heard[self._alone] = 0
        for rows, sources, signs in self._rounds:
            heard[rows] += bus[sources] * signs
        for rows, weights, sources in self._products:
            heard[rows] += weights @ bus[sources]


def _rounds(
    signed: Mapping[int, tuple[float, list[int]]],
) -> Iterable[tuple[Longs, Longs, Floats]]:
    """The n-th source of every list together."""
    longest = max((len(sources) for _, sources in signed.values()), default=0)
    for n in range(longest):
        picked = [(row, sources[n], sign) for row, (sign, sources) in signed.items() if n < len(sources)]
        rows, sources, signs = zip(*picked, strict=True)
        yield (
            np.array(rows, np.int64),
            np.array(sources, np.int64),
            np.array(signs, np.float32)[:, None],
        )


def _products(
    rows: Iterable[int],
    signed: Mapping[int, tuple[float, list[int]]],
    conversations: Mapping[int, int],
) -> Iterable[tuple[Longs, Floats, Longs]]:
    """Weights of 0, 1 and −1 for the long lists of each conversation, in blocks of rows."""
    together: dict[int, list[int]] = {}
    for row in sorted(rows):
        together.setdefault(conversations[row], []).append(row)
    for members in together.values():
        sources = sorted({source for row in members for source in signed[row][1]})
        column = {source: n for n, source in enumerate(sources)}
        weights = np.zeros((len(members), len(sources)), np.float32)
        for n, row in enumerate(members):
            sign, listed = signed[row]
            weights[n, [column[source] for source in listed]] = sign
        step = max(1, BLOCK // len(sources))
        for first in range(0, len(members), step):
            yield (
                np.array(members[first : first + step], np.int64),
                np.ascontiguousarray(weights[first : first + step]),
                np.array(sources, np.int64),
            )
