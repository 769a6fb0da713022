"""An engine with phones on it, in ticks. A phone says frames, hears frames, and can send any bytes."""

from collections import deque
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from offhook.audio import tables
from offhook.media.engine import FRAME_NS, LINK_BYTES, Arrivals, Engine, EngineEvent, LegSettings
from offhook.rtp import RtpPacket, TelephoneEvent

Pcm = npt.NDArray[np.int16]
E = TypeVar("E")


class Phone:
    """The far end of one row."""

    def __init__(self, row: int, settings: LegSettings, ssrc: int) -> None:
        self.row = row
        self.settings = settings
        self.ssrc = ssrc
        self.sequence = 65530
        self.timestamp = 0xFFFF_FF00
        self.packets: list[RtpPacket] = []
        self.frames: list[Pcm] = []
        self.saying: deque[bytes] = deque()

    def say(self, pcm: Pcm) -> None:
        octets = tables.encode(self.settings.codec, pcm)
        self.saying.extend(octets[i : i + 160] for i in range(0, len(octets), 160))

    def audio(self, payload: bytes, **fields: Any) -> bytes:
        """The next audio packet of this phone; its clock moves on."""
        packet = RtpPacket(
            self.settings.payload_type, self.sequence, self.timestamp, self.ssrc, payload, **fields
        )
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + len(payload)) & 0xFFFF_FFFF
        return packet.serialise()

    def key(self, event: int, duration: int, *, end: bool = False, marker: bool = False) -> bytes:
        """A key packet with the phone's present timestamp; the clock does not move."""
        payload = TelephoneEvent(event, end, 10, duration).serialise()
        kind = self.settings.event_payload_type
        assert kind is not None
        packet = RtpPacket(kind, self.sequence, self.timestamp, self.ssrc, payload, marker)
        self.sequence = (self.sequence + 1) & 0xFFFF
        return packet.serialise()

    def pass_time(self, frames: int = 1) -> None:
        self.timestamp = (self.timestamp + 160 * frames) & 0xFFFF_FFFF

    @property
    def heard(self) -> Pcm:
        return np.concatenate(self.frames) if self.frames else np.zeros(0, np.int16)


class Bench:
    """Ticks an engine; every phone that has something to say sends one packet a tick."""

    def __init__(self, capacity: int = 8) -> None:
        self.engine = Engine(capacity)
        self.arrivals = Arrivals(4 * capacity + 64)
        self.phones: dict[int, Phone] = {}
        self.now = 0
        self.events: list[EngineEvent] = []
        self.links: dict[int, list[Pcm]] = {}

    def phone(self, codec: str = "PCMU", events: int | None = 101, **fields: Any) -> Phone:
        kind = 0 if codec == "PCMU" else 8
        settings = LegSettings(codec, kind, events, **fields)
        row = self.engine.open_leg(settings)
        phone = self.phones[row] = Phone(row, settings, 0x1000 + row)
        return phone

    def hang_up(self, phone: Phone) -> None:
        self.engine.close_row(phone.row)
        del self.phones[phone.row]

    def tick(self, *raw: tuple[int, bytes]) -> list[EngineEvent]:
        """One tick: `raw` datagrams first, then what the phones say. Returns its events."""
        self.arrivals.clear()
        for row, datagram in raw:
            assert self.arrivals.add(row, datagram)
        for phone in self.phones.values():
            if phone.saying:
                assert self.arrivals.add(phone.row, phone.audio(phone.saying.popleft()))
        departures = self.engine.tick(self.now, self.arrivals)
        self.now += FRAME_NS
        for row in departures.rows.tolist():
            self._deliver(row, departures.data[row, : departures.length[row]].tobytes())
        for row, frame in departures.extra:
            assert len(frame) == LINK_BYTES
            self.links.setdefault(row, []).append(np.frombuffer(frame, "<i2"))
        self.events.extend(departures.events)
        return departures.events

    def run(self, ticks: int) -> list[EngineEvent]:
        events: list[EngineEvent] = []
        for _ in range(ticks):
            events.extend(self.tick())
        return events

    def of(self, kind: type[E]) -> list[E]:
        """All events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def _deliver(self, row: int, datagram: bytes) -> None:
        phone = self.phones[row]
        packet = RtpPacket.parse(datagram)
        phone.packets.append(packet)
        if packet.payload_type == phone.settings.payload_type:
            phone.frames.append(tables.decode(phone.settings.codec, packet.payload))


def speech(frames: int, seed: int, codec: str = "PCMU", loudest: int = 12000) -> Pcm:
    """Noise of values that the codec stores exactly, so that a mix can be checked to the sample."""
    table = tables.MULAW_DECODE if codec == "PCMU" else tables.ALAW_DECODE
    exact = table[np.abs(table.astype(np.int32)) <= loudest]
    return np.random.default_rng(seed).choice(exact, frames * 160).astype(np.int16)


def coded(codec: str, *voices: Pcm) -> Pcm:
    """What a phone hears of a sum of voices: limited, encoded, decoded."""
    total = np.sum([voice.astype(np.int32) for voice in voices], axis=0)
    return tables.decode(codec, tables.encode(codec, np.clip(total, -32768, 32767).astype(np.int16)))


def find(part: Pcm, whole: Pcm) -> int:
    """The frame at which `part` is in `whole`, exactly; −1 when it is not."""
    for first in range(0, whole.size - part.size + 1, 160):
        if np.array_equal(whole[first : first + part.size], part):
            return first // 160
    return -1
