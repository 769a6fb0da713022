"""The receive sweep over connected sockets: one `recv_into` a leg, straight into the batch.

One read a tick would leave whatever queue once built up standing for ever. So a leg that had nothing in the
last tick is read again when it has something, and every 32nd leg in turn is read until it is empty.
"""

import socket
from collections.abc import Callable

import numpy as np

from offhook.media.engine import ARRIVAL_BYTES, Arrivals
from offhook.media.engine.types import Longs

TURN = 32
"""A leg is emptied once in so many ticks."""
DEEPEST = 16
"""Packets taken from one leg in one tick at most."""
SHORTEST = 12
"""Octets of a header; less than that is nothing."""
COMMON = 172
"""Octets of the packet that nearly every leg receives."""

Receive = Callable[[memoryview], int]


class Sweep:
    """`too_long(row)`: a datagram of this leg did not fit and is lost; read the leg in another way."""

    def __init__(self, arrivals: Arrivals, too_long: Callable[[int], None]) -> None:
        self._arrivals = arrivals
        self._too_long = too_long
        self._receive: dict[int, Receive] = {}
        self._rows: Longs = np.zeros(0, np.int64)
        self._receivers: list[Receive] = []
        self._empty: set[int] = set()
        """Rows that had nothing in the last tick."""
        self._dirty = False
        self._turn = 0
        octets = arrivals.data.data.cast("B")
        self._views = [octets[at : at + ARRIVAL_BYTES] for at in range(0, len(octets), ARRIVAL_BYTES)]

    def add(self, row: int, connected: socket.socket) -> None:
        self._receive[row] = connected.recv_into
        self._empty.add(row)
        self._dirty = True

    def remove(self, row: int) -> None:
        if self._receive.pop(row, None) is not None:
            self._empty.discard(row)
            self._dirty = True

    def run(self) -> None:
        """Put what has arrived into the batch, as far as it fits."""
        if self._dirty:
            self._rows = np.array(list(self._receive), np.int64)
            self._receivers = list(self._receive.values())
            self._dirty = False
        before = self._empty
        long = self._pass()
        self._turn = (self._turn + 1) % TURN
        again = (before - self._empty).union(self._rows[self._turn :: TURN].tolist())
        for row in again.difference(self._empty, long):
            if self._drain(row):
                long.append(row)
        for row in long:
            self._too_long(row)

    def _pass(self) -> list[int]:
        """Read every leg once. Returns the rows whose datagram did not fit."""
        views, place = self._views, 0
        nothing: list[int] = []
        odd: list[tuple[int, int]] = []
        empty: list[int] = []
        long: list[int] = []
        for at, receive in enumerate(self._receivers[: len(views)]):
            try:
                length = receive(views[place])
            except BlockingIOError:
                empty.append(at)
                continue
            except OSError:  # the peer's host said that nobody listens there
                nothing.append(at)
                continue
            if length == COMMON:
                place += 1
            elif SHORTEST <= length < ARRIVAL_BYTES:
                odd.append((place, length))
                place += 1
            else:
                nothing.append(at)
                if length >= ARRIVAL_BYTES:
                    long.append(at)
        self._empty = set(self._rows[empty].tolist())
        self._enter(place, nothing + empty, odd)
        return [int(self._rows[at]) for at in long]

    def _enter(self, count: int, without: list[int], odd: list[tuple[int, int]]) -> None:
        """Say what lies in the first `count` rows of the batch: a common packet of each leg but `without`."""
        arrivals = self._arrivals
        arrivals.rows[:count] = np.delete(self._rows, without)[:count] if without else self._rows[:count]
        arrivals.length[:count] = COMMON
        for place, length in odd:
            arrivals.length[place] = length
        arrivals.count = count

    def _drain(self, row: int) -> bool:
        """Read one leg until it is empty; whether a datagram did not fit."""
        arrivals, receive = self._arrivals, self._receive[row]
        for _ in range(DEEPEST):
            place = arrivals.count
            if place == len(self._views):
                return False
            try:
                length = receive(self._views[place])
            except OSError:
                return False
            if length >= ARRIVAL_BYTES:
                return True
            if length >= SHORTEST:
                arrivals.rows[place] = row
                arrivals.length[place] = length
                arrivals.count += 1
        return False
