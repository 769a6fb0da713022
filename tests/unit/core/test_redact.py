"""What must not be written down, in every form in which it passes through."""

from dataclasses import dataclass
from typing import Any

import pytest

from offhook.core.redact import MASK, Masks, redact, redact_text

INVITE = (
    "REGISTER sip:x SIP/2.0\r\n"
    "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
    'Authorization: Digest username="me", response="6629fae49393a05397450978507c4ef1"\r\n'
    'proxy-authorization :  Digest response="beef"\r\n'
    "Content-Length: 0\r\n\r\n"
)


def test_header_lines() -> None:
    text = redact_text(INVITE)
    assert "6629fae" not in text
    assert "beef" not in text
    assert f"Authorization: {MASK}\r\nproxy-authorization :  {MASK}\r\nContent-Length: 0" in text
    assert "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n" in text


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("token Bearer eyJhbGciOiJSUzI1NiJ9.x.y end", "eyJhbGci"),
        ("Basic YWJjOmRlZmdo", "YWJjOmRl"),
        ("https://user:hunter2@a.example/x", "hunter2"),
        ("postgresql+psycopg://offhook:hunter2@db/offhook", "hunter2"),
        ("/number/search?api_key=k&api_secret=hunter2&x=1", "hunter2"),
        ('{"api_secret":"hun\\"ter2","x":1}', "ter2"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "MIIE"),
        ("Set-Cookie: sid=hunter2; Path=/", "hunter2"),
    ],
)
def test_inside_text(text: str, hidden: str) -> None:
    assert hidden not in redact_text(text)
    assert MASK in redact_text(text)


@pytest.mark.parametrize(
    "text", ["", "Bearer of news", "a=b&c", "https://a.example/x:y@z", "secretary", "basic auth"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert redact_text(text) == text


def test_by_key_at_any_depth() -> None:
    value = {
        "a": [{"Password": "hunter2", "user": "me"}],
        "headers": [("Authorization", "Digest x"), ("Via", "v")],
        "empty": {"password": "", "api_secret": None},
    }
    assert redact(value) == {
        "a": [{"Password": MASK, "user": "me"}],
        "headers": [["Authorization", MASK], ["Via", "v"]],
        "empty": {"password": "", "api_secret": None},
    }
    assert value["a"][0]["Password"] == "hunter2"  # type: ignore[index]


def test_bytes_and_objects() -> None:
    @dataclass
    class Credentials:
        user: str
        password: str

    assert redact(INVITE.encode()).count(MASK.encode()) == 2
    assert redact(b"\xff\xfe") == b"\xff\xfe"
    assert redact(Credentials("me", "hunter2")) == {"type": "Credentials", "user": "me", "password": MASK}
    assert redact({"x": {"b", "a"}}) == {"x": ["a", "b"]}
    assert "hunter2" not in redact(ValueError("https://u:hunter2@a.example/"))


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ({"digit": "7"}, {"digit": MASK}),
        ({"dtmf": {"digits": "1234", "timed_out": True}}, {"dtmf": {"digits": MASK, "timed_out": True}}),
        ({"dtmf": "1234"}, {"dtmf": MASK}),
        ({"digits": ""}, {"digits": ""}),
        ({"digits": None}, {"digits": None}),
        ("Signal=5\r\nDuration=160", f"Signal={MASK}\r\nDuration=160"),
        ('{"dtmf":{"digits":"12"}}', f'{{"dtmf":{{"digits":"{MASK}"}}}}'),
        ("/e?dtmf=%7B%22digits%22:%2212%22%7D", f"/e?dtmf=%7B%22digits%22:%22{MASK}%22%7D"),
        ("/e?dtmf=12&x=1", f"/e?dtmf={MASK}&x=1"),
    ],
)
def test_digits_only_when_asked(value: Any, hidden: Any) -> None:
    assert redact(value) == value
    assert redact(value, Masks(digits=True)) == hidden


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("15550100777", f"{MASK}77"),
        ("+15550100777", f"+{MASK}77"),
        ("<sip:+15550100777@host:5060>;tag=a1", f"<sip:+{MASK}77@host:5060>;tag=a1"),
        ('From: "15550100777" <tel:+1-555-010-0777>', f'From: "{MASK}77" <tel:+{MASK}77>'),
        ("+1 (555) 010-0777", f"+{MASK}77"),
        ("/a?from=15550100777&to=%2B15550100778", f"/a?from={MASK}77&to=%2B{MASK}78"),
        ("%22from%22:%2215550100777%22", f"%22from%22:%22{MASK}77%22"),
        ("sip:15550100777-x@host", f"sip:{MASK}77-x@host"),
        ("INVITE x\r\nIdentity: eyJhbGciOi.x;info=<y>\r\nVia: z", f"INVITE x\r\nIdentity: {MASK}\r\nVia: z"),
        ({"from": 15550100777, "to": {"number": 15550100778}}, {"from": MASK, "to": {"number": MASK}}),
    ],
)
def test_phone_numbers_only_when_asked(value: Any, hidden: Any) -> None:
    assert redact(value) == value
    assert redact(value, Masks(numbers=True)) == hidden


@pytest.mark.parametrize(
    "text",
    [
        "12345678-1234-4000-8000-123456789012",
        "CON-12345678-1234-4000-8000-123456789012",
        "branch=z9hG4bK1234567890",
        "2026-11-21T15:00:00.000Z",
        "v_1234567890",
        "127.0.0.1:5060",
        "CSeq: 102 INVITE",
        "1234567890123456",
    ],
)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert redact(text, Masks(numbers=True)) == text
