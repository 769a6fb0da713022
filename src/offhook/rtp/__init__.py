"""RTP values and small per-stream helpers without I/O: packets, telephone events, sequence, jitter.

Nothing here opens a socket or reads a clock, and nothing here is used once per leg and tick.
"""

from offhook.rtp.jitter import JitterBuffer
from offhook.rtp.packet import RtpPacket
from offhook.rtp.sequence import JitterMeter, SequenceTracker, sequence_step, timestamp_step
from offhook.rtp.telephone_event import DIGITS, TelephoneEvent, event_code

__all__ = [
    "DIGITS",
    "JitterBuffer",
    "JitterMeter",
    "RtpPacket",
    "SequenceTracker",
    "TelephoneEvent",
    "event_code",
    "sequence_step",
    "timestamp_step",
]
