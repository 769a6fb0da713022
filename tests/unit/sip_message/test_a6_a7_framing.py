"""A6 and A7 on streams: where a message ends, and the keep-alives between messages."""

import pytest

from offhook.core.errors import RemoteProtocolError
from offhook.sip.framing import Keepalive, StreamFramer
from offhook.sip.parser import MAX_MESSAGE

ONE = b"OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 3\r\n\r\nabc"
TWO = b"OPTIONS sip:b SIP/2.0\r\nL  :\r\n  2\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK2\r\n\r\n\r\n"


def test_a6_messages_one_after_another() -> None:
    assert StreamFramer().feed(ONE + TWO + ONE) == [ONE, TWO, ONE]


def test_a6_messages_byte_by_byte() -> None:
    framer = StreamFramer()
    found = [item for byte in ONE + TWO for item in framer.feed(bytes([byte]))]
    assert found == [ONE, TWO]


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"Content-Length: -1\r\n",
        b"Content-Length: 3.0\r\n",
        b"Content-Length: 0x3\r\n",
        b"Content-Length:\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nl: 4\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: 999999999\r\n",
    ],
)
def test_a6_a_content_length_that_tells_nothing_closes_the_connection(lines: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        StreamFramer().feed(b"OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n" + lines + b"\r\nabc")
    assert caught.value.status == 400


def test_a6_whole_messages_before_an_offence_are_given() -> None:
    framer = StreamFramer()
    assert framer.feed(ONE + b"OPTIONS sip:b SIP/2.0\r\nContent-Length: -1\r\n\r\n") == [ONE]
    assert framer.broken
    with pytest.raises(RemoteProtocolError):
        framer.feed(TWO)


def test_a6_a_part_of_a_message_is_known_as_such() -> None:
    framer = StreamFramer()
    known = []
    for portion in (b"\r\n\r", ONE[:10], ONE[10:], b"\r"):
        framer.feed(portion)
        known.append(framer.partial)
    assert known == [False, True, False, False]


def test_a6_headers_without_end_close_the_connection() -> None:
    framer = StreamFramer()
    for _ in range(MAX_MESSAGE // 1000):
        assert framer.feed(b"x" * 1000) == []
    with pytest.raises(RemoteProtocolError, match="too long"):
        framer.feed(b"x" * 1000)


def test_a7_a_ping_is_reported() -> None:
    assert StreamFramer().feed(b"\r\n\r\n") == [Keepalive.PING]


def test_a7_a_fragmented_ping_is_one_ping() -> None:
    framer = StreamFramer()
    found = [framer.feed(bytes([byte])) for byte in b"\r\n\r\n"]
    assert found == [[], [], [], [Keepalive.PING]]


def test_a7_pings_between_messages() -> None:
    assert StreamFramer().feed(b"\r\n\r\n" + ONE + b"\r\n\r\n\r\n\r\n" + TWO) == [
        Keepalive.PING,
        ONE,
        Keepalive.PING,
        Keepalive.PING,
        TWO,
    ]


def test_a7_a_pong_before_a_message_is_no_ping() -> None:
    framer = StreamFramer()
    assert framer.feed(ONE + b"\r\n") == [ONE]
    assert framer.feed(TWO) == [TWO]
