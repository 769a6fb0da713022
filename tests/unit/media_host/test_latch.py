import pytest
from tests.unit.media_host.voice import Voice

from offhook.media.latch import STRANGER_PACKETS, Latch

NAMED = ("10.0.0.1", 4000)
TYPES = frozenset({0, 101})


def test_without_a_named_address_the_first_valid_packet_decides() -> None:
    latch = Latch(None, TYPES)
    assert not latch.offer(("10.9.9.9", 1), b"junk")
    assert latch.offer(("10.0.0.7", 5000), Voice(0).packet())
    assert latch.settled
    assert latch.destination == ("10.0.0.7", 5000)


def test_the_named_address_is_sent_to_at_once_and_believed_at_once() -> None:
    latch = Latch(NAMED, TYPES)
    assert latch.destination == NAMED
    assert latch.offer(NAMED, Voice(0).packet())
    assert latch.settled


def test_another_port_of_the_named_host_is_a_nat() -> None:
    latch = Latch(NAMED, TYPES)
    assert latch.offer(("10.0.0.1", 61000), Voice(0).packet())
    assert latch.destination == ("10.0.0.1", 61000)


def test_a_stranger_is_believed_after_a_run_of_packets() -> None:
    latch, voice = Latch(NAMED, TYPES), Voice(0)
    believed = [latch.offer(("192.0.2.9", 7000), voice.packet()) for _ in range(STRANGER_PACKETS)]
    assert believed == [False] * (STRANGER_PACKETS - 1) + [True]


def test_strangers_that_alternate_are_not_believed() -> None:
    latch = Latch(NAMED, TYPES)
    for _ in range(5):
        assert not latch.offer(("192.0.2.9", 7000), Voice(0, ssrc=1).packet())
        assert not latch.offer(("192.0.2.9", 7000), Voice(0, ssrc=2).packet())
    assert latch.offer(NAMED, Voice(0).packet())
    assert latch.destination == NAMED


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        bytes(11),
        bytes([0x40, 0]) + bytes(170),
        bytes([0x80, 8]) + bytes(170),
        bytes([0x80, 200]) + bytes(30),
    ],
    ids=["empty", "short", "version 1", "another payload type", "RTCP"],
)
def test_what_is_not_the_legs_rtp_decides_nothing(datagram: bytes) -> None:
    latch = Latch(None, TYPES)
    assert not latch.offer(("10.0.0.7", 5000), datagram)
    assert not latch.settled


def test_a_new_answer_learns_anew_and_the_same_one_does_not() -> None:
    latch = Latch(NAMED, TYPES)
    latch.offer(NAMED, Voice(0).packet())
    assert not latch.aim(NAMED, TYPES)
    assert latch.settled
    assert latch.aim(("10.0.0.2", 6000), TYPES)
    assert (latch.settled, latch.destination) == (False, ("10.0.0.2", 6000))


def test_after_silence_it_sends_where_it_was_and_believes_anew() -> None:
    latch = Latch(NAMED, TYPES)
    latch.offer(("10.0.0.1", 61000), Voice(0).packet())
    latch.forget()
    assert latch.destination == ("10.0.0.1", 61000)
    assert latch.offer(("10.0.0.1", 61002), Voice(0).packet())
    assert latch.destination == ("10.0.0.1", 61002)
