"""The content of a SIP Identity header that a customer signed: its structure, not its signature.

A `shaken` option holds the full form of a PASSporT (RFC 8225) with the SHAKEN extension (RFC 8588), and the
parameters of the header behind it (RFC 8224 §4). It goes out unchanged; who terminates the call verifies it.
What cannot pass there is refused here, with a sentence.
"""

import base64
import binascii
import json
import re
from typing import Any

_WORD = r"[A-Za-z0-9_-]+"
_VALUE = r'(?:<[^<>\s]{1,2048}>|"[^"\\]{0,255}"|[A-Za-z0-9.!%*_+`\'~-]{1,255})'
_IDENTITY = re.compile(
    rf"(?P<header>{_WORD})\.(?P<claims>{_WORD})\.(?P<signature>{_WORD})"
    rf"(?P<parameters>(?: ?; ?[A-Za-z]{{1,32}} ?= ?{_VALUE}){{1,8}})",
    re.ASCII,
)
_PARAMETER = re.compile(rf"; ?(?P<name>[A-Za-z]{{1,32}}) ?= ?(?P<value>{_VALUE})", re.ASCII)
_INFO = re.compile(r"<https://[^<>\s]{1,2040}>", re.ASCII | re.IGNORECASE)
_FORM = '<header>.<claims>.<signature>;info=<https://…>;alg=ES256;ppt="shaken"'
ATTESTATIONS = ("A", "B", "C")
LONGEST = 8192
"""Characters; a PASSporT has some hundreds."""


def problem(text: str) -> str | None:
    """Why `text` cannot be an Identity header of a SHAKEN call; None when its structure is right."""
    if len(text) > LONGEST:
        return f"must have at most {LONGEST} characters"
    found = _IDENTITY.fullmatch(text)
    if found is None:
        return f"must be the content of an Identity header: {_FORM}"
    header, claims = _object(found["header"]), _object(found["claims"])
    if header is None or claims is None:
        return "is no PASSporT: its header and its claims must be JSON objects in base64url"
    return _of_parameters(found["parameters"]) or _of_header(header) or _of_claims(claims)


def _of_parameters(text: str) -> str | None:
    given = {each["name"].lower(): each["value"] for each in _PARAMETER.finditer(text)}
    if _INFO.fullmatch(given.get("info", "")) is None:
        return "needs the parameter info, the https URL of the certificate in angle brackets"
    if given.get("alg", "ES256").strip('"') != "ES256":
        return "has another alg than ES256"
    if given.get("ppt", "").strip('"') != "shaken":
        return 'needs the parameter ppt="shaken"'
    return None


def _of_header(header: dict[str, Any]) -> str | None:
    for name, value in (("alg", "ES256"), ("ppt", "shaken"), ("typ", "passport")):
        if header.get(name) != value:
            return f'has a PASSporT header whose {name} is not "{value}"'
    if not _is_text(header.get("x5u")):
        return "has a PASSporT header without x5u, the URL of the certificate"
    return None


def _of_claims(claims: dict[str, Any]) -> str | None:
    if claims.get("attest") not in ATTESTATIONS:
        return "has a claim attest that is not A, B or C"
    to, origin, made = claims.get("dest"), claims.get("orig"), claims.get("iat")
    numbers = to.get("tn") if isinstance(to, dict) else None
    if not isinstance(numbers, list) or not numbers or not all(_is_text(each) for each in numbers):
        return "has no claim dest with the called numbers in tn"
    if not isinstance(origin, dict) or not _is_text(origin.get("tn")):
        return "has no claim orig with the calling number in tn"
    if isinstance(made, bool) or not isinstance(made, int):
        return "has no claim iat with the seconds at which it was signed"
    return None if _is_text(claims.get("origid")) else "has no claim origid"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _object(encoded: str) -> dict[str, Any] | None:
    """The JSON object in a base64url text without padding (RFC 7515 §2)."""
    try:
        value = json.loads(base64.b64decode(encoded + "=" * (-len(encoded) % 4), "-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
