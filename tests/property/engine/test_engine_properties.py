"""Whatever arrives, the engine stands, and its counters add up."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.audio import tables
from offhook.media.engine import FRAME_NS, Arrivals, Engine, LegSettings
from offhook.rtp import RtpPacket

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

headers = st.builds(
    lambda first, second, sequence, stamp, ssrc, body: (
        bytes((first, second))
        + sequence.to_bytes(2, "big")
        + stamp.to_bytes(4, "big")
        + bytes((0, 0, 0, ssrc))
        + body
    ),
    st.sampled_from([0x80, 0x80, 0x80, 0x90, 0xA0, 0x81, 0xBF, 0x40, 0x00]),
    st.sampled_from([0, 0x80, 101, 0xE5, 8, 13, 72, 200]),
    st.one_of(st.integers(0, 20), st.integers(0, 65535)),
    st.one_of(st.integers(0, 3200), st.integers(0, 2**32 - 1)),
    st.integers(1, 2),
    st.one_of(
        st.binary(max_size=20),
        st.just(bytes(160)),
        st.just(bytes(80)),
        st.binary(min_size=230, max_size=1500),
    ),
)
datagrams = st.one_of(headers, headers, st.binary(max_size=400))
ticks = st.lists(st.lists(st.tuples(st.integers(-1, 6), datagrams), max_size=12), max_size=25)


def engine_with_everything() -> Engine:
    engine = Engine(6)
    for settings_ in (
        LegSettings("PCMU", 0, 101),
        LegSettings("PCMA", 8, None),
        LegSettings("PCMU", 0, 101, receive=False),
    ):
        engine.join(engine.open_leg(settings_), 1)
    engine.join(engine.open_link(), 1)
    engine.play(np.full(900, 500, np.int16), conversation=1, loop=0, stop_on_digit=0)
    engine.record(conversation=1, layout="split", owner=0, end_on_key="1", end_on_silence_ms=200)
    engine.record(row=1)
    engine.send_digits(0, "12")
    return engine


@QUICK
@given(ticks)
def test_any_bytes_at_all(sweeps: list[list[tuple[int, bytes]]]) -> None:
    engine, arrivals = engine_with_everything(), Arrivals(16)
    given_to = [0] * 6
    for number, sweep in enumerate(sweeps):
        arrivals.clear()
        for row, datagram in sweep:
            if arrivals.add(row, datagram) and 0 <= row < 6:
                given_to[row] += 1
        departures = engine.tick(number * FRAME_NS, arrivals)
        assert departures.rows.tolist() == [0, 1, 2]
        assert all(departures.length[row] in (16, 172) for row in departures.rows)
        assert len(departures.extra) == 1
        assert np.isfinite(engine.mixer.bus).all()
    for row in range(4):
        stats = engine.stats(row)
        assert stats.received + stats.ignored == given_to[row]
        assert stats.late + stats.duplicate <= stats.received
        assert stats.lost >= 0
        assert stats.sent == len(sweeps)
        assert stats.delay_ms >= 0
        assert -127 <= stats.level_in <= 0


@QUICK
@given(st.lists(st.tuples(st.integers(0, 8), st.booleans(), st.booleans()), min_size=20, max_size=120))
def test_every_packet_is_played_late_duplicate_or_lost(fates: list[tuple[int, bool, bool]]) -> None:
    """Each packet is delayed by some ticks, or lost, or doubled."""
    engine, arrivals = Engine(1), Arrivals(400)
    row = engine.open_leg(LegSettings("PCMU", 0, None))
    wire: dict[int, list[bytes]] = {}
    sent = doubled = lost = 0
    for number, (delay, lose, double) in enumerate(fates):
        packet = RtpPacket(0, number, number * 160, 7, tables.encode("PCMU", np.full(160, 900, np.int16)))
        if lose and number:
            lost += 1
            continue
        sent += 1
        delay = delay if number else 0
        wire.setdefault(number + delay, []).append(packet.serialise())
        if double:
            doubled += 1
            wire.setdefault(number + delay + 1, []).append(packet.serialise())
    for tick in range(len(fates) + 12):
        arrivals.clear()
        for datagram in wire.get(tick, []):
            arrivals.add(row, datagram)
        engine.tick(tick * FRAME_NS, arrivals)
    stats = engine.stats(row)
    assert stats.received == sent + doubled
    assert stats.ignored == 0
    assert stats.duplicate + stats.late >= doubled
    trailing = next((index for index, fate in enumerate(reversed(fates)) if not fate[1]), len(fates) - 1)
    assert stats.lost >= lost - trailing - (doubled - stats.duplicate)


@QUICK
@given(st.lists(st.integers(0, 11), min_size=1, max_size=60), st.integers(0, 2**16))
def test_commands_in_any_order_keep_the_engine_sound(program: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    engine, arrivals = Engine(4), Arrivals(4)
    rows: list[int] = []
    players: list[int] = []
    recorders: list[int] = []
    for step, operation in enumerate(program):
        row = rows[int(random.integers(len(rows)))] if rows else None
        if operation <= 1 and len(rows) < 4:
            rows.append(engine.open_leg(LegSettings("PCMU", 0, 101)) if operation else engine.open_link())
        elif row is None:
            continue
        elif operation == 2:
            engine.close_row(row)
            rows.remove(row)
        elif operation in (3, 4):
            engine.join(row, int(random.integers(2)))
        elif operation == 5:
            engine.leave(row)
        elif operation == 6:
            players.append(engine.play(np.full(500, 800, np.int16), row=row, loop=0, stop_on_digit=row))
        elif operation == 7:
            players.append(engine.play(np.full(500, 800, np.int16), conversation=1))
        elif operation == 8:
            recorders.append(engine.record(row=row, layout="split", beep=bool(step % 2), timeout_ms=100))
        elif operation == 9:
            recorders.append(engine.record(conversation=0, layout="channels", channels=3))
        elif operation == 10 and players:
            engine.stop_play(players.pop())
        elif operation == 11 and recorders:
            engine.stop_record(recorders.pop())
        departures = engine.tick(step * FRAME_NS, arrivals)
        assert len(departures.rows) + len(departures.extra) == len(rows)
        assert engine.open_rows == len(rows)
    for row in rows:
        engine.close_row(row)
    departures = engine.tick(0, arrivals)
    assert departures.rows.size == 0
    assert not departures.extra
