"""The sending half of a tick: one pre-bound `send` of one pre-cut view for every row that sends.

Which rows those are changes seldom. So the calls are laid out once and used until the engine names other rows
or a row sends elsewhere; only packets of another length than the common one are cut anew.
"""

from collections.abc import Callable

import numpy as np

from offhook.media.engine import Departures
from offhook.media.engine.types import DEPARTURE_BYTES

COMMON = 172
"""Octets of the packet that nearly every row sends."""

Send = Callable[[memoryview], object]
_NOWHERE: Send = len
"""Takes the packets of a row that has nobody to send to yet."""


class Volley:
    """Where every row sends; `unsent` counts what the kernel did not take."""

    def __init__(self) -> None:
        self.unsent = 0
        self._sends: dict[int, Send] = {}
        self._data: object = None
        self._rows: object = None
        self._octets = memoryview(b"")
        """All packets; views of one row share it, which keeps them small."""
        self._heads: dict[int, memoryview] = {}
        self._calls: list[tuple[Send, memoryview]] = []

    def aim(self, row: int, send: Send) -> None:
        """From now on `row` sends with this."""
        self._sends[row] = send
        self._rows = None

    def drop(self, row: int) -> None:
        """`row` sends nothing more."""
        if self._sends.pop(row, None) is not None:
            self._rows = None

    def fire(self, departures: Departures) -> None:
        """Send what a tick produced, the extra datagrams apart."""
        if departures.rows is not self._rows or departures.data is not self._data:
            self._lay_out(departures)
        for send, packet in self._cut(departures):
            try:
                send(packet)
            except OSError:
                self.unsent += 1

    def send(self, row: int, datagram: bytes) -> None:
        """Send one datagram, if the row sends anywhere."""
        try:
            self._sends.get(row, _NOWHERE)(memoryview(datagram))
        except OSError:
            self.unsent += 1

    def _lay_out(self, departures: Departures) -> None:
        if departures.data is not self._data:
            self._data = departures.data
            self._octets = departures.data.data.cast("B")
            self._heads = {}
        self._rows = departures.rows
        sends, rows = self._sends, departures.rows.tolist()
        for row in rows:
            if row not in self._heads:
                self._heads[row] = self._packet(row, COMMON)
        self._calls = [(sends.get(row, _NOWHERE), self._heads[row]) for row in rows]

    def _packet(self, row: int, length: int) -> memoryview:
        first = row * DEPARTURE_BYTES
        return self._octets[first : first + length]

    def _cut(self, departures: Departures) -> list[tuple[Send, memoryview]]:
        """The calls of this tick."""
        length = departures.length[departures.rows]
        odd = np.flatnonzero(length != COMMON).tolist()
        if not odd:
            return self._calls
        calls = self._calls.copy()
        for at in odd:
            calls[at] = calls[at][0], self._packet(int(departures.rows[at]), int(length[at]))
        return calls
