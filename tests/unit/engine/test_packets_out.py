"""Headers of what leaves."""

from tests.unit.engine.harness import Bench

from offhook.media.engine import LegSettings


def test_numbers_start_where_the_settings_say_and_wrap() -> None:
    bench = Bench()
    phone = bench.phone(ssrc=0xDEADBEEF, first_sequence=65534, first_timestamp=0xFFFF_FF60)
    bench.run(4)
    assert [packet.sequence for packet in phone.packets] == [65534, 65535, 0, 1]
    assert [packet.timestamp for packet in phone.packets] == [0xFFFF_FF60, 0, 160, 320]
    assert {packet.ssrc for packet in phone.packets} == {0xDEADBEEF}
    assert [packet.marker for packet in phone.packets] == [True, False, False, False]
    assert {len(packet.payload) for packet in phone.packets} == {160}


def test_silence_is_the_laws_own() -> None:
    bench = Bench()
    mu, a = bench.phone("PCMU"), bench.phone("PCMA")
    bench.run(2)
    assert mu.packets[1].payload == b"\xff" * 160
    assert a.packets[1].payload == b"\xd5" * 160
    assert (mu.packets[1].payload_type, a.packets[1].payload_type) == (0, 8)


def test_a_leg_that_must_not_send_is_still_and_its_timestamp_runs_on() -> None:
    bench = Bench()
    phone = bench.phone(send=False, first_sequence=10)
    bench.run(5)
    assert phone.packets == []
    bench.engine.update_leg(phone.row, LegSettings("PCMU", 0, 101, send=True))
    bench.run(1)
    assert (phone.packets[0].sequence, phone.packets[0].timestamp) == (10, 5 * 160)
    assert bench.engine.stats(phone.row).sent == 1


def test_an_update_changes_codec_and_source_in_the_stream() -> None:
    bench = Bench()
    phone = bench.phone(ssrc=1)
    bench.run(2)
    bench.engine.update_leg(phone.row, LegSettings("PCMA", 8, None, ssrc=2))
    bench.run(1)
    last = phone.packets[-1]
    assert (last.payload_type, last.ssrc, last.sequence, last.timestamp) == (8, 2, 2, 320)
