"""The statistics of one row, read from the arrays of the engine's parts when somebody asks."""

from offhook.audio.levels import power_dbov
from offhook.media.engine.jitter import JitterBuffer
from offhook.media.engine.links import Links
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import FRAME_MS, Longs, RowStats
from offhook.media.engine.vad import Activity

UNITS_PER_MS = 8


def row_stats(
    row: int,
    tick: int,
    streams: Streams,
    jitter: JitterBuffer,
    activity: Activity,
    concealed: Longs,
    sent: Longs,
    links: Links | None,
) -> RowStats:
    """Everything that is known of a row. `links` is given for a link row, whose queue is its buffer."""
    frames = links.depth(row) if links is not None else jitter.lag(row, tick)
    voices = int(activity.voice_frames[row])
    power = float(activity.voice_power[row]) / voices if voices else 0.0
    return RowStats(
        received=int(streams.received[row]),
        lost=0 if links is not None else streams.lost(row),
        late=int(streams.late[row]),
        duplicate=int(streams.duplicate[row]),
        ignored=int(streams.ignored[row]),
        concealed=int(concealed[row]),
        sent=int(sent[row]),
        jitter_ms=round(float(streams.jitter[row]) / UNITS_PER_MS, 3),
        delay_ms=float(frames * FRAME_MS),
        level_in=round(power_dbov(power), 3),
        idle_ms=(tick - int(streams.heard_at[row])) * FRAME_MS,
    )
