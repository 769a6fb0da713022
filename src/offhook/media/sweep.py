"""The receive sweep over connected sockets: one `recv_into` a leg, straight into the batch.

One read a tick would leave whatever queue once built up standing for ever. So a leg that had nothing in the
last tick is read again when it has something, and every 32nd leg in turn is read until it is empty.
"""

import socket
import sys
from collections.abc import Callable

from offhook.media.engine import ARRIVAL_BYTES, Arrivals

TURN = 32
"""A leg is emptied once in so many ticks."""
DEEPEST = 16
"""Packets taken from one leg in one tick at most."""
WHOLE_LENGTH = socket.MSG_TRUNC if sys.platform == "linux" else 0
"""On Linux a read tells the datagram's own length, however much of it fitted."""
SHORTEST = 12

Receive = Callable[[memoryview, int, int], int]


class Sweep:
    """`too_long(row)`: a datagram of this leg did not fit and is lost; read the leg in another way."""

    def __init__(self, arrivals: Arrivals, too_long: Callable[[int], None]) -> None:
        self._arrivals = arrivals
        self._too_long = too_long
        self._receive: dict[int, Receive] = {}
        self._order: list[tuple[int, Receive]] = []
        self._empty: set[int] = set()
        self._dirty = False
        self._turn = 0
        self._views = [memoryview(row) for row in arrivals.data]

    def add(self, row: int, connected: socket.socket) -> None:
        self._receive[row] = connected.recv_into
        self._empty.add(row)
        self._dirty = True

    def remove(self, row: int) -> None:
        if self._receive.pop(row, None) is not None:
            self._empty.discard(row)
            self._dirty = True

    def run(self) -> None:
        """Add what has arrived to the batch, as far as it fits."""
        if self._dirty:
            self._order = list(self._receive.items())
            self._dirty = False
        rows, lengths, long = self._pass()
        self._arrivals.rows[: len(rows)] = rows
        self._arrivals.length[: len(rows)] = lengths
        self._arrivals.count = len(rows)
        for row in long:
            self._too_long(row)

    def _pass(self) -> tuple[list[int], list[int], list[int]]:
        views, size, last = self._views, ARRIVAL_BYTES, self._empty
        rows: list[int] = []
        lengths: list[int] = []
        long: list[int] = []
        empty: set[int] = set()
        again: list[tuple[int, Receive]] = []
        place, room = 0, len(views)
        for row, receive in self._order:
            if place == room:
                break
            try:
                length = receive(views[place], size, WHOLE_LENGTH)
            except BlockingIOError:
                empty.add(row)
                continue
            except OSError:  # the peer's host said that nobody listens there
                continue
            if length >= size:
                long.append(row)
            elif length >= SHORTEST:
                rows.append(row)
                lengths.append(length)
                place += 1
                if row in last:
                    again.append((row, receive))
        self._empty = empty
        self._turn = (self._turn + 1) % TURN
        for row, receive in again + self._order[self._turn :: TURN]:
            self._drain(row, receive, rows, lengths, long)
        return rows, lengths, long

    def _drain(
        self, row: int, receive: Receive, rows: list[int], lengths: list[int], long: list[int]
    ) -> None:
        """Read one leg until it is empty."""
        for _ in range(DEEPEST):
            if len(rows) == len(self._views):
                return
            try:
                length = receive(self._views[len(rows)], ARRIVAL_BYTES, WHOLE_LENGTH)
            except OSError:
                return
            if length >= ARRIVAL_BYTES:
                long.append(row)
                return
            if length >= SHORTEST:
                rows.append(row)
                lengths.append(length)
