"""What must never be written down: secrets, credentials in headers and, where asked for, pressed keys and
phone numbers.

Works on plain JSON-like values and on text that holds SIP or HTTP messages. It hides values, never keys, so
that a reader still sees that something was there. It does not know which application wants its digits
hidden: the caller says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
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
_NUMBER_KEYS = frozenset({"callee", "caller", "from", "from_", "msisdn", "number", "to"})
_DIGIT_KEYS = frozenset({"digit", "digits", "dtmf", "dtmf_answer", "dtmfanswer"})

# A whole header line, so that every parameter of a Digest answer goes with it.
_CREDENTIAL_LINE = re.compile(r"(?im)^((?:proxy-)?authorization|cookie|set-cookie)([ \t]*:[ \t]*)[^\r\n]+")
_BEARER = re.compile(r"(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9._~+/=-]{6,}")
_URL_PASSWORD = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^/\s:@]*):[^/\s@]+@")
_SECRET_PARAMETER = re.compile(r"(?i)([?&](?:api_secret|client_secret|password|access_token|secret)=)[^&\s]+")
_JSON_SECRET = re.compile(
    r'(?i)("(?:api_secret|client_secret|password|private_key|signature_secret|access_token)"\s*:\s*")(?:[^"\\]|\\.)*'
)
_PRIVATE_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)

# Keys inside a SIP INFO body, a JSON text and the query string of a GET webhook.
_INFO_SIGNAL = re.compile(r"(?im)^(signal[ \t]*=[ \t]*)[0-9a-d#*]")
_JSON_DIGITS = re.compile(r'(?i)("(?:digits?|dtmf)"\s*:\s*")[^"]*')
_QUERY_DIGITS = re.compile(r"(?i)(%22(?:digits?|dtmf)%22:%22)[^%&]*")
_QUERY_PLAIN_DIGITS = re.compile(r"(?i)([?&](?:digits?|dtmf)=)[0-9a-d#*p,]+")

# Seven to fifteen digits, as E.164 has them, that are no part of a word or a UUID; the plus, or what stands
# before, may be percent-encoded. Then the international form with its usual separators.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z_])(?<![0-9A-Fa-f]{4}-)(%[0-9A-Fa-f]{2}|\+)?\d{5,13}(\d\d)(?![0-9A-Za-z_])(?!-[0-9A-Fa-f]{4}-)"
)
_SPACED_NUMBER = re.compile(r"(\+)\d(?:[-.() ]{0,2}\d){4,11}[-.() ]{0,2}(\d\d)(?!\d)")
_IDENTITY_LINE = re.compile(r"(?im)^(identity|y)([ \t]*:[ \t]*)[^\r\n]+")


@dataclass(frozen=True, slots=True)
class Masks:
    """What is hidden besides secrets."""

    digits: bool = False
    """The keys that somebody pressed."""
    numbers: bool = False
    """Phone numbers, all but their last two digits."""


NO_MASKS = Masks()


def redact(value: Any, masks: Masks = NO_MASKS) -> Any:
    """A copy of `value` without secrets and what `masks` names.

    Mappings, sequences, sets and dataclasses are walked; tuples come back as lists, a dataclass as a mapping
    with its name under `type`, any other object as its text.
    """
    if isinstance(value, str):
        return redact_text(value, masks)
    if isinstance(value, Mapping):
        return {key: _entry(key, item, masks) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pair(item, masks) for item in value]
    if isinstance(value, (bytes, bytearray, memoryview)):
        text = bytes(value).decode("utf-8", "surrogateescape")
        return redact_text(text, masks).encode("utf-8", "surrogateescape")
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (set, frozenset)):
        return sorted((redact(item, masks) for item in value), key=repr)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return {"type": type(value).__name__} | {n: _entry(n, getattr(value, n), masks) for n in names}
    return redact_text(str(value), masks)


def redact_text(text: str, masks: Masks = NO_MASKS) -> str:
    """`text` without credential header lines, tokens, URL passwords, private keys and what `masks` names."""
    if masks.numbers:
        text = _redact_numbers(text)
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
    return _redact_digit_text(text) if masks.digits else text


@lru_cache(4096)
def speaks(key: str) -> bool:
    """Whether what stands under `key` may have to be hidden. Most keys come again and again."""
    name = key.lower()
    return name in _SECRET_KEYS or name in _NUMBER_KEYS or name in _DIGIT_KEYS


def hides(key: Any, value: Any, masks: Masks) -> bool:
    """Whether `value` must not be written down because it stands under `key`."""
    name = key.lower() if isinstance(key, str) else ""
    if name in _SECRET_KEYS:
        return value not in (None, "")
    if isinstance(value, bool):
        return False
    if masks.numbers and name in _NUMBER_KEYS and isinstance(value, int):
        return True
    return masks.digits and name in _DIGIT_KEYS and isinstance(value, (str, int)) and value != ""


def _redact_numbers(text: str) -> str:
    if "dentity" in text or "\ny:" in text:
        text = _IDENTITY_LINE.sub(rf"\1\2{MASK}", text)  # a token that holds both numbers
    if "+" in text:
        text = _SPACED_NUMBER.sub(_shortened, text)
    return _NUMBER.sub(_shortened, text)


def _shortened(number: re.Match[str]) -> str:
    return f"{number[1] or ''}{MASK}{number[2]}"


def _redact_digit_text(text: str) -> str:
    text = _INFO_SIGNAL.sub(rf"\1{MASK}", text)
    text = _JSON_DIGITS.sub(rf"\1{MASK}", text)
    text = _QUERY_DIGITS.sub(rf"\1{MASK}", text)
    return _QUERY_PLAIN_DIGITS.sub(rf"\1{MASK}", text)


def _entry(key: Any, value: Any, masks: Masks) -> Any:
    return MASK if hides(key, value, masks) else redact(value, masks)


def _pair(item: Any, masks: Masks) -> Any:
    """One element of a sequence; a (name, value) pair of a header list is treated as a key and its value."""
    if isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str):
        return [item[0], _entry(item[0], item[1], masks)]
    return redact(item, masks)
