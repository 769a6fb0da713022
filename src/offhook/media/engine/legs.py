"""The rows: which are open, and how each speaks on the wire. One row is one leg or one link.

Rows are taken from the lowest free one, so that the stages work on a short slice `[:top]`. A row is wiped
when it is opened: every part of the engine that keeps state per row offers `wipe(row)`.
"""

import heapq

import numpy as np

from offhook.audio.tables import ALAW_SILENCE, MULAW_SILENCE
from offhook.core.errors import LocalStateError, MediaError
from offhook.media.engine.types import NO_EVENTS, Flags, LegSettings, Longs, Octets

LAWS = {"PCMU": 0, "PCMA": 1}
SILENCE: Octets = np.array([MULAW_SILENCE, ALAW_SILENCE], np.uint8)
"""By law: the octet of digital silence."""


class Legs:
    """Settings of all rows as arrays."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.top = 0
        """One more than the highest open row."""
        self.active: Flags = np.zeros(capacity, np.bool_)
        self.link: Flags = np.zeros(capacity, np.bool_)
        self.law: Octets = np.zeros(capacity, np.uint8)
        self.payload_type: Octets = np.zeros(capacity, np.uint8)
        self.event_type: Octets = np.full(capacity, NO_EVENTS, np.uint8)
        self.tx: Flags = np.zeros(capacity, np.bool_)
        self.rx: Flags = np.zeros(capacity, np.bool_)
        self.muted: Flags = np.zeros(capacity, np.bool_)
        self.earmuffed: Flags = np.zeros(capacity, np.bool_)
        self._free = list(range(capacity))
        self._senders: Longs | None = None

    def take(self, *, link: bool) -> int:
        """Open the lowest free row. `MediaError` when there is none."""
        if not self._free:
            raise MediaError(f"All {self.capacity} rows of this media worker are taken; use another worker.")
        row = heapq.heappop(self._free)
        self.active[row] = True
        self.link[row] = link
        self.law[row] = 0
        self.payload_type[row] = 0
        self.event_type[row] = NO_EVENTS
        self.tx[row] = self.rx[row] = link
        self._senders = None
        self.muted[row] = self.earmuffed[row] = False
        self.top = max(self.top, row + 1)
        return row

    @staticmethod
    def check_settings(settings: LegSettings) -> None:
        """`LocalStateError` for a codec the engine does not speak or a payload type that cannot be one."""
        if settings.codec not in LAWS:
            raise LocalStateError(f"The engine speaks PCMU and PCMA, not {settings.codec!r}.")
        for payload_type in (settings.payload_type, settings.event_payload_type or 0):
            if not 0 <= payload_type <= 127:
                raise LocalStateError(f"An RTP payload type is 0 to 127, not {payload_type}.")

    def configure(self, row: int, settings: LegSettings) -> None:
        """Apply what was negotiated, checked before."""
        self.law[row] = LAWS[settings.codec]
        self.payload_type[row] = settings.payload_type
        events = settings.event_payload_type
        self.event_type[row] = NO_EVENTS if events is None else events
        self.tx[row] = settings.send
        self._senders = None
        self.rx[row] = settings.receive

    def release(self, row: int) -> None:
        self.active[row] = self.tx[row] = self.rx[row] = False
        self._senders = None
        heapq.heappush(self._free, row)
        open_rows = np.flatnonzero(self.active[: self.top])
        self.top = int(open_rows[-1]) + 1 if open_rows.size else 0

    def check(self, row: int) -> None:
        """`LocalStateError` unless the row is open."""
        if not (0 <= row < self.capacity and self.active[row]):
            raise LocalStateError(f"Row {row} is not open.")

    def senders(self) -> Longs:
        """Rows that send RTP: the same array until a row is opened, closed or configured."""
        if self._senders is None:
            top = self.top
            self._senders = np.flatnonzero(self.tx[:top] & ~self.link[:top])
        return self._senders
