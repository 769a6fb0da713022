"""Loss, order, delay, drift: what is heard, and what the statistics say of it."""

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, Pcm, Phone, find, speech

from offhook.audio import tables
from offhook.media.engine import MediaStarted, SourceChanged
from offhook.rtp import RtpPacket


def pair(bench: Bench, events: int | None = 101) -> tuple[Phone, Phone]:
    one, two = bench.phone(events=events), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    return one, two


def packets(phone: Phone, pcm: Pcm, size: int = 160) -> list[bytes]:
    octets = tables.encode(phone.settings.codec, pcm)
    return [phone.audio(octets[i : i + size]) for i in range(0, len(octets), size)]


def test_a_plain_stream_waits_one_frame_and_loses_nothing() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(100, 1)
    one.say(voice)
    bench.run(102)
    assert find(voice, two.heard) == 1
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.lost, stats.late, stats.duplicate, stats.ignored) == (100, 0, 0, 0, 0)
    assert stats.jitter_ms == 0.0
    assert bench.of(MediaStarted) == [MediaStarted(one.row)]


def test_two_swapped_packets_are_played_in_order() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(20, 1)
    sent = packets(one, voice)
    sent[4], sent[5] = sent[5], sent[4]
    for packet in sent:
        bench.tick((one.row, packet))
    bench.run(2)
    assert find(voice, two.heard) == 1


def test_two_packets_in_one_sweep_are_taken_in_order() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(21, 1)
    sent = packets(one, voice)
    bench.tick((one.row, sent[0]))
    for index in range(1, 21, 2):
        bench.tick()
        bench.tick((one.row, sent[index]), (one.row, sent[index + 1]))
    bench.run(6)
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.lost, stats.late) == (21, 0, 0)
    assert find(voice[160 * 4 :], two.heard) > 0


def test_duplicates_count_once() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(20, 1)
    for packet in packets(one, voice):
        bench.tick((one.row, packet), (one.row, packet))
    bench.run(2)
    assert find(voice, two.heard) == 1
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.duplicate, stats.lost) == (40, 20, 0)


def test_a_lost_packet_is_concealed_and_does_not_grow_the_buffer() -> None:
    bench = Bench()
    one, two = pair(bench)
    tone = np.round(8000 * np.sin(2 * np.pi * 100 / 8000 * np.arange(160 * 60))).astype(np.int16)
    for index, packet in enumerate(packets(one, tone)):
        if index == 30:
            bench.tick()
        else:
            bench.tick((one.row, packet))
    bench.run(1)
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.lost, stats.concealed) == (59, 1, 1)
    assert stats.delay_ms == 20.0
    # 100 Hz has a pitch period of 80 samples: the concealed frame carries the wave on, a little softer.
    frame = two.frames[31].astype(int)
    clean = tone[30 * 160 : 31 * 160].astype(int)
    assert np.corrcoef(frame, clean)[0, 1] > 0.99
    assert 0.7 < np.abs(frame).max() / np.abs(clean).max() <= 1.02


def test_a_long_gap_fades_to_silence() -> None:
    bench = Bench()
    one, two = pair(bench)
    one.say(speech(20, 1))
    bench.run(20 + 7)
    assert two.frames[22].any()
    assert not two.frames[26].any()
    assert bench.engine.stats(one.row).concealed == 5


def test_silence_that_is_not_sent_keeps_its_length() -> None:
    bench = Bench()
    one, two = pair(bench)
    first, second = speech(10, 1), speech(10, 2)
    one.say(first)
    bench.run(10)
    one.pass_time(100)
    bench.run(100)
    one.say(second)
    bench.run(12)
    assert find(first, two.heard) == 1
    assert find(second, two.heard) == 111
    assert bench.engine.stats(one.row).lost == 0


def test_a_talk_spurt_that_begins_between_frames_is_whole() -> None:
    bench = Bench()
    one, two = pair(bench)
    one.say(speech(10, 1))
    bench.run(10)
    one.timestamp = (one.timestamp + 160 * 50 + 37) & 0xFFFF_FFFF
    bench.run(50)
    second = speech(10, 2)
    one.say(second)
    bench.run(12)
    assert find(second, two.heard) > 0


@pytest.mark.parametrize("size", [80, 240, 320, 480, 640])
def test_other_packet_times_are_heard_exactly(size: int) -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(192, 1)
    due: dict[int, list[bytes]] = {}
    for index, packet in enumerate(packets(one, voice, size)):
        # A packet leaves when its last sample has been spoken.
        due.setdefault(-(-(index + 1) * size // 160), []).append(packet)
    for tick in range(200):
        bench.tick(*[(one.row, packet) for packet in due.get(tick, [])])
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.lost, stats.ignored) == (192 * 160 // size, 0, 0)
    assert stats.late <= 1
    assert stats.delay_ms <= 80
    assert find(voice[20 * 160 : 180 * 160], two.heard) > 0


def test_a_duplicate_of_an_uncommon_packet_is_one() -> None:
    bench = Bench()
    one, _ = pair(bench)
    for packet in packets(one, speech(10, 1), 80):
        bench.tick((one.row, packet), (one.row, packet))
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.duplicate, stats.lost) == (40, 20, 0)


def test_a_late_stream_grows_the_buffer_and_then_loses_nothing() -> None:
    bench = Bench()
    one, two = pair(bench)
    random = np.random.default_rng(7)
    voice = speech(600, 1)
    arriving: dict[int, list[bytes]] = {}
    for index, packet in enumerate(packets(one, voice)):
        arriving.setdefault(index + int(random.integers(0, 4)), []).append(packet)
    late = []
    for tick in range(604):
        bench.tick(*[(one.row, packet) for packet in arriving.get(tick, [])])
        late.append(bench.engine.stats(one.row).late)
    stats = bench.engine.stats(one.row)
    assert (stats.received, stats.lost) == (600, 0)
    assert late[-1] == late[60]
    assert late[-1] <= 4
    assert 60 <= stats.delay_ms <= 80
    assert stats.jitter_ms > 5
    assert find(voice[100 * 160 : 500 * 160], two.heard) > 0


def test_the_buffer_shrinks_again_in_silence() -> None:
    bench = Bench()
    one, _ = pair(bench)
    quiet = np.zeros(160 * 2500, np.int16)
    sent = packets(one, quiet)
    for index, packet in enumerate(sent):
        if index % 50 == 10 and index < 200:
            held = packet
            bench.tick()
        elif index % 50 == 14 and index < 200:
            bench.tick((one.row, held), (one.row, packet))
        else:
            bench.tick((one.row, packet))
        if index == 220:
            assert bench.engine.stats(one.row).delay_ms >= 80
    assert bench.engine.stats(one.row).delay_ms <= 20


@pytest.mark.parametrize("every", [1000, -1000])
def test_a_drifting_clock_is_followed(every: int) -> None:
    bench = Bench()
    one, _ = pair(bench)
    voice = np.concatenate([speech(20, 1), np.zeros(160 * 20, np.int16)])
    for tick in range(3300):
        if not one.saying:
            one.say(voice)
        if tick % abs(every) == 0 and tick:
            if every > 0:
                one.saying.appendleft(one.saying[0])
                bench.tick((one.row, one.audio(one.saying.popleft())))
            else:
                held, one.saying = one.saying, type(one.saying)()
                bench.tick()
                one.saying = held
        else:
            bench.tick()
    stats = bench.engine.stats(one.row)
    assert stats.late <= 8
    assert stats.delay_ms <= 60


def test_a_clock_that_stood_still_while_silent_is_read_anew() -> None:
    bench = Bench()
    one, two = pair(bench)
    one.say(speech(10, 1))
    bench.run(110)
    second = speech(40, 2)
    one.say(second)
    bench.run(45)
    assert find(second[20 * 160 :], two.heard) > 0
    assert bench.engine.stats(one.row).late <= 12


def test_after_a_stall_the_newest_is_played() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(120, 1)
    sent = packets(one, voice)
    for packet in sent[:20]:
        bench.tick((one.row, packet))
    # The engine itself was held up: 30 packets are there at once.
    bench.tick(*[(one.row, packet) for packet in sent[20:50]])
    for packet in sent[50:]:
        bench.tick((one.row, packet))
    bench.run(3)
    assert find(voice[60 * 160 : 115 * 160], two.heard) > 0
    assert bench.engine.stats(one.row).delay_ms <= 80


def test_a_restarted_timestamp_needs_two_packets() -> None:
    bench = Bench()
    one, two = pair(bench)
    one.say(speech(10, 1))
    bench.run(10)
    one.timestamp = 123_456_789
    voice = speech(20, 2)
    one.say(voice)
    bench.run(25)
    assert find(voice[160:], two.heard) > 0
    assert bench.engine.stats(one.row).ignored == 1


def test_another_source_takes_over_when_the_old_one_stops() -> None:
    bench = Bench()
    one, two = pair(bench)
    one.say(speech(10, 1))
    bench.run(10)
    one.ssrc, one.sequence, one.timestamp = 77, 5, 99
    voice = speech(20, 2)
    one.say(voice)
    bench.run(25)
    assert bench.of(SourceChanged) == [SourceChanged(one.row, 77)]
    assert find(voice[2 * 160 :], two.heard) > 0
    assert bench.engine.stats(one.row).lost == 0


def test_two_sources_at_once_do_not_alternate() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(50, 1)
    one.say(voice)
    bench.run(5)
    for index in range(40):
        stray = RtpPacket(0, 900 + index, index * 160, 4242, b"\x00" * 160)
        bench.tick((one.row, stray.serialise()))
    assert bench.of(SourceChanged) == []
    assert bench.engine.stats(one.row).ignored == 40
    assert find(voice[: 44 * 160], two.heard) == 1


def test_extensions_padding_and_contributing_sources_are_read() -> None:
    bench = Bench()
    one, two = pair(bench)
    voice = speech(30, 1)
    octets = tables.encode("PCMU", voice)
    shapes: list[dict[str, object]] = [
        {"extension": (0xBEDE, b"\x10\xff\x00\x00")},
        {"csrcs": (1, 2, 3)},
        {"padding": 4},
        {"extension": (1, b""), "csrcs": (9,), "padding": 200, "marker": True},
        {},
    ]
    for index in range(30):
        frame = octets[index * 160 : index * 160 + 160]
        bench.tick((one.row, one.audio(frame, **shapes[index % 5])))
    bench.run(2)
    assert find(voice, two.heard) == 1


def test_what_is_no_rtp_is_silence_and_counted() -> None:
    bench = Bench()
    one, two = pair(bench)
    for junk in (
        b"",
        b"\x00",
        b"\x80" * 11,
        b"\x00" * 172,
        b"\xff" * 172,
        bytes(300),
        b"\x80\x7f" + bytes(170),
    ):
        bench.tick((one.row, junk))
    assert bench.engine.stats(one.row).ignored == 7
    assert bench.engine.stats(one.row).received == 0
    assert bench.of(MediaStarted) == []
    assert not two.heard.any()


def test_comfort_noise_packets_are_no_loss() -> None:
    bench = Bench()
    one, _ = pair(bench)
    one.say(speech(5, 1))
    bench.run(5)
    noise = RtpPacket(13, one.sequence, one.timestamp, one.ssrc, b"\x40").serialise()
    one.sequence = (one.sequence + 1) & 0xFFFF
    one.pass_time()
    bench.tick((one.row, noise))
    one.say(speech(5, 1))
    bench.run(6)
    assert bench.engine.stats(one.row).lost == 0


def test_a_leg_that_must_not_receive_does_not() -> None:
    bench = Bench()
    one, two = bench.phone(receive=False), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    one.say(speech(10, 1))
    bench.run(12)
    assert not two.heard.any()
    assert bench.engine.stats(one.row).received == 0


def test_a_flood_is_bounded() -> None:
    bench = Bench(64)
    one, _ = pair(bench)
    sent = packets(one, speech(100, 1))
    bench.tick(*[(one.row, packet) for packet in sent])
    stats = bench.engine.stats(one.row)
    assert stats.received == 32
    assert stats.ignored == 68


def test_flush_drops_what_waits() -> None:
    bench = Bench()
    one, two = pair(bench)
    sent = packets(one, speech(6, 2))
    bench.tick(*[(one.row, packet) for packet in sent])
    bench.engine.flush(one.row)
    heard_before = len(two.frames)
    bench.run(5)
    assert not np.concatenate(two.frames[heard_before:]).any()
    voice = speech(10, 3)
    one.say(voice)
    bench.run(12)
    assert find(voice, two.heard) > 0
