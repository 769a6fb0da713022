"""Keys in and out, as packets (RFC 4733) and as tones (Q.23, Q.24)."""

import numpy as np
import pytest
from tests.unit.engine.harness import Bench, Phone, find, speech

from offhook.audio import levels, tables, tones
from offhook.core.errors import LocalStateError
from offhook.media.engine import FRAME_NS, DigitHeard, DigitsSent, LegSettings
from offhook.rtp import DIGITS, RtpPacket, TelephoneEvent


def press(
    bench: Bench, phone: Phone, event: int, updates: int = 5, ends: int = 3, lose: tuple[int, ...] = ()
) -> None:
    """A whole key press: packets 20 ms apart, the last repeated; `lose` names those that vanish."""
    for index in range(updates + ends - 1):
        duration = min(index + 1, updates) * 160
        packet = phone.key(event, duration, end=index >= updates - 1, marker=index == 0)
        bench.tick(*([] if index in lose else [(phone.row, packet)]))
    phone.pass_time(updates + ends - 1)


@pytest.mark.parametrize("event", range(16))
def test_every_key_is_reported_once(event: int) -> None:
    bench = Bench()
    phone = bench.phone()
    phone.say(speech(3, 1))
    bench.run(3)
    began = bench.now
    press(bench, phone, event)
    bench.run(12)
    assert bench.of(DigitHeard) == [DigitHeard(phone.row, DIGITS[event], 100, began)]
    stats = bench.engine.stats(phone.row)
    assert (stats.received, stats.lost, stats.ignored) == (10, 0, 0)


def test_it_is_reported_with_the_first_end_packet() -> None:
    bench = Bench()
    phone = bench.phone()
    press(bench, phone, 1, updates=5, ends=1)
    assert len(bench.of(DigitHeard)) == 1


@pytest.mark.parametrize("lose", [(0,), (0, 1, 2, 3), (4, 5), (1, 3, 5), (0, 1, 2, 3, 4, 5)])
def test_lost_packets_lose_no_key(lose: tuple[int, ...]) -> None:
    bench = Bench()
    phone = bench.phone()
    press(bench, phone, 7, lose=lose)
    bench.run(10)
    assert [digit.digit for digit in bench.of(DigitHeard)] == ["7"]
    assert bench.of(DigitHeard)[0].duration_ms == 100


def test_when_every_end_is_lost_the_end_is_inferred() -> None:
    bench = Bench()
    phone = bench.phone()
    press(bench, phone, 3, lose=(4, 5, 6))
    assert bench.of(DigitHeard) == []
    bench.run(8)
    assert [(digit.digit, digit.duration_ms) for digit in bench.of(DigitHeard)] == [("3", 80)]


def test_a_newer_key_ends_the_one_before() -> None:
    bench = Bench()
    phone = bench.phone()
    press(bench, phone, 3, lose=(4, 5, 6))
    press(bench, phone, 3)
    assert [(digit.digit, digit.duration_ms) for digit in bench.of(DigitHeard)] == [("3", 80), ("3", 100)]


def test_the_same_key_twice_is_two() -> None:
    bench = Bench()
    phone = bench.phone()
    for event in (5, 5, 5, 10, 11):
        press(bench, phone, event)
    assert "".join(digit.digit for digit in bench.of(DigitHeard)) == "555*#"


def test_repeats_that_come_late_are_no_new_key() -> None:
    bench = Bench()
    phone = bench.phone()
    stale = phone.key(4, 480)
    phone.sequence = (phone.sequence - 1) & 0xFFFF
    press(bench, phone, 4)
    bench.tick((phone.row, stale))
    press(bench, phone, 6)
    bench.tick((phone.row, stale))
    bench.run(12)
    assert "".join(digit.digit for digit in bench.of(DigitHeard)) == "46"


def test_a_press_longer_than_its_counter_is_one_press() -> None:
    bench = Bench()
    phone = bench.phone()
    for tick in range(409):
        bench.tick((phone.row, phone.key(9, (tick + 1) * 160, marker=tick == 0)))
    phone.timestamp = (phone.timestamp + 0xFFFF) & 0xFFFF_FFFF
    for tick in range(11):
        bench.tick((phone.row, phone.key(9, (tick + 1) * 160, end=tick == 10)))
    digits = bench.of(DigitHeard)
    assert [digit.digit for digit in digits] == ["9"]
    assert digits[0].duration_ms == 409 * 20 + 11 * 20


def test_events_that_are_no_keys_are_ignored() -> None:
    bench = Bench()
    phone = bench.phone()
    press(bench, phone, 16)
    short = RtpPacket(101, phone.sequence, phone.timestamp, phone.ssrc, b"\x01")
    bench.tick((phone.row, short.serialise()))
    bench.run(10)
    assert bench.of(DigitHeard) == []


def test_a_key_does_not_disturb_the_audio_around_it() -> None:
    bench = Bench()
    one, two = bench.phone(), bench.phone()
    for phone in (one, two):
        bench.engine.join(phone.row, 1)
    voice = speech(20, 1)
    one.say(voice[: 10 * 160])
    bench.run(10)
    press(bench, one, 5, updates=4, ends=3)
    one.say(voice[10 * 160 :])
    bench.run(12)
    assert find(voice[: 10 * 160], two.heard) == 1
    assert find(voice[10 * 160 :], two.heard) == 17


# ── sending ──────────────────────────────────────────────────────────────────────────────────────


def test_a_key_goes_out_as_rfc_4733_says() -> None:
    bench = Bench()
    phone = bench.phone(first_sequence=100, first_timestamp=8000)
    bench.run(2)
    sequence = bench.engine.send_digits(phone.row, "5", tone_ms=100, gap_ms=80)
    bench.run(12)
    packets = phone.packets
    assert [packet.sequence for packet in packets] == list(range(100, 114))
    events = [packet for packet in packets if packet.payload_type == 101]
    told = [TelephoneEvent.parse(packet.payload) for packet in events]
    assert [packet.timestamp for packet in events] == [8000 + 320] * 7
    assert [packet.marker for packet in events] == [True] + [False] * 6
    assert [event.duration for event in told] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in told] == [False] * 4 + [True] * 3
    assert {event.digit for event in told} == {"5"}
    audio = [packet for packet in packets if packet.payload_type == 0]
    assert [packet.timestamp for packet in audio] == [
        8000,
        8160,
        *range(8000 + 9 * 160, 8000 + 14 * 160, 160),
    ]
    assert [packet.marker for packet in audio] == [True, False, True, False, False, False, False]
    assert bench.of(DigitsSent) == [DigitsSent(sequence)]


def test_strings_go_one_after_another_and_p_pauses() -> None:
    bench = Bench()
    phone = bench.phone()
    first = bench.engine.send_digits(phone.row, "1p2", tone_ms=40, gap_ms=60)
    second = bench.engine.send_digits(phone.row, "#", tone_ms=40, gap_ms=60)
    bench.run(5 + 25 + 5 + 5 + 1)
    starts = {}
    for place, packet in enumerate(phone.packets):
        if packet.payload_type == 101 and packet.marker:
            starts[TelephoneEvent.parse(packet.payload).digit] = place
    assert starts == {"1": 0, "2": 30, "#": 35}
    assert bench.of(DigitsSent) == [DigitsSent(first), DigitsSent(second)]


def test_what_one_engine_sends_another_hears() -> None:
    for events in (101, None):
        ours, theirs = Bench(), Bench()
        sender, hearer = ours.phone(events=events), theirs.phone(events=events)
        ours.engine.send_digits(sender.row, "0123456789*#p42", tone_ms=100, gap_ms=80)
        for _ in range(180):
            ours.tick()
            theirs.tick((hearer.row, sender.packets[-1].serialise()))
        digits = theirs.of(DigitHeard)
        assert "".join(digit.digit for digit in digits) == "0123456789*#42", events
        assert {digit.duration_ms for digit in digits} <= {80, 100, 120}


def test_tones_when_the_peer_has_no_events() -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    bench.engine.send_digits(phone.row, "9", tone_ms=100, gap_ms=80)
    bench.run(9)
    heard = np.concatenate(phone.frames[:5])
    assert np.abs(heard.astype(int) - tones.dtmf("9", 100)).max() < 600
    assert not np.concatenate(phone.frames[5:]).any()


def test_only_keys_can_be_sent() -> None:
    bench = Bench()
    phone = bench.phone()
    with pytest.raises(LocalStateError, match="'X' is not a key"):
        bench.engine.send_digits(phone.row, "1x")
    with pytest.raises(LocalStateError, match="link"):
        bench.engine.send_digits(bench.engine.open_link(), "1")


# ── keys in the audio ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("digit", "0123456789*#ABCD")
@pytest.mark.parametrize("offset", [0, 37, 91, 150])
def test_tones_are_recognised_wherever_they_begin(digit: str, offset: int) -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    phone.say(
        np.concatenate(
            [np.zeros(160 * 5 + offset, np.int16), tones.dtmf(digit, 100), np.zeros(1600, np.int16)]
        )
    )
    bench.run(25)
    digits = bench.of(DigitHeard)
    assert [heard.digit for heard in digits] == [digit]
    assert 60 <= digits[0].duration_ms <= 120
    assert abs(digits[0].at - 6 * FRAME_NS) <= FRAME_NS


@pytest.mark.parametrize("offset", range(0, 160, 16))
def test_the_shortest_keys_with_the_shortest_gaps(offset: int) -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    gap = np.zeros(320, np.int16)
    keys = [part for digit in "1159##" for part in (tones.dtmf(digit, 40), gap)]
    phone.say(np.concatenate([np.zeros(480 + offset, np.int16), *keys, gap]))
    bench.run(34)
    assert "".join(digit.digit for digit in bench.of(DigitHeard)) == "1159##"


def test_a_hole_of_10_ms_or_a_crackle_splits_no_key() -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    tone = tones.dtmf("6", 200)
    tone[800:880] = 0
    tone[1120:1180] += np.random.default_rng(1).normal(0, 9000, 60).astype(np.int16)
    phone.say(np.concatenate([np.zeros(480, np.int16), tone, np.zeros(800, np.int16)]))
    bench.run(25)
    assert [(digit.digit, digit.duration_ms) for digit in bench.of(DigitHeard)] == [("6", 200)]


@pytest.mark.parametrize("gain", [0.1, 0.3, 1.5])
def test_quiet_loud_and_noisy_tones(gain: float) -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    noise = np.random.default_rng(3).normal(0, 300 * gain, 160 * 60)
    pcm = noise.copy()
    for place, digit in enumerate("159#"):
        at = 800 + place * 2000
        pcm[at : at + 640] += tones.dtmf(digit, 80, gain)
    phone.say(pcm.astype(np.int16))
    bench.run(62)
    assert "".join(digit.digit for digit in bench.of(DigitHeard)) == "159#"


def test_a_tone_stops_a_prompt_and_single_tones_and_voices_are_no_keys() -> None:
    bench = Bench()
    phone = bench.phone(events=None)
    chirp = 6000 * np.sin(2 * np.pi * np.cumsum(np.linspace(300, 3400, 16000)) / 8000)
    phone.say(
        np.concatenate([speech(40, 1), chirp.astype(np.int16), tones.sine(697, 200), tones.sine(1209, 200)])
    )
    bench.run(160)
    assert bench.of(DigitHeard) == []


def test_legs_with_events_are_not_listened_to() -> None:
    bench = Bench()
    phone = bench.phone(events=101)
    phone.say(tones.dtmf("5", 200))
    bench.run(20)
    assert bench.of(DigitHeard) == []


def test_a_change_of_settings_in_the_middle_of_a_key_is_survived() -> None:
    bench = Bench()
    phone = bench.phone(events=101)
    sequence = bench.engine.send_digits(phone.row, "12", tone_ms=100)
    bench.run(2)
    bench.engine.update_leg(phone.row, LegSettings("PCMU", 0, None))
    bench.run(30)
    assert bench.of(DigitsSent) == [DigitsSent(sequence)]
    assert levels.goertzel(tables.decode("PCMU", phone.packets[10].payload), 1336.0) > 1e6
