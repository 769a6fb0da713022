"""A11 and the shape of what we send: nothing from a user breaks out of its header."""

import pytest

from offhook.core.errors import LocalStateError
from offhook.sip import headers
from offhook.sip.address import Address
from offhook.sip.build import REASONS, request, response, serialise
from offhook.sip.message import Request
from offhook.sip.parser import parse
from offhook.sip.via import Via

BAD = ["a\r\nVia: evil", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\x7fb"]


def make(**changes: object) -> Request:
    arguments: dict[str, object] = {
        "via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport",
        "from_": "<sip:a@example.com>;tag=1",
        "to": "<sip:b@example.com>",
        "call_id": "1",
        "cseq": 7,
        "max_forwards": 70,
    }
    arguments.update(changes)
    return request("INVITE", "sip:b@example.com", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", ["via", "from_", "to", "call_id", "contact", "content_type"])
def test_a11_control_characters_are_refused_in_every_part(place: str, bad: str) -> None:
    with pytest.raises(LocalStateError):
        make(**{place: bad})


@pytest.mark.parametrize("bad", BAD)
def test_a11_control_characters_are_refused_in_extra_headers(bad: str) -> None:
    with pytest.raises(LocalStateError, match="X-Note holds a control character"):
        make(headers=[("X-Note", bad)])
    with pytest.raises(LocalStateError, match="not a token"):
        make(headers=[(bad, "x")])


def test_a11_a_quoted_pair_from_a_user_is_refused_too() -> None:
    with pytest.raises(LocalStateError):
        make(headers=[("X-Note", '"\\\x00"')])


@pytest.mark.parametrize("name", ["", "X Note", "X:Note", "X-Nöte"])
def test_a11_header_names_are_tokens(name: str) -> None:
    with pytest.raises(LocalStateError, match="not a token"):
        make(headers=[(name, "x")])


@pytest.mark.parametrize("bad", [*BAD, "sip:a b", ""])
def test_a11_the_request_line_is_guarded(bad: str) -> None:
    with pytest.raises(LocalStateError):
        request("INVITE", bad, via="v", from_="f", to="t", call_id="c", cseq=1, max_forwards=70)
    with pytest.raises(LocalStateError):
        request(bad, "sip:b", via="v", from_="f", to="t", call_id="c", cseq=1, max_forwards=70)


def test_a11_the_reason_phrase_and_the_tag_are_guarded() -> None:
    with pytest.raises(LocalStateError):
        response(make(), 200, "OK\r\nX: y")
    with pytest.raises(LocalStateError):
        response(make(), 200, to_tag="a b")


def test_a11_what_was_added_later_is_caught_when_written() -> None:
    made = make()
    made.headers.add("X-Note", "a\r\nVia: evil")
    with pytest.raises(LocalStateError):
        serialise(made)
    made.headers.set("X-Note", "\ud800")
    with pytest.raises(LocalStateError, match="UTF-8"):
        serialise(made)


def test_a_request_is_written_in_the_usual_order() -> None:
    made = make(
        via=Via.parse("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport"),
        from_=Address("Jane Doe", "sip:a@example.com").with_tag("1"),
        routes=["<sip:r1;lr>", "<sip:r2;lr>"],
        contact="<sip:a@192.0.2.1>",
        headers=[("X-Note", " ü ")],
        body=b"v=0\r\n",
        content_type="application/sdp",
    )
    assert serialise(made).decode() == (
        "INVITE sip:b@example.com SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n"
        "Route: <sip:r1;lr>\r\n"
        "Route: <sip:r2;lr>\r\n"
        "Max-Forwards: 70\r\n"
        "From: Jane Doe <sip:a@example.com>;tag=1\r\n"
        "To: <sip:b@example.com>\r\n"
        "Call-ID: 1\r\n"
        "CSeq: 7 INVITE\r\n"
        "Contact: <sip:a@192.0.2.1>\r\n"
        "X-Note: ü\r\n"
        "Content-Type: application/sdp\r\n"
        "Content-Length: 5\r\n"
        "\r\n"
        "v=0\r\n"
    )
    assert parse(serialise(made)) == made


def received() -> Request:
    message = parse(
        b"INVITE sip:b@example.com SIP/2.0\r\n"
        b"v : SIP / 2.0/UDP  192.0.2.1 ;branch=z9hG4bK1, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK+2\r\n"
        b"Via: SIP/2.0/TLS 192.0.2.3;branch=z9hG4bK3\r\n"
        b"Record-Route:  <sip:rr;lr>\r\n"
        b'f: "A\\"B"  <sip:a@example.com>;tag=10+1\r\n'
        b"To: sip:b@example.com\r\n"
        b"Call-ID: 1\r\nCSeq: 7    INVITE\r\nTimestamp: 54\r\nSubject: no\r\nContent-Length: 0\r\n\r\n"
    )
    assert isinstance(message, Request)
    return message


def test_a_response_echoes_what_was_received() -> None:
    made = response(received(), 180, to_tag="x")
    assert serialise(made).decode() == (
        "SIP/2.0 180 Ringing\r\n"
        "v: SIP / 2.0/UDP  192.0.2.1 ;branch=z9hG4bK1, SIP/2.0/TCP 192.0.2.2;branch=z9hG4bK+2\r\n"
        "Via: SIP/2.0/TLS 192.0.2.3;branch=z9hG4bK3\r\n"
        "Record-Route: <sip:rr;lr>\r\n"
        'f: "A\\"B"  <sip:a@example.com>;tag=10+1\r\n'
        "To: sip:b@example.com;tag=x\r\n"
        "Call-ID: 1\r\n"
        "CSeq: 7    INVITE\r\n"
        "Content-Length: 0\r\n"
        "\r\n"
    )


@pytest.mark.parametrize(
    ("status", "route"), [(100, False), (180, True), (200, True), (302, False), (486, False)]
)
def test_record_route_goes_into_what_makes_a_dialog(status: int, route: bool) -> None:
    assert ("Record-Route" in response(received(), status).headers) is route


def test_100_has_no_tag_and_repeats_timestamp() -> None:
    made = response(received(), 100, to_tag="x")
    assert headers.to(made).tag is None
    assert made.headers.get("Timestamp") == "54"
    assert "Timestamp" not in response(received(), 180).headers


def test_a_tag_that_is_there_stays() -> None:
    request = received()
    request.headers.set("To", "<sip:b@example.com>;tag=old")
    assert headers.to(response(request, 200, to_tag="new")).tag == "old"


def test_a_response_to_a_request_without_to_can_be_made() -> None:
    request = received()
    request.headers.remove("To")
    assert response(request, 400, "To is missing", to_tag="x").status == 400


@pytest.mark.parametrize("status", [0, 99, 700])
def test_only_sip_statuses(status: int) -> None:
    with pytest.raises(LocalStateError):
        response(received(), status)


def test_content_length_is_made_true() -> None:
    made = make(body=b"12345", content_type="text/plain")
    made.body = b"1234567"
    assert b"Content-Length: 7\r\n" in serialise(made)
    assert b"Content-Length: 5\r\n" not in serialise(made)


def test_reasons() -> None:
    assert REASONS[486] == "Busy Here"
    assert response(received(), 486).reason == "Busy Here"
    assert response(received(), 299).reason == "Unknown"
    assert response(received(), 486, "Not Now").reason == "Not Now"


def test_a_doubled_header_is_answered_once() -> None:
    """The 400 to a request with two Call-IDs must not be as wrong as the request; Via repeats rightly."""
    asked = make()
    for name, value in [
        ("Call-ID", "2"),
        ("CSeq", "8 BYE"),
        ("f", "<sip:c@example.com>"),
        ("t", "<sip:d@e>"),
    ]:
        asked.headers.add(name, value)
    asked.headers.add("Via", "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2")
    refused = response(asked, 400)
    assert refused.headers.get_all("Call-ID") == ["1"]
    assert refused.headers.get_all("CSeq") == ["7 INVITE"]
    assert refused.headers.get_all("From") == ["<sip:a@example.com>;tag=1"]
    assert refused.headers.get_all("To") == ["<sip:b@example.com>"]
    assert len(refused.headers.get_all("Via")) == 2
