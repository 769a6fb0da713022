"""Whatever text comes from the network: it encodes, decodes to the same, and signatures verify."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.core.errors import LocalStateError
from offhook.core.journal import Line, MemoryJournal, decode_line, encode_line
from offhook.core.redact import Masks, redact_text
from offhook.security.acl import Acl
from offhook.security.secrets import Sealer
from offhook.webhooks.encode import clean, json_body, parameter, signed_query, with_query
from offhook.webhooks.payloads import sip_header_params
from offhook.webhooks.sign import SigningKey, token

# Every code point, lone surrogates included: what a SIP header decoded with surrogateescape may hold.
TEXT = st.text(st.characters(), max_size=40)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
PARAMS = st.dictionaries(TEXT, VALUES, max_size=5)


def cleaned(value: Any) -> Any:
    return json.loads(clean(json.dumps(value, ensure_ascii=False)))


@given(VALUES)
def test_bodies_decode_to_what_they_were(value: Any) -> None:
    assert json.loads(json_body(value)) == cleaned(value)


@given(PARAMS)
def test_queries_decode_to_what_they_were(params: dict[str, Any]) -> None:
    url = with_query("https://a.example/x?own=1", params)
    assert url.isascii()
    assert not any(character in url for character in ' "<>{}|\\^`\r\n')
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    assert pairs[0] == ("own", "1")
    # A parameter without a name and a value leaves no trace that a decoder could see.
    expected = [(clean(key), parameter(value)) for key, value in params.items()]
    assert pairs[1:] == expected


@given(PARAMS)
@settings(max_examples=50)
def test_the_signature_of_a_get_verifies_from_the_received_query(params: dict[str, Any]) -> None:
    url = with_query("https://a.example/x", params)
    key = SigningKey("key", b"k" * 32)
    text = token(key, "app", signed_query(url), issued_at=1, jti="j")
    received = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    rebuilt = json.dumps(received, separators=(",", ":"), ensure_ascii=False).encode()
    claims = jwt.decode(text, key.secret, algorithms=["HS256"])
    assert claims["payload_hash"] == hashlib.sha256(rebuilt).hexdigest()


@given(st.lists(st.tuples(st.sampled_from(["X-A", "x-a", "User-to-User", "X-NexmoB", "Via"]) | TEXT, TEXT)))
def test_any_header_becomes_a_parameter_that_can_be_sent(headers: list[tuple[str, str]]) -> None:
    params = sip_header_params(headers)
    assert all(name.startswith("SipHeader_") and "nexmo" not in name.lower()[:17] for name in params)
    json_body(params)
    with_query("https://a.example/", params)


@given(TEXT, st.none() | TEXT, st.integers(0, 2**62), VALUES)
def test_journal_lines_come_back(leg: str, conversation: str | None, t: int, data: Any) -> None:
    line = Line(1, 2, t, leg, conversation, "kind", data)
    plain = json.loads(json.dumps(data))
    encoded = encode_line(line)
    assert b"\n" not in encoded
    assert decode_line(encoded).leg == leg
    if not _has_marks(plain):
        assert decode_line(encoded).data == plain


@given(
    st.recursive(
        st.binary(max_size=8) | st.integers(),
        lambda x: st.dictionaries(st.sampled_from(["$bytes", "$dict", "a"]), x),
    )
)
def test_marks_and_bytes_come_back_through_a_journal(value: Any) -> None:
    journal = MemoryJournal()
    journal.write(1, "leg", None, "k", value)
    assert journal.lines[0].data == value


def _has_marks(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value.keys() & {"$bytes", "$dict"}) or any(_has_marks(item) for item in value.values())
    return isinstance(value, list) and any(_has_marks(item) for item in value)


@given(TEXT, TEXT)
def test_redaction_never_fails_and_hides_a_header(before: str, secret: str) -> None:
    redact_text(before, Masks(digits=True))
    marked = "SECRET" + "".join(c for c in secret if c not in "\r\n")
    assert "SECRET" not in redact_text(f"{before}\r\nAuthorization: {marked}\r\nVia: x")


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_sealed_values_open_and_rubbish_does_not(plain: bytes, rubbish: bytes) -> None:
    sealer = Sealer(bytes(32))
    assert sealer.open(sealer.seal(plain)) == plain
    with pytest.raises(LocalStateError):
        sealer.open(rubbish)


@given(st.lists(st.sampled_from(["..", ".", "", "v1", "calls", "files", "%2e%2e", "%2F"]), max_size=8))
def test_a_list_for_calls_never_opens_files(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    acl = Acl.parse({"paths": {"/v1/calls/**": {}}})
    if acl.allows("GET", path):
        assert path.startswith("/v1/calls")
        assert ".." not in path
