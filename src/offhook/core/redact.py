"""What must never be written down: secrets, credentials in headers and, where asked for, pressed keys.

Works on plain JSON-like values and on text that holds SIP or HTTP messages. It hides values, never keys, so
that a reader still sees that something was there. It does not know which application wants its digits
hidden: the caller says so.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

MASK = "•••"

_SECRET_KEYS = frozenset(
    {
        "access_token",
        "api_secret",
        "apisecret",
        "authorization",
        "client_secret",
        "cookie",
        "password",
        "private_key",
        "proxy-authorization",
        "refresh_token",
        "secret",
        "set-cookie",
        "signature_secret",
    }
)
_DIGIT_KEYS = frozenset({"digit", "digits", "dtmf", "dtmf_answer", "dtmfanswer"})

# A whole header line, so that every parameter of a Digest answer goes with it.
_CREDENTIAL_LINE = re.compile(r"(?im)^((?:proxy-)?authorization|cookie|set-cookie)([ \t]*:[ \t]*)[^\r\n]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{6,}")
_URL_PASSWORD = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s@]+@")
_SECRET_PARAMETER = re.compile(r"(?i)([?&](?:api_secret|password|access_token|secret)=)[^&\s]+")
_JSON_SECRET = re.compile(
    r'(?i)("(?:api_secret|password|private_key|signature_secret|access_token)"\s*:\s*")(?:[^"\\]|\\.)*'
)
_PRIVATE_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)

# Keys inside a SIP INFO body, a JSON text and the query string of a GET webhook.
_INFO_SIGNAL = re.compile(r"(?im)^(signal[ \t]*=[ \t]*)[0-9a-d#*]")
_JSON_DIGITS = re.compile(r'(?i)("(?:digits?|dtmf)"\s*:\s*")[^"]*')
_QUERY_DIGITS = re.compile(r"(?i)(%22(?:digits?|dtmf)%22:%22)[^%&]*")
_QUERY_PLAIN_DIGITS = re.compile(r"(?i)([?&](?:digits?|dtmf)=)[0-9a-d#*p,]+")


def redact(value: Any, *, digits: bool = False) -> Any:
    """A copy of `value` without secrets; with `digits`, also without the keys that somebody pressed.

    Mappings, sequences, sets and dataclasses are walked; tuples come back as lists, a dataclass as a mapping
    with its name under `type`, any other object as its text.
    """
    if isinstance(value, str):
        return redact_text(value, digits=digits)
    if isinstance(value, Mapping):
        return {key: _entry(key, item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pair(item, digits) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        text = bytes(value).decode("utf-8", "surrogateescape")
        return redact_text(text, digits=digits).encode("utf-8", "surrogateescape")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (set, frozenset)):
        return sorted((redact(item, digits=digits) for item in value), key=repr)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return {"type": type(value).__name__} | {n: _entry(n, getattr(value, n), digits) for n in names}
    return redact_text(str(value), digits=digits)


def redact_text(text: str, *, digits: bool = False) -> str:
    """`text` without credential header lines, tokens, URL passwords and private keys."""
    # Each pattern needs one of these; most texts are ids and words that have none.
    if ":" not in text and "=" not in text and " " not in text and "\t" not in text:
        return text
    lowered = text.lower()
    if "authorization" in lowered or "cookie" in lowered:
        text = _CREDENTIAL_LINE.sub(rf"\1\2{MASK}", text)
    if "bearer" in lowered or "basic" in lowered:
        text = _BEARER.sub(rf"\1 {MASK}", text)
    if "://" in text and "@" in text:
        text = _URL_PASSWORD.sub(rf"\1:{MASK}@", text)
    if "secret" in lowered or "password" in lowered or "access_token" in lowered or "private_key" in lowered:
        text = _SECRET_PARAMETER.sub(rf"\1{MASK}", text)
        text = _JSON_SECRET.sub(rf"\1{MASK}", text)
    if "PRIVATE KEY" in text:
        text = _PRIVATE_PEM.sub(MASK, text)
    return _redact_digit_text(text) if digits else text


def hides(key: Any, value: Any, digits: bool) -> bool:
    """Whether `value` must not be written down because it stands under `key`."""
    name = key.lower() if isinstance(key, str) else ""
    if name in _SECRET_KEYS:
        return value not in (None, "")
    return (
        digits
        and name in _DIGIT_KEYS
        and isinstance(value, (str, int))
        and not isinstance(value, bool)
        and value != ""
    )


def _redact_digit_text(text: str) -> str:
    text = _INFO_SIGNAL.sub(rf"\1{MASK}", text)
    text = _JSON_DIGITS.sub(rf"\1{MASK}", text)
    text = _QUERY_DIGITS.sub(rf"\1{MASK}", text)
    return _QUERY_PLAIN_DIGITS.sub(rf"\1{MASK}", text)


def _entry(key: Any, value: Any, digits: bool) -> Any:
    return MASK if hides(key, value, digits) else redact(value, digits=digits)


def _pair(item: Any, digits: bool) -> Any:
    """One element of a sequence; a (name, value) pair of a header list is treated as a key and its value."""
    if isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str):
        return [item[0], _entry(item[0], item[1], digits)]
    return redact(item, digits=digits)
