"""A10: each kind of wrong request and the status it is owed."""

import pytest

from offhook.sip.message import Headers, Request, Response
from offhook.sip.parser import parse
from offhook.sip.uri import MAX_URI
from offhook.sip.validate import Abilities, Refusal, validate, validate_response


def owed(request: Request) -> int | None:
    refusal = validate(request)
    return None if refusal is None else refusal.status


def header_of(refusal: Refusal | None, name: str) -> str:
    assert refusal is not None
    return dict(refusal.headers)[name]


def test_a_valid_invite_is_owed_nothing(invite: Request) -> None:
    assert validate(invite) is None


@pytest.mark.parametrize("name", ["Via", "From", "To", "Call-ID", "CSeq"])
def test_a10_a_missing_header_is_400(invite: Request, name: str) -> None:
    invite.headers.remove(name)
    refusal = validate(invite)
    assert refusal == Refusal(400, f"{name} is missing")


@pytest.mark.parametrize("name", ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length"])
def test_a10_a_doubled_header_is_400(invite: Request, name: str) -> None:
    invite.headers.add(name, invite.headers.get(name) or "")
    refusal = validate(invite)
    assert refusal == Refusal(400, f"{name} appears more than once")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CSeq", "2147483648 INVITE"),
        ("CSeq", "36893488147419103232 INVITE"),
        ("CSeq", "-1 INVITE"),
        ("CSeq", "1"),
        ("CSeq", "INVITE 1"),
        ("CSeq", "1 ACK"),
        ("CSeq", "1 invite"),
        ("Max-Forwards", "256"),
        ("Max-Forwards", "-1"),
        ("Max-Forwards", "many"),
        ("Via", "SIP/2.0/UDP"),
        ("Via", "SIP/3.0/UDP host"),
        ("Via", "SIP/2.0/UDP host:port"),
        ("Via", "SIP/2.0/UDP host:65536"),
        ("Via", "SIP/2.0/UDP [::1"),
        ("Via", "SIP/2.0/UDP ho st"),
        ("Call-ID", "two words"),
        ("Call-ID", ""),
        ("Contact", "<sip:a@192.0.2.1"),
        ("Record-Route", "nowhere"),
        ("Date", "Fri, 01 Jan 2010 16:00:00 EST"),
    ],
)
def test_a10_malformed_values_are_400(invite: Request, name: str, value: str) -> None:
    invite.headers.set(name, value)
    assert owed(invite) == 400


def test_a10_the_highest_cseq_is_fine(invite: Request) -> None:
    invite.headers.set("CSeq", "2147483647 INVITE")
    assert validate(invite) is None


def test_a10_gmt_date_is_fine(invite: Request) -> None:
    invite.headers.set("Date", "Fri, 01 Jan 2010 16:00:00 GMT")
    assert validate(invite) is None


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        ("nobodyKnowsThisScheme:totallyopaquecontent", 416),
        ("urn:service:sos", 416),
        ("im:b@example.com", 416),
        ("tel:+442079460000", None),
        ("SIP:b@example.com", None),
        ("sips:b@example.com", None),
        ("sip:b@example.com?Replaces=1%402", None),
        ("sip:sbc01", None),
        ("sip:my_host;lr", None),
        ("sip:", 400),
        ("sip:b@", 400),
        ("sip:@example.com", 400),
        ("sip:b@exa mple.com", 400),
        ("<sip:b@example.com>", 400),
        ("example.com", 400),
        ("sip:" + "b" * MAX_URI + "@example.com", 414),
    ],
)
def test_a10_request_uri(invite: Request, uri: str, status: int | None) -> None:
    invite.uri = uri
    assert owed(invite) == status


@pytest.mark.parametrize(
    "line",
    [
        b"INVITE  sip:b@example.com  SIP/2.0",
        b"INVITE sip:b@example.com SIP/2.0 ",
        b"INVITE sip:b@exa mple.com; lr SIP/2.0",
        b"INVITE SIP/2.0",
    ],
)
def test_a10_white_space_in_the_request_line_is_400(invite: Request, line: bytes) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in invite.headers)
    message = parse(line + b"\r\n" + lines.encode() + b"\r\n")
    assert isinstance(message, Request)
    assert owed(message) == 400


def test_a10_a_line_without_a_colon_is_400(invite: Request) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in invite.headers)
    message = parse(b"INVITE sip:b@example.com SIP/2.0\r\n" + lines.encode() + b"what is this\r\n\r\n")
    assert isinstance(message, Request)
    assert owed(message) == 400
    assert message.headers == invite.headers


def test_a10_no_blank_line_is_400(invite: Request) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in invite.headers)
    message = parse(b"INVITE sip:b@example.com SIP/2.0\r\n" + lines.encode())
    assert isinstance(message, Request)
    assert owed(message) == 400


def test_a10_known_method_that_is_not_served_is_405_with_allow(invite: Request) -> None:
    invite.method = "PUBLISH"
    invite.headers.set("CSeq", "1 PUBLISH")
    refusal = validate(invite, Abilities(methods=("INVITE", "ACK")))
    assert refusal is not None
    assert refusal.status == 405
    assert header_of(refusal, "Allow") == "INVITE, ACK"


def test_a10_unheard_of_method_is_501(invite: Request) -> None:
    invite.method = "!interesting-Method0123456789_*+`.%indeed'~"
    invite.headers.set("CSeq", f"1 {invite.method}")
    assert owed(invite) == 501


def test_a10_other_versions_are_505(invite: Request) -> None:
    invite.version = "SIP/7.0"
    assert owed(invite) == 505
    invite.version = "sip/2.0"
    assert owed(invite) is None


def test_a10_require_is_420_with_unsupported(invite: Request) -> None:
    invite.headers.add("Require", "nothingSupportsThis, timer")
    invite.headers.add("Proxy-Require", "norDoProxies")
    refusal = validate(invite, Abilities(extensions=("timer",)))
    assert refusal is not None
    assert refusal.status == 420
    assert header_of(refusal, "Unsupported") == "nothingSupportsThis"


def test_a10_require_in_cancel_is_ignored(invite: Request) -> None:
    invite.method = "CANCEL"
    invite.headers.set("CSeq", "1 CANCEL")
    invite.headers.add("Require", "nothingSupportsThis")
    assert owed(invite) is None


def with_body(invite: Request, *lines: tuple[str, str]) -> Request:
    invite.body = b"v=0\r\n"
    invite.headers.set("Content-Length", "5")
    for name, value in lines:
        invite.headers.set(name, value)
    return invite


def test_a10_unknown_body_is_415_with_accept(invite: Request) -> None:
    refusal = validate(with_body(invite, ("Content-Type", "application/unknownformat")))
    assert refusal is not None
    assert refusal.status == 415
    assert header_of(refusal, "Accept") == "application/sdp"


def test_a10_sdp_is_known_in_any_spelling(invite: Request) -> None:
    assert owed(with_body(invite, ("c", "Application / SDP ; charset=utf-8"))) is None


def test_a10_an_optional_body_may_be_unknown(invite: Request) -> None:
    disposition = ("Content-Disposition", "session; handling=optional")
    assert owed(with_body(invite, ("Content-Type", "text/x"), disposition)) is None


def test_a10_a_body_without_a_type_is_400(invite: Request) -> None:
    assert owed(with_body(invite)) == 400


def test_a10_unknown_encoding_is_415_with_accept_encoding(invite: Request) -> None:
    coded = with_body(invite, ("Content-Type", "application/sdp"), ("Content-Encoding", "gzip"))
    refusal = validate(coded)
    assert refusal is not None
    assert refusal.status == 415
    assert header_of(refusal, "Accept-Encoding") == "identity"


def test_a10_no_hops_left_is_483(invite: Request) -> None:
    invite.headers.set("Max-Forwards", "0")
    assert owed(invite) == 483


def test_a10_no_hops_left_does_not_matter_inside_a_dialog_or_to_options(invite: Request) -> None:
    invite.headers.set("Max-Forwards", "0")
    invite.headers.set("To", "<sip:b@example.com>;tag=2")
    assert owed(invite) is None
    invite.method = "OPTIONS"
    invite.headers.set("CSeq", "1 OPTIONS")
    invite.headers.set("To", "<sip:b@example.com>")
    assert owed(invite) is None


def test_a10_missing_max_forwards_is_tolerated(invite: Request) -> None:
    invite.headers.remove("Max-Forwards")
    assert owed(invite) is None


def answer(**changes: str) -> Response:
    lines = {
        "Via": "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
        "From": "<sip:a@example.com>;tag=1",
        "To": "<sip:b@example.com>;tag=2",
        "Call-ID": "1",
        "CSeq": "1 INVITE",
    }
    lines.update({name.replace("_", "-"): value for name, value in changes.items()})
    return Response(200, "OK", Headers(line for line in lines.items() if line[1]))


def test_a_whole_response_is_used() -> None:
    assert validate_response(answer())


@pytest.mark.parametrize(
    "changes",
    [
        {"Via": ""},
        {"From": ""},
        {"To": "nothing"},
        {"Call_ID": ""},
        {"CSeq": "1"},
        {"Via": "SIP/2.0/UDP a;branch=z9hG4bK1, SIP/2.0/UDP b;branch=z9hG4bK2"},
        {"Content_Length": "3"},
    ],
)
def test_a_response_that_cannot_be_matched_is_dropped(changes: dict[str, str]) -> None:
    assert not validate_response(answer(**changes))
