"""The sending half of a phone's RTP stream: one packet every 20 ms, audio or a telephone event.

Pure: `packet()` gives the next one. What is to be sent waits in a queue of audio and keys; when the queue is
empty, silence is sent, as a telephone does. Telephone events follow RFC 4733 §2.5.1: one timestamp for the
whole event, growing durations, and the last packet three times.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from offhook.audio import tables
from offhook.audio.tables import FRAME, Pcm
from offhook.core.ids import Ids
from offhook.rtp.packet import RtpPacket
from offhook.rtp.telephone_event import TelephoneEvent, event_code

VOLUME = 10
END_PACKETS = 3

Finished = Callable[[], None]


@dataclass(slots=True)
class _Audio:
    pcm: Pcm
    finished: Finished
    place: int = 0


@dataclass(slots=True)
class _Key:
    event: int
    frames: int
    """How many packet times the key is held."""
    finished: Finished
    sent: int = 0
    timestamp: int | None = None


class Sender:
    """Makes packets of `codec`; `event_type` is the payload type for keys, None when the peer takes none."""

    def __init__(self, ids: Ids) -> None:
        self.codec = "PCMU"
        self.payload_type = 0
        self.event_type: int | None = None
        self._marker = True
        self._queue: deque[_Audio | _Key] = deque()
        self._sequence = ids.number(1 << 16)
        self._ssrc = ids.number(1 << 32)
        self._timestamp = ids.number(1 << 32)

    def play(self, pcm: Pcm, finished: Finished) -> None:
        """Send `pcm` after what waits already; `finished` is called with its last packet."""
        self._queue.append(_Audio(pcm, finished))

    def press(self, key: str, tone_ms: int, finished: Finished) -> None:
        """Send a key as a telephone event, at least one packet time long."""
        self._queue.append(_Key(event_code(key), max(1, tone_ms // 20), finished))

    def stop(self) -> None:
        """Forget what waits; nobody is told that it has finished."""
        self._queue.clear()

    def skip(self) -> None:
        """Let one packet time pass without sending (the stream is on hold)."""
        self._timestamp = (self._timestamp + FRAME) & 0xFFFF_FFFF
        self._marker = True

    def packet(self) -> bytes:
        """The packet of this packet time."""
        first = self._queue[0] if self._queue else None
        data = self._event(first) if isinstance(first, _Key) else self._voice(self._frame())
        self._timestamp = (self._timestamp + FRAME) & 0xFFFF_FFFF
        return data

    def _frame(self) -> Pcm:
        """The next 160 samples; pieces that follow each other are joined without a gap."""
        frame = np.zeros(FRAME, np.int16)
        filled = 0
        while filled < FRAME and self._queue and isinstance(audio := self._queue[0], _Audio):
            piece = audio.pcm[audio.place : audio.place + FRAME - filled]
            frame[filled : filled + piece.size] = piece
            audio.place += piece.size
            filled += piece.size
            if audio.place < audio.pcm.size:
                break
            self._queue.popleft()
            audio.finished()
        return frame

    def _voice(self, frame: Pcm) -> bytes:
        marker, self._marker = self._marker, False
        payload = tables.encode(self.codec, frame)
        return self._next(self.payload_type, self._timestamp, payload, marker)

    def _event(self, key: _Key) -> bytes:
        marker = key.timestamp is None
        if key.timestamp is None:
            key.timestamp = self._timestamp
        key.sent += 1
        ending = key.sent >= key.frames
        duration = min(key.sent, key.frames) * FRAME
        payload = TelephoneEvent(key.event, ending, VOLUME, duration).serialise()
        if key.sent >= key.frames + END_PACKETS - 1:
            self._queue.popleft()
            self._marker = True
            key.finished()
        return self._next(self.event_type or 0, key.timestamp, payload, marker)

    def _next(self, payload_type: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        packet = RtpPacket(payload_type, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        return packet.serialise()
