"""What is read in whole columns: first packets of many legs, the arrays that stay, the view of idle legs."""

import numpy as np
from tests.unit.engine.harness import Bench, speech

from offhook.media.engine import Arrivals, LegSettings, MediaStarted
from offhook.media.engine.engine import Engine
from offhook.media.engine.types import FRAME
from offhook.rtp.packet import RtpPacket

LEGS = 6


def opened(capacity: int, legs: int) -> Engine:
    engine = Engine(capacity)
    for leg in range(legs):
        engine.open_leg(LegSettings(ssrc=leg))
    return engine


def packet(row: int, number: int, **fields: object) -> bytes:
    whole = {"payload_type": 0, "sequence": number, "timestamp": number * FRAME, "ssrc": row + 50}
    return RtpPacket(**{**whole, "payload": bytes([row + 1] * FRAME), **fields}).serialise()  # type: ignore[arg-type]


def test_first_packets_of_many_legs_start_them_all_with_all_that_came() -> None:
    engine, arrivals = opened(8, LEGS), Arrivals(64)
    for number in (1, 2):
        for row in range(LEGS):
            arrivals.add(row, packet(row, number))
    departures = engine.tick(0, arrivals)
    assert [event.row for event in departures.events if isinstance(event, MediaStarted)] == list(range(LEGS))
    for row in range(LEGS):
        stats = engine.stats(row)
        assert (stats.received, stats.lost, stats.duplicate, stats.ignored) == (2, 0, 0, 0)


def test_a_first_packet_that_comes_twice_counts_once() -> None:
    engine, arrivals = opened(8, 2), Arrivals(64)
    for _ in range(2):
        arrivals.add(1, packet(1, 9))
    engine.tick(0, arrivals)
    stats = engine.stats(1)
    assert (stats.received, stats.duplicate, stats.lost) == (2, 1, 0)


def test_a_first_packet_of_another_payload_type_or_of_a_leg_on_hold_starts_nothing() -> None:
    engine, arrivals = opened(8, 1), Arrivals(64)
    held = engine.open_leg(LegSettings(ssrc=9, receive=False))
    arrivals.add(0, packet(0, 1, payload_type=3))
    arrivals.add(held, packet(held, 1))
    assert engine.tick(0, arrivals).events == []
    assert [engine.stats(row).ignored for row in (0, held)] == [1, 1]


def test_the_rows_that_send_are_one_array_until_one_of_them_changes() -> None:
    engine, arrivals = opened(8, 3), Arrivals(8)
    first = engine.tick(0, arrivals).rows
    assert engine.tick(0, arrivals).rows is first
    engine.update_leg(1, LegSettings(send=False))
    assert engine.tick(0, arrivals).rows.tolist() == [0, 2]
    engine.close_row(2)
    assert engine.tick(0, arrivals).rows.tolist() == [0]
    assert engine.open_leg(LegSettings()) == 2
    assert engine.tick(0, arrivals).rows.tolist() == [0, 2]
    assert first.tolist() == [0, 1, 2]


def test_idle_looks_at_every_third_row_up_to_the_highest_open_one() -> None:
    engine, arrivals = opened(1_000, 5), Arrivals(8)
    arrivals.add(1, packet(1, 1))
    engine.tick(0, arrivals)
    arrivals.clear()
    for _ in range(4):
        engine.tick(0, arrivals)
    assert engine.idle(1, 3) == [(1, 100), (4, 100)]
    arrivals.add(4, packet(4, 1))
    engine.tick(0, arrivals)
    assert engine.idle(1, 3) == [(1, 120), (4, 20)]


def test_rows_above_the_highest_open_one_are_not_touched() -> None:
    bench = Bench(capacity=64)
    phone = bench.phone()
    phone.say(speech(10, 1))
    engine = bench.engine
    engine.mixer.heard[1:] = 7.0
    engine.outbound.sender.data[1:] = 7
    engine.inbound.jitter.play[1:] = 7
    engine.inbound.activity.noise[1:] = 7.0
    engine.inbound.concealer.gap[1:] = 7
    bench.run(10)
    for array in (
        engine.mixer.heard,
        engine.outbound.sender.data,
        engine.inbound.jitter.play,
        engine.inbound.activity.noise,
        engine.inbound.concealer.gap,
    ):
        assert np.all(array[1:] == 7)
