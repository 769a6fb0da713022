"""Packets, key events, sequence numbers and the phone's jitter buffer."""

import pytest

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.rtp import (
    JitterBuffer,
    JitterMeter,
    RtpPacket,
    SequenceTracker,
    TelephoneEvent,
    event_code,
    sequence_step,
    timestamp_step,
)

PLAIN = bytes.fromhex("8000 1234 000000a0 deadbeef") + b"ab"
FULL = (
    bytes.fromhex("b2e5 ffff ffffffff 00000001 00000002 00000003 bede0001 10ff0000")
    + b"xyz"
    + b"\x00\x00\x03"
)


def test_a_plain_packet() -> None:
    packet = RtpPacket.parse(PLAIN)
    assert packet == RtpPacket(0, 0x1234, 160, 0xDEADBEEF, b"ab")
    assert packet.serialise() == PLAIN


def test_a_packet_with_everything() -> None:
    packet = RtpPacket.parse(FULL)
    assert packet == RtpPacket(
        101, 0xFFFF, 0xFFFFFFFF, 1, b"xyz", True, (2, 3), (0xBEDE, b"\x10\xff\x00\x00"), 3
    )
    assert packet.serialise() == FULL


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "at least 12"),
        (PLAIN[:11], "at least 12"),
        (b"\x40" + PLAIN[1:], "version is 1"),
        (b"\x8f" + PLAIN[1:], "15 contributing"),
        (b"\x90" + PLAIN[1:], "extension"),
        (b"\x90" + PLAIN[1:12] + b"\x00\x00\x00\x02abcd", "promises 2 words"),
        (b"\xa0" + PLAIN[1:12] + b"ab\x00", "padding count 0"),
        (b"\xa0" + PLAIN[1:12] + b"ab\x04", "padding count 4"),
        (b"\xa0" + PLAIN[1:12], "padding count"),
    ],
)
def test_what_is_no_packet(data: bytes, problem: str) -> None:
    with pytest.raises(RemoteProtocolError, match=problem) as caught:
        RtpPacket.parse(data)
    assert caught.value.status == 0


@pytest.mark.parametrize(
    "packet",
    [RtpPacket(128, 0, 0, 0), RtpPacket(0, 65536, 0, 0), RtpPacket(0, 0, -1, 0), RtpPacket(0, 0, 0, 1 << 32)],
)
def test_fields_that_do_not_fit(packet: RtpPacket) -> None:
    with pytest.raises(LocalStateError, match="must be 0 to"):
        packet.serialise()


def test_bad_shapes_to_serialise() -> None:
    with pytest.raises(LocalStateError, match="15 contributing"):
        RtpPacket(0, 0, 0, 0, csrcs=tuple(range(16))).serialise()
    with pytest.raises(LocalStateError, match="whole number"):
        RtpPacket(0, 0, 0, 0, extension=(0, b"abc")).serialise()


def test_key_events() -> None:
    event = TelephoneEvent.parse(bytes.fromhex("0b8a0320"))
    assert event == TelephoneEvent(11, True, 10, 800)
    assert event.digit == "#"
    assert event.serialise() == bytes.fromhex("0b8a0320")
    assert TelephoneEvent(16, False, 0, 0).digit is None
    assert [event_code(digit) for digit in "09*#Ad"] == [0, 9, 10, 11, 12, 15]
    with pytest.raises(RemoteProtocolError, match="4 octets"):
        TelephoneEvent.parse(b"\x01\x02\x03")
    with pytest.raises(LocalStateError, match="not a key"):
        event_code("x")
    with pytest.raises(LocalStateError, match="does not fit"):
        TelephoneEvent(1, False, 64, 0).serialise()


def test_steps_wrap() -> None:
    assert sequence_step(2, 65534) == 4
    assert sequence_step(65534, 2) == -4
    assert timestamp_step(100, 0xFFFFFFFF) == 101


def test_tracker_counts_over_the_wrap() -> None:
    tracker = SequenceTracker()
    assert [tracker.update(n) for n in (65534, 65535, 1, 0, 3)] == [65534, 65535, 65537, 65536, 65539]
    assert (tracker.expected, tracker.received, tracker.lost) == (6, 5, 1)


def test_tracker_believes_a_restart_on_the_second_packet() -> None:
    tracker = SequenceTracker()
    for number in (10, 11, 13):
        tracker.update(number)
    assert tracker.update(30000) is None
    assert tracker.update(30001) == 30001
    assert (tracker.received, tracker.expected, tracker.lost) == (1, 1, 1)
    assert tracker.update(60000) is None
    assert tracker.update(30002) == 30002
    assert tracker.update(60001) is None


def test_jitter_meter_follows_rfc_3550() -> None:
    meter = JitterMeter()
    assert meter.update(0, 0) == 0
    assert meter.update(160, 160) == 0
    assert meter.update(320 + 80, 320) == pytest.approx(5.0)
    assert meter.update(480, 480) == pytest.approx(5 + 75 / 16)


def test_jitter_buffer_orders_and_counts() -> None:
    buffer = JitterBuffer(delay=2)
    assert buffer.pop() is None
    base = 0xFFFF_FFFF - 159
    assert buffer.put(base, b"a")
    assert buffer.put(160, b"c")
    assert [buffer.pop(), buffer.pop()] == [None, None]
    assert buffer.put(0, b"b")
    assert not buffer.put(0, b"b")
    assert [buffer.pop() for _ in range(4)] == [b"a", b"b", b"c", None]
    assert not buffer.put(160, b"c")
    assert (buffer.late, buffer.duplicate, buffer.missing, buffer.depth) == (1, 1, 1, 0)


def test_jitter_buffer_starts_anew_after_a_jump() -> None:
    buffer = JitterBuffer(delay=0)
    buffer.put(0, b"a")
    assert buffer.pop() == b"a"
    assert buffer.put(1_000_000, b"z")
    assert buffer.pop() == b"z"
