"""From datagrams to audio: the first half of a tick. After it rows `[:top]` of the bus hold what legs say."""

import numpy as np

from offhook.media.engine.codecs import decode_rows
from offhook.media.engine.conceal import Concealer
from offhook.media.engine.dtmf_in import DigitReceiver
from offhook.media.engine.dtmf_inband import ToneDetector
from offhook.media.engine.jitter import JitterBuffer
from offhook.media.engine.legs import Legs
from offhook.media.engine.links import Links
from offhook.media.engine.receive import Receiver
from offhook.media.engine.slow import SlowPath
from offhook.media.engine.streams import Streams
from offhook.media.engine.types import (
    FRAME,
    NO_EVENTS,
    Arrivals,
    EngineEvent,
    Floats,
    Longs,
    MediaStarted,
    Octets,
)
from offhook.media.engine.vad import Activity


class Inbound:
    """Receive, play out, decode, conceal, measure, listen for keys."""

    def __init__(self, legs: Legs) -> None:
        self.legs = legs
        self.links = Links()
        self.streams = Streams(legs.capacity)
        self.jitter = JitterBuffer(legs.capacity)
        self.keys = DigitReceiver(legs.capacity)
        self.slow = SlowPath(legs, self.streams, self.jitter, self.keys)
        self.receiver = Receiver(legs, self.links, self.slow)
        self.concealer = Concealer(legs.capacity)
        self.activity = Activity(legs.capacity)
        self.tones = ToneDetector(legs.capacity)
        self.concealed: Longs = np.zeros(legs.capacity, np.int64)
        self._raw: Octets = np.zeros((legs.capacity, FRAME), np.uint8)

    def wipe(self, row: int, tick: int) -> None:
        """Forget everything about a row's former life."""
        self.streams.wipe(row, tick)
        self.slow.wipe(row)
        self.concealed[row] = 0
        for part in (self.jitter, self.keys, self.concealer, self.activity, self.tones):
            part.wipe(row)

    def flush(self, row: int) -> None:
        """Drop the audio that waits to be played."""
        if self.legs.link[row]:
            self.links.flush(row)
        else:
            self.jitter.flush(row)

    def run(self, bus: Floats, arrivals: Arrivals, tick: int, now: int) -> list[EngineEvent]:
        """Fill `bus[:top]`; what is worth telling of the streams."""
        self.receiver.sweep(arrivals, tick, now)
        self._play_out(bus, tick)
        top, legs = self.legs.top, self.legs
        audio = bus[:top]
        self.activity.measure(audio, self.jitter.have[:top] | legs.link[:top], tick)
        deaf = np.flatnonzero((legs.event_type[:top] == NO_EVENTS) & legs.rx[:top] & ~legs.link[:top])
        self.tones.listen(audio, self.activity.power, deaf, self.keys, now)
        self.keys.infer_ends(tick)
        silent = np.flatnonzero(legs.muted[:top])
        if silent.size:
            audio[silent] = 0
        return self._news()

    def _play_out(self, bus: Floats, tick: int) -> None:
        top, jitter = self.legs.top, self.jitter
        slots, _ = jitter.advance(top, tick, ~self.activity.voice[:top])
        raw = self._raw[:top]
        np.take(jitter.octets, slots, axis=0, out=raw, mode="wrap")
        decode_rows(raw, self.legs.law[:top], bus[:top])
        absent = np.flatnonzero(~jitter.have[:top])
        if absent.size:
            bus[absent] = 0
        self.concealer.note(top, jitter)
        missing = self.concealer.missing(top)
        if missing.size:
            bus[missing] = self.concealer.conceal(missing, jitter, self.legs.law)
            self.concealed[missing] += 1
        self.links.play(bus, tick)

    def _news(self) -> list[EngineEvent]:
        news: list[EngineEvent] = [MediaStarted(row) for row in self.streams.started]
        news.extend(self.slow.changed)
        self.streams.started.clear()
        self.slow.changed.clear()
        return news
