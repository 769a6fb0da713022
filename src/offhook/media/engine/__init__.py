"""The vectorised media engine: one row per leg, one NumPy operation for all legs, `tick(now, arrivals)`.

No sockets, no clock, no files. The worker around it sweeps sockets into `Arrivals` and sends `Departures`.
"""

from offhook.media.engine.engine import Engine
from offhook.media.engine.types import (
    ARRIVAL_BYTES,
    DEPARTURE_BYTES,
    FRAME_MS,
    FRAME_NS,
    LINK_BYTES,
    Arrivals,
    Departures,
    DigitHeard,
    DigitsSent,
    EngineEvent,
    LegSettings,
    MediaStarted,
    PlayFinished,
    RecordBlock,
    RecordFinished,
    RowStats,
    SourceChanged,
)

__all__ = [
    "ARRIVAL_BYTES",
    "DEPARTURE_BYTES",
    "FRAME_MS",
    "FRAME_NS",
    "LINK_BYTES",
    "Arrivals",
    "Departures",
    "DigitHeard",
    "DigitsSent",
    "Engine",
    "EngineEvent",
    "LegSettings",
    "MediaStarted",
    "PlayFinished",
    "RecordBlock",
    "RecordFinished",
    "RowStats",
    "SourceChanged",
]
