"""Any bytes give a message or a refusal, in linear time; what we write we read again."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offhook.core.errors import LocalStateError, RemoteProtocolError
from offhook.sip import headers
from offhook.sip.address import Address
from offhook.sip.build import response, serialise
from offhook.sip.flow import Flow
from offhook.sip.framing import Keepalive, StreamFramer
from offhook.sip.message import Headers, Message, Request, Response, key_of
from offhook.sip.parser import MAX_MESSAGE, parse
from offhook.sip.routing import response_destination, stamp_received
from offhook.sip.uri import Uri
from offhook.sip.validate import validate, validate_response
from offhook.sip.via import Via

T = TypeVar("T")
VECTORS = Path(__file__).parents[2] / "vectors" / "sip"
SAMPLES = [path.read_bytes() for path in sorted(VECTORS.glob("*.dat"))]
NAMES = st.sampled_from(
    [
        "Via",
        "v",
        "From",
        "To",
        "f",
        "t",
        "Call-ID",
        "CSeq",
        "Contact",
        "m",
        "Route",
        "Record-Route",
        "Max-Forwards",
        "Content-Length",
        "l",
        "Require",
        "Date",
        "Content-Type",
        "Authorization",
        "Proxy-Authenticate",
        "X-Any",
    ]
)
VALUES = st.text(st.characters(codec="utf-8"), max_size=60) | st.text(
    alphabet='",;<>=\\ \t:@[]/*sip0aZ%', max_size=60
)

FLOW = Flow("udp", ("203.0.113.10", 5060), ("192.0.2.1", 9988))
READERS: list[Callable[[Message], object]] = [
    headers.vias,
    headers.from_,
    headers.to,
    headers.contacts,
    headers.cseq,
    headers.call_id,
    headers.routes,
    headers.record_routes,
    headers.max_forwards,
    headers.content_length,
    headers.content_type,
    headers.content_handling_optional,
    headers.challenges,
    headers.authorizations,
    lambda message: headers.option_tags(message, "Require"),
]


def refused_or(read: Callable[[T], object], argument: T) -> object:
    """What `read` gives, None when it refuses with 400; any other exception fails the test."""
    try:
        return read(argument)
    except RemoteProtocolError as error:
        if error.status != 400:
            raise
        return None


def examine(data: bytes) -> None:
    """Everything a stack does with bytes from outside; only a protocol error may come out."""
    try:
        message = parse(data)
    except RemoteProtocolError:
        return
    for read in READERS:
        refused_or(read, message)
    if isinstance(message, Response):
        validate_response(message)
        return
    stamp_received(message, FLOW)
    assert response_destination(message, FLOW).remote[0] == FLOW.remote[0]
    refusal = validate(message)
    status = 200 if refusal is None else refusal.status
    assert 200 <= status <= 699
    extra = () if refusal is None else refusal.headers
    answer = response(message, status, None if refusal is None else refusal.reason, headers=extra)
    assert isinstance(parse(serialise(answer)), Response)


@given(st.binary(max_size=2000))
def test_any_bytes(data: bytes) -> None:
    examine(data)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=20), st.binary(max_size=50))
def test_any_headers(lines: list[tuple[str, str]], body: bytes) -> None:
    head = "INVITE sip:b@example.com SIP/2.0\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines)
    examine(head.encode("utf-8", "surrogateescape") + b"\r\n" + body)


@given(
    st.sampled_from(SAMPLES),
    st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 3), st.binary(max_size=4)), min_size=1, max_size=6
    ),
)
def test_damaged_messages(sample: bytes, damages: list[tuple[int, int, bytes]]) -> None:
    data = bytearray(sample)
    for place, length, replacement in damages:
        data[place : place + length] = replacement
    examine(bytes(data))


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_was_parsed_is_written_and_parsed_alike(sample: bytes) -> None:
    message = parse(sample)
    assert parse(serialise(message)) == message


TOKENS = st.text(alphabet="abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)


@given(
    st.sampled_from(["INVITE", "ACK", "x.y-Z"]),
    st.lists(st.tuples(TOKENS, TEXT), max_size=12),
    st.binary(max_size=100),
)
def test_parse_undoes_serialise(method: str, lines: list[tuple[str, str]], body: bytes) -> None:
    kept = [
        (name, value.strip(" \t")) for name, value in lines if name.lower() not in ("content-length", "l")
    ]
    request = Request(method, "sip:b@example.com", Headers([*kept, ("Content-Length", str(len(body)))]), body)
    assert parse(serialise(request)) == request


@given(st.text(max_size=60), st.text(max_size=60))
@example("X-Note", "a\r\nVia: evil")
@example("X\r\nY", "a")
def test_no_header_can_break_out(name: str, value: str) -> None:
    request = Request("OPTIONS", "sip:b@example.com", Headers([(name, value)]))
    try:
        data = serialise(request)
    except LocalStateError:
        return
    lines = 3 if key_of(name) == "content-length" else 4
    assert data.count(b"\r\n") == data.count(b"\n") == data.count(b"\r") == lines


@given(st.text(max_size=80))
def test_values_are_lossless(text: str) -> None:
    for parse_text in (Via.parse, Address.parse, Uri.parse):
        value = refused_or(parse_text, text)
        assert value is None or str(value) == text.strip(" \t")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_stream_framing_does_not_depend_on_the_cuts(cuts: list[int]) -> None:
    stream = b"\r\n\r\n" + SAMPLES[0] + b"\r\n" + SAMPLES[1] + b"\r\n\r\n" + SAMPLES[2]
    framer = StreamFramer()
    found: list[bytes | Keepalive] = []
    place = turn = 0
    while place < len(stream):
        size = cuts[turn % len(cuts)]
        found += framer.feed(stream[place : place + size])
        place, turn = place + size, turn + 1
    assert found == [Keepalive.PING, SAMPLES[0], SAMPLES[1], Keepalive.PING, SAMPLES[2]]


@given(st.binary(max_size=300))
def test_stream_framing_of_any_bytes(data: bytes) -> None:
    try:
        StreamFramer().feed(data)
    except RemoteProtocolError:
        pass


HOSTILE = {
    "unclosed quotes": lambda n: b'From: "' + b'\\"' * (n // 2),
    "duplicate digest parameters": lambda n: b"Authorization: Digest " + b'a="b",' * (n // 6) + b"!",
    "brackets": lambda n: b"Contact: " + b"<" * n,
    "closed brackets": lambda n: b"Contact: " + b"<>," * (n // 3),
    "semicolons": lambda n: b"Via: SIP/2.0/UDP a" + b";" * n,
    "quotes": lambda n: b"Via: SIP/2.0/UDP a;x=" + b'"";"' * (n // 4),
    "spaces": lambda n: b"To:" + b" " * n + b"x",
    "folds": lambda n: b"To: a" + b"\r\n " * (n // 3),
    "colons": lambda n: b"Via: SIP/2.0/UDP [" + b":" * n,
    "percent": lambda n: b"Contact: <sip:" + b"%41" * (n // 3) + b"@a>",
    "controls in quotes": lambda n: b"To: " + b'"\\\x01"' * (n // 4),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a9_hostile_headers_cost_linear_time(name: str) -> None:
    def cost(size: int) -> float:
        data = b"INVITE sip:b SIP/2.0\r\n" + HOSTILE[name](size) + b"\r\n\r\n"
        assert len(data) <= MAX_MESSAGE
        best = 1.0
        for _ in range(3):
            start = time.process_time()
            examine(data)
            best = min(best, time.process_time() - start)
        return best

    # Eight times the bytes: linear is 8, quadratic 64. The floor keeps timer noise out.
    assert cost(60_000) < 24 * max(cost(7_500), 0.001)
    assert cost(60_000) < 0.25
