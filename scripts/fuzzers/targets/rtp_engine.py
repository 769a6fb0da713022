"""The media engine: any arrivals, in any shape that the sweep can give, on rows of every kind.

A case is how the rows are set up and a list of sweeps. An arrival is a row, octets and the length that the
sweep reports for them, which may differ.
"""

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np

from offhook.core.errors import RemoteProtocolError
from offhook.media.engine import DEPARTURE_BYTES, FRAME_NS, Arrivals, Engine, LegSettings
from offhook.rtp import RtpPacket, TelephoneEvent

from .case import octets_of, pack, text_of, unpack
from .contract import SLOWEST_SECONDS, TargetOptions, require
from .mutate import Mutator

CAPACITY = 6
BATCH = 24
ROWS = (*range(CAPACITY), -1, CAPACITY, 2**31 - 1, -(2**31))
FIRST_OCTETS = (0x80, 0x80, 0x80, 0x80, 0x90, 0xA0, 0xB0, 0x81, 0x8F, 0xBF, 0x40, 0xC0, 0x00)
TYPES = (0, 0, 0, 8, 13, 72, 96, 101, 101, 127)


class RtpTarget:
    """Streams that mostly make sense, and packets that do not."""

    def __init__(self) -> None:
        self._mutator = Mutator(
            (_packet(Random(1), 0), _packet(Random(2), 1), bytes(172), b"\x80\xc8\0\6" + bytes(24))
        )

    def next(self, random: Random) -> bytes:
        sweeps = [
            [self._arrival(random, tick) for _ in range(random.choice((0, 1, 3, 6, BATCH + 4)))]
            for tick in range(random.randint(1, 12))
        ]
        legs = [
            [random.choice(("PCMU", "PCMA")), random.choice((0, 8, 96)), random.choice((101, 101, None)),
             random.random() < 0.9, random.random() < 0.9]
            for _ in range(3)
        ]  # fmt: skip
        return pack({"legs": legs, "keys": random.choice(("", "1#p*2", "ABCD")), "sweeps": sweeps})

    def check(self, data: bytes) -> None:
        began, case = time.perf_counter(), unpack(data)
        engine, rows = _engine(case["legs"], case["keys"])
        arrivals = Arrivals(BATCH)
        for number, sweep in enumerate(case["sweeps"]):
            arrivals.clear()
            for row, text, length in sweep:
                _add(arrivals, row, octets_of(text), length)
            self._tick(engine, number, arrivals, rows)
        for row in rows:
            stats = engine.stats(row)
            require(
                stats.received >= stats.late + stats.duplicate, "late and duplicate packets were received"
            )
            require(stats.lost >= 0 and stats.ignored >= 0 and stats.delay_ms >= 0, "no counter is negative")
            require(-127 <= stats.level_in <= 0, "a level is within −127 and 0 dBov")
        for row in rows:
            engine.close_row(row)
        arrivals.clear()
        engine.tick(len(case["sweeps"]) * FRAME_NS, arrivals)
        require(engine.open_rows == 0, "no row is left when all are closed")
        require(time.perf_counter() - began < SLOWEST_SECONDS, f"a case takes under {SLOWEST_SECONDS} s")

    def failing(self, data: bytes) -> bytes:
        return data

    def _tick(self, engine: Engine, number: int, arrivals: Arrivals, rows: Sequence[int]) -> None:
        departures = engine.tick(number * FRAME_NS, arrivals)
        require(set(departures.rows.tolist()) <= set(rows), "only open rows send")
        for row in departures.rows.tolist():
            length = int(departures.length[row])
            require(12 < length <= DEPARTURE_BYTES, "a packet has a header and fits its row")
            RtpPacket.parse(departures.data[row, :length].tobytes())
        require(bool(np.isfinite(engine.mixer.bus).all()), "no sample is infinite")

    def _arrival(self, random: Random, tick: int) -> list[Any]:
        data = _packet(random, tick)
        if random.random() < 0.3:
            data = self._mutator.mutate(random, data)[:2048]
        _parse(data)
        length = len(data) if random.random() < 0.95 else random.randrange(257)
        return [random.choice(ROWS[:4] if random.random() < 0.8 else ROWS), text_of(data), length]


def _engine(legs: list[Any], keys: str) -> tuple[Engine, list[int]]:
    """Legs as told and a link in one conversation, with a prompt, two recordings and keys to send."""
    engine = Engine(CAPACITY)
    rows = []
    for number, (codec, kind, events, send, receive) in enumerate(legs):
        rows.append(
            engine.open_leg(LegSettings(codec, kind, events, number, send, receive, 65_530, 2**32 - 200))
        )
    rows.append(engine.open_link())
    for row in rows:
        engine.join(row, 1)
    prompt = np.full(900, 500, np.int16)
    engine.play(prompt, conversation=1, loop=0, stop_on_digit=rows[0])
    engine.play(prompt, row=rows[1], loop=2, stop_on_speech=rows[1])
    engine.record(conversation=1, layout="split", owner=rows[0], end_on_key="1", end_on_silence_ms=200)
    engine.record(row=rows[1], beep=True)
    if keys:
        engine.send_digits(rows[0], keys)
    return engine, rows


def _add(arrivals: Arrivals, row: int, data: bytes, length: int) -> None:
    """As the sweep does it, with the length it reports."""
    if arrivals.add(row, data) and len(data) <= arrivals.data.shape[1] and arrivals.count:
        arrivals.length[arrivals.count - 1] = min(length, arrivals.data.shape[1])


def _packet(random: Random, tick: int) -> bytes:
    """A packet that is more or less the next one of a stream."""
    jump = random.choice((0, 0, 0, 0, 1, -1, 3, 100, 32_768, random.randrange(65_536)))
    sequence = (65_530 + tick + jump) & 0xFFFF
    stamp = (2**32 - 500 + 160 * (tick + jump) + random.choice((0, 0, 0, 0, 7, 2**31))) & 0xFFFF_FFFF
    kind = random.choice(TYPES) | random.choice((0, 0, 0, 128))
    body = random.choice((160, 160, 160, 80, 240, 4, 4, 0, 1, 320, 500, 1400))
    return (
        bytes((random.choice(FIRST_OCTETS), kind))
        + sequence.to_bytes(2, "big")
        + stamp.to_bytes(4, "big")
        + random.randrange(1, 3).to_bytes(4, "big")
        + random.randbytes(body)
    )


def _parse(data: bytes) -> None:
    """The value types refuse in their own way or not at all."""
    try:
        packet = RtpPacket.parse(data)
        TelephoneEvent.parse(packet.payload)
    except RemoteProtocolError:
        return


def make(options: TargetOptions) -> RtpTarget:
    return RtpTarget()
