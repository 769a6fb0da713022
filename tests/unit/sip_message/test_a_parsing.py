"""A1–A9: what a SIP parser must read and what it must survive; one test per case, named by its code."""

from collections.abc import Callable

import pytest

from offhook.core.errors import RemoteProtocolError
from offhook.sip import headers
from offhook.sip.build import serialise
from offhook.sip.message import Request, Response
from offhook.sip.parser import MAX_HEADERS, MAX_LINE, MAX_MESSAGE, parse
from offhook.sip.validate import validate, validate_response

Vector = Callable[[str], bytes]
MINIMAL = (
    b"OPTIONS sip:b@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
)


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def status(data: bytes) -> int | None:
    refusal = validate(request(data))
    return None if refusal is None else refusal.status


def test_a1_folded_headers(vector: Vector) -> None:
    message = request(vector("folded_headers"))
    assert validate(message) is None
    assert message.headers.get("Subject") == "one two three"
    top = headers.vias(message)[0]
    assert (top.branch, top.wants_rport, top.port) == ("z9hG4bKfolded", True, 5060)
    assert headers.from_(message).display == "Folded Name"
    assert headers.cseq(message) == (1, "INVITE")
    contact = message.headers.get("Accept-Contact")
    assert contact == ('*;mobility="mobile", *;+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel"')


def test_a1_a_fold_of_white_space_only_adds_nothing() -> None:
    message = request(MINIMAL + b"Subject: a\r\n   \r\n b\r\n\r\n")
    assert message.headers.get("subject") == "a b"


def test_a2_space_before_colon_compact_names_any_case(vector: Vector) -> None:
    message = request(vector("compact_and_spaced"))
    assert validate(message) is None
    assert headers.to(message).uri == "sip:b@example.com"
    assert headers.call_id(message) == "compact@example.com"
    assert headers.cseq(message) == (7, "OPTIONS")
    assert headers.option_tags(message, "Supported") == ["a", "b"]
    assert [address.uri for address in headers.contacts(message) or []] == ["sip:a@198.51.100.7"]  # type: ignore[union-attr]


def test_a2_unknown_headers_are_kept_byte_for_byte(vector: Vector) -> None:
    data = vector("compact_and_spaced")
    message = request(data)
    assert ("X-Odd_Name.1", 'kept  as  it  is;(\\"<>) %41 ü') in message.headers.items()
    assert [name for name, _ in message.headers][:4] == ["v", "f", "t", "I"]
    assert b"kept  as  it  is" in serialise(message)


def test_a2_bytes_that_are_not_utf8_come_back() -> None:
    message = request(MINIMAL + b"X-Bytes: \xff\xfe\x80\r\n\r\n")
    assert b"X-Bytes: \xff\xfe\x80\r\n" in serialise(message)


def test_a3_several_values_per_line_and_several_lines(vector: Vector) -> None:
    message = request(vector("several_values"))
    assert validate(message) is None
    assert [(via.transport, via.sent_by, via.branch) for via in headers.vias(message)] == [
        ("UDP", "one.example.com", "z9hG4bK1"),
        ("TCP", "two.example.com:5070", "z9hG4bK2"),
        ("TLS", "three.example.com", "z9hG4bK3"),
    ]
    assert [route.uri for route in headers.record_routes(message)] == [
        "sip:rr1.example.com;lr",
        "sip:rr2.example.com;lr=on",
        "sip:rr3.example.com;lr",
    ]
    assert [route.uri for route in headers.routes(message)] == [
        "sip:r1.example.com;lr",
        "sip:r2.example.com",
        "sip:r3.example.com;lr",
    ]
    contacts = headers.contacts(message)
    assert not isinstance(contacts, headers.Star)
    assert [(contact.display, contact.uri) for contact in contacts] == [
        ("A", "sip:a@192.0.2.1"),
        ("B, C", "sip:b@192.0.2.2"),
        ("", "sip:c@192.0.2.3"),
    ]
    assert contacts[2].params.get("expires") == "60"
    assert headers.option_tags(message, "Supported") == ["timer", "100rel", "replaces"]


def test_a3_contact_star() -> None:
    assert headers.contacts(request(MINIMAL + b"Contact: *\r\n\r\n")) is headers.STAR


def test_a4_commas_inside_quotes(vector: Vector) -> None:
    message = request(vector("quoted_specials"))
    assert validate(message) is None
    sender = headers.from_(message)
    assert sender.display == 'Comma, semi; <angle> "quote" \\ end'
    assert sender.uri == "sip:a@example.com;p=1"
    assert sender.tag == "10+1"
    assert sender.params.get("x") == "y;z"
    assert sender.params.raw("x") == '"y;z"'
    assert headers.vias(message)[0].params.get("x") == "a,b;c"


def test_a4_unquoted_display_name_of_several_words(vector: Vector) -> None:
    assert headers.to(request(vector("quoted_specials"))).display == "Bob  van den Berg"


def test_a4_parameters_after_an_addr_spec_belong_to_the_header(vector: Vector) -> None:
    contacts = headers.contacts(request(vector("quoted_specials")))
    assert not isinstance(contacts, headers.Star)
    assert contacts[0].uri == "sip:a@192.0.2.1"
    assert str(contacts[0].params) == ";user=phone;expires=60"


def test_a4_control_characters_in_quoted_pairs(vector: Vector) -> None:
    message = request(vector("quoted_pair_controls"))
    assert headers.to(message).display == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert validate(message) is None


@pytest.mark.parametrize(
    "line",
    [b'To: "open <sip:b@c>', b"To: <sip:b@c", b"To: Bob", b'To: "Bob" sip:b@c', b"To: <sip:b@c> x", b"To:"],
)
def test_a4_malformed_addresses_are_400(line: bytes) -> None:
    data = MINIMAL.replace(b"To: <sip:b@example.com>", line)
    assert status(data + b"\r\n") == 400


def test_a5_ipv6_hosts_with_and_without_brackets(vector: Vector) -> None:
    message = request(vector("ipv6_hosts"))
    assert validate(message) is None
    first, second = headers.vias(message)
    assert (first.host, first.port, first.received) == ("2001:db8::9:1", 5061, "2001:db8::9:255")
    assert (second.host, second.port, second.received) == ("2001:db8::9:2", None, "2001:db8::9:254")
    assert second.params.get("maddr") == "[2001:db8::a]"
    assert second.branch == "z9hG4bK/2"
    assert first.sent_by == "[2001:db8::9:1]:5061"
    assert headers.to(message).parsed_uri().host == "2001:db8::10"


def test_a6_bytes_after_content_length_are_ignored() -> None:
    message = request(MINIMAL + b"Content-Length: 3\r\n\r\nabcdefg")
    assert message.body == b"abc"
    assert validate(message) is None


def test_a6_without_content_length_the_datagram_is_the_body() -> None:
    assert request(MINIMAL + b"\r\nabcdefg").body == b"abcdefg"


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 8\r\n",
        b"Content-Length: -999\r\n",
        b"Content-Length: 7x\r\n",
        b"Content-Length: \r\n",
        b"Content-Length: 99999999999999999999999\r\n",
        b"Content-Length: 7\r\nl: 7\r\n",
    ],
)
def test_a6_a_wrong_content_length_is_400(lines: bytes) -> None:
    assert status(MINIMAL + lines + b"\r\nabcdefg") == 400


def test_a6_a_truncated_response_is_dropped() -> None:
    data = MINIMAL.replace(b"OPTIONS sip:b@example.com SIP/2.0", b"SIP/2.0 200 OK", 1)
    cut, whole = parse(data + b"Content-Length: 8\r\n\r\nabc"), parse(data + b"Content-Length: 3\r\n\r\nabc")
    assert isinstance(cut, Response)
    assert isinstance(whole, Response)
    assert not validate_response(cut)
    assert validate_response(whole)


def test_a7_leading_line_ends_are_skipped() -> None:
    assert request(b"\r\n\r\n" + MINIMAL + b"\r\n").method == "OPTIONS"


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0", b"    ", b"jaK"])
def test_a7_keep_alives_are_dropped(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(data)
    assert caught.value.status == 0


def test_a8_binary_bodies_are_unchanged(vector: Vector) -> None:
    data = vector("binary_body")
    message = request(data)
    assert message.body == bytes(range(256))
    assert serialise(message) == data


def test_a9_too_many_headers_are_513() -> None:
    assert status(MINIMAL + b"X: 1\r\n" * MAX_HEADERS + b"\r\n") == 513


def test_a9_too_long_a_header_is_513() -> None:
    assert status(MINIMAL + b"X: " + b"a" * MAX_LINE + b"\r\n\r\n") == 513


def test_a9_too_long_a_message_is_dropped() -> None:
    with pytest.raises(RemoteProtocolError, match="more than"):
        parse(MINIMAL + b"\r\n" + b"a" * MAX_MESSAGE)


@pytest.mark.parametrize(
    "line",
    [
        b"Via: " + b", ".join([b"SIP/2.0/UDP a;branch=z9hG4bK"] * 100),
        b"Contact: <sip:a@b>" + b";x" * 100,
        b"Record-Route: " + b"<sip:a>," * 100,
    ],
)
def test_a9_too_many_values_are_400(line: bytes) -> None:
    assert status(MINIMAL + line + b"\r\n\r\n") == 400


@pytest.mark.parametrize("bad", [b"\n", b"\r", b"\0", b"\x07", b"\x7f"])
def test_control_characters_outside_quoted_pairs_are_dropped(bad: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(MINIMAL + b"Subject: a" + bad + b"b\r\n\r\n")
    assert caught.value.status == 0


def test_control_characters_are_judged_after_unfolding() -> None:
    # Line by line both halves look right; joined, the control character stands outside the quotes.
    with pytest.raises(RemoteProtocolError):
        parse(MINIMAL + b'Subject: "a\r\n b" "\\\x01" "\r\n\r\n')
    with pytest.raises(RemoteProtocolError):
        parse(MINIMAL + b'Subject: "a\r\n "\\\x01"\r\n\r\n')


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1",
        b"hello",
        b"SIP/2.0 4294967301 big",
        b"SIP/2.0 099 low",
        b"SIP/2.0 700 high",
        b"SIP/2.0",
        b"IN VITE sip:b HTTP/2",
        b"\xff\xff sip:b SIP/2.0",
    ],
)
def test_what_is_no_sip_is_dropped(start: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        parse(start + b"\r\n" + MINIMAL.partition(b"\r\n")[2] + b"\r\n")
    assert caught.value.status == 0


def test_a_response_without_a_reason_phrase() -> None:
    for line in (b"SIP/2.0 100", b"SIP/2.0 100 "):
        message = parse(line + b"\r\n" + MINIMAL.partition(b"\r\n")[2] + b"\r\n")
        assert isinstance(message, Response)
        assert (message.status, message.reason) == (100, "")
        assert validate_response(message)


def test_typed_headers_are_parsed_once_and_again_after_a_change() -> None:
    message = request(MINIMAL + b"\r\n")
    assert headers.vias(message) is headers.vias(message)
    assert headers.from_(message) is headers.from_(message)
    message.headers.set("From", "<sip:c@example.com>")
    assert headers.from_(message).uri == "sip:c@example.com"
