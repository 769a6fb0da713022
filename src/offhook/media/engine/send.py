"""Headers of what leaves: sequence, timestamp, marker, payload type, written for all rows at once.

The timestamp follows the clock: it moves 160 a tick whether a packet leaves or not. The sequence moves with
the packets. The marker says that audio begins again after a pause (RFC 3551 §4.1).
"""

import numpy as np

from offhook.media.engine.legs import Legs
from offhook.media.engine.types import (
    DEPARTURE_BYTES,
    FRAME,
    HEADER,
    PACKET,
    Departures,
    Flags,
    Ints,
    LegSettings,
    Longs,
    Octets,
)

EVENT_PACKET = HEADER + 4


class Sender:
    """Outgoing stream state of all rows, and the packets themselves."""

    def __init__(self, capacity: int) -> None:
        self.data: Octets = np.zeros((capacity, DEPARTURE_BYTES), np.uint8)
        self.length: Ints = np.zeros(capacity, np.int32)
        self.sequence = np.zeros(capacity, np.uint16)
        self.timestamp = np.zeros(capacity, np.uint32)
        self.mark: Flags = np.zeros(capacity, np.bool_)
        self.sent: Longs = np.zeros(capacity, np.int64)
        self.octets: Octets = np.zeros((capacity, FRAME), np.uint8)
        """Encoded audio before it is put behind the headers."""
        self._shorts = self.data.view(">u2")
        self._longs = self.data.view(">u4")

    def open(self, row: int, settings: LegSettings) -> None:
        self.data[row] = 0
        self.data[row, 0] = 0x80
        self.sequence[row] = settings.first_sequence & 0xFFFF
        self.timestamp[row] = settings.first_timestamp & 0xFFFFFFFF
        self.sent[row] = 0
        self.mark[row] = True
        self.set_ssrc(row, settings.ssrc)

    def set_ssrc(self, row: int, ssrc: int) -> None:
        self._longs[row, 2] = ssrc & 0xFFFFFFFF

    def audio(self, legs: Legs, rows: Longs) -> Departures:
        """Write this tick's audio packets of `rows`; `octets` holds what they say."""
        top = legs.top
        self.data[:top, HEADER:PACKET] = self.octets[:top]
        self.data[:top, 1] = legs.payload_type[:top] | (self.mark[:top].astype(np.uint8) << 7)
        self._shorts[:top, 1] = self.sequence[:top]
        self._longs[:top, 1] = self.timestamp[:top]
        self.length[:top] = PACKET
        self.mark[rows] = False
        return Departures(rows, self.data, self.length)

    def event(self, row: int, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        """Put a key press in place of the row's audio in this tick."""
        self.data[row, 1] = payload_type | (0x80 if marker else 0)
        self._longs[row, 1] = timestamp
        self.data[row, HEADER:EVENT_PACKET] = np.frombuffer(payload, np.uint8)
        self.length[row] = EVENT_PACKET
        self.mark[row] = True

    def step(self, top: int, rows: Longs) -> None:
        """Move the clocks on after a tick."""
        self.timestamp[:top] += np.uint32(FRAME)
        self.sequence[rows] += np.uint16(1)
        self.sent[rows] += 1
