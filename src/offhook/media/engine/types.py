"""What goes into a tick, what comes out of it, and how a leg is set up.

Values only; the arrays of `Arrivals` and `Departures` are made once and used again every tick.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from offhook.audio import tables

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]
Ints = npt.NDArray[np.int32]
Shorts = npt.NDArray[np.int16]
Octets = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]

FRAME: Final = tables.FRAME
"""Samples of a frame."""
FRAME_MS: Final = 20
FRAME_NS: Final = 20_000_000
HEADER: Final = 12
PACKET: Final = HEADER + FRAME
"""Octets of the common packet: a plain header and 20 ms of G.711."""
ARRIVAL_BYTES: Final = 256
DEPARTURE_BYTES: Final = 192
LINK_BYTES: Final = 2 * FRAME
"""Octets of a link's frame: 20 ms of 16-bit little-endian samples."""
NO_EVENTS: Final = 255
"""Stands for "no telephone-event payload type" in an array of octets."""


@dataclass(frozen=True, slots=True)
class LegSettings:
    """How a leg speaks on the wire, as offer and answer settled it."""

    codec: str = "PCMU"
    """`PCMU` or `PCMA`."""
    payload_type: int = 0
    event_payload_type: int | None = None
    """The telephone-event payload type; None: keys are heard and sent as tones in the audio."""
    ssrc: int = 0
    send: bool = True
    receive: bool = True
    first_sequence: int = 0
    first_timestamp: int = 0


class Arrivals:
    """The datagrams of one sweep: `rows[i]` received `length[i]` octets, which lie in `data[i]`.

    Only the first `count` entries count. A datagram of more than 256 octets goes to `long` instead. Fill it,
    give it to `Engine.tick`, `clear()` it.
    """

    __slots__ = ("count", "data", "length", "long", "rows")

    def __init__(self, size: int) -> None:
        self.rows: Ints = np.zeros(size, np.int32)
        self.data: Octets = np.zeros((size, ARRIVAL_BYTES), np.uint8)
        self.length: Ints = np.zeros(size, np.int32)
        self.long: list[tuple[int, bytes]] = []
        self.count = 0

    @property
    def size(self) -> int:
        """Datagrams that fit, the long ones apart."""
        return len(self.rows)

    def add(self, row: int, datagram: bytes) -> bool:
        """Put one datagram in; False when the batch is full."""
        if len(datagram) > ARRIVAL_BYTES:
            self.long.append((row, datagram))
            return True
        if self.count >= len(self.rows):
            return False
        self.rows[self.count] = row
        self.data[self.count, : len(datagram)] = np.frombuffer(datagram, np.uint8)
        self.length[self.count] = len(datagram)
        self.count += 1
        return True

    def clear(self) -> None:
        self.count = 0
        self.long.clear()


@dataclass(slots=True)
class PlayFinished:
    """`reason`: `done`, `digit`, `speech`, `stopped` or `closed`."""

    player: int
    reason: str
    played_ms: int


@dataclass(slots=True)
class DigitHeard:
    """A key press ended (or its end was inferred). `at`: when it began, the `now` of that tick."""

    row: int
    digit: str
    duration_ms: int
    at: int


@dataclass(slots=True)
class DigitsSent:
    """The last key of a sequence and its gap are out."""

    sequence: int


@dataclass(slots=True)
class RecordBlock:
    """Up to one second of 16-bit little-endian PCM, channels interleaved; `last` closes the recording."""

    recorder: int
    sequence: int
    channels: int
    pcm: bytes
    last: bool


@dataclass(slots=True)
class RecordFinished:
    """`reason`: `silence`, `key`, `timeout`, `stopped` or `closed`. Every block has been given before."""

    recorder: int
    reason: str
    duration_ms: int


@dataclass(slots=True)
class MediaStarted:
    """The first valid packet (or link frame) of a row arrived."""

    row: int


@dataclass(slots=True)
class SourceChanged:
    """The far end now speaks under another SSRC; its stream was taken up anew."""

    row: int
    ssrc: int


EngineEvent = (
    PlayFinished | DigitHeard | DigitsSent | RecordBlock | RecordFinished | MediaStarted | SourceChanged
)


@dataclass(slots=True)
class Departures:
    """What a tick produced. Valid until the next tick, which writes into the same arrays.

    Row `r` of `rows` sends `data[r, :length[r]]`; `rows` is the same array again while the same rows send.
    `extra` are (row, datagram) pairs that do not fit there (frames of links). `events` happened since the
    tick before, in order.
    """

    rows: Longs
    data: Octets
    length: Ints
    extra: list[tuple[int, bytes]] = field(default_factory=list)
    events: list[EngineEvent] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowStats:
    """A leg since it was opened. Counters are packets; see docs/specs/media-engine.md, "Statistics"."""

    received: int
    """Valid packets of the stream, key presses and duplicates among them."""
    lost: int
    late: int
    duplicate: int
    ignored: int
    """Datagrams that were not of the stream: not RTP, another payload type, a stray source."""
    concealed: int
    """Frames that were made up because nothing was there."""
    sent: int
    jitter_ms: float
    delay_ms: float
    level_in: float
    """Mean level while talking, dBov; −127 when nothing was heard."""
    idle_ms: int
    """Since the last valid packet, or since the row was opened."""
