"""Numbers of packets of known streams: unwrapped, and checked against what the stream has shown so far."""

from dataclasses import dataclass

from offhook.media.engine.jitter import FAR, OLD, JitterBuffer
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import FRAME, Flags, Longs
from offhook.rtp.sequence import MAX_DROPOUT, MAX_MISORDER


@dataclass(slots=True)
class Believed:
    """Packets whose numbers fit, at most one per row."""

    rows: Longs
    extended: Longs
    """Extended sequence numbers."""
    samples: Longs
    """Where they begin, in samples since frame 0."""
    frames: Longs
    """The frames nearest to that: a far end may restart its talk anywhere, and is at most 10 ms off."""


def believe(
    streams: Streams, jitter: JitterBuffer, rows: Longs, sequence: Longs, stamp: Longs
) -> tuple[Believed, Flags]:
    """Unwrap and check. Returns the packets that fit, and which of the given ones do not (RFC 3550 A.1)."""
    extended = streams.extend_sequence(rows, sequence)
    samples = streams.extend_timestamp(rows, stamp) - streams.offset[rows]
    frames = (samples + FRAME // 2) // FRAME
    step = extended - streams.highest[rows]
    ahead = frames - jitter.play[rows]
    strange = (step <= -MAX_MISORDER) | (step >= MAX_DROPOUT) | (ahead >= FAR) | (ahead <= OLD)
    if not strange.any():
        return Believed(rows, extended, samples, frames), strange
    fits = ~strange
    return Believed(rows[fits], extended[fits], samples[fits], frames[fits]), strange
