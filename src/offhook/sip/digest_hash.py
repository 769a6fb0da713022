"""The digest computation that client and server share (RFC 7616 §3.4, RFC 8760, RFC 2069)."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from offhook.sip.grammar import is_token


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


ALGORITHMS: dict[str, Callable[[bytes], str]] = {
    "SHA-256": _sha256,
    "SHA-256-SESS": _sha256,
    "MD5": _md5,
    "MD5-SESS": _md5,
}
"""Supported algorithms in upper case, the strongest first."""


@dataclass(frozen=True, slots=True)
class Proof:
    """All that a digest response is made of but the password."""

    algorithm: str
    username: str
    realm: str
    nonce: str
    uri: str
    method: str
    qop: str = ""
    """`auth`, `auth-int`, or empty for the form of RFC 2069."""
    cnonce: str = ""
    count: str = ""
    """Eight hexadecimal digits."""
    body: bytes = b""

    def response(self, password: str) -> str:
        """The `response` value, in lower-case hexadecimal. KeyError for an unknown algorithm."""
        digest = ALGORITHMS[self.algorithm.upper()]
        secret = digest(_bytes(f"{self.username}:{self.realm}:{password}"))
        if self.algorithm.upper().endswith("-SESS"):
            secret = digest(_bytes(f"{secret}:{self.nonce}:{self.cnonce}"))
        what = f"{self.method}:{self.uri}"
        if self.qop == "auth-int":
            what += ":" + digest(self.body)
        end = digest(_bytes(what))
        if not self.qop:
            return digest(_bytes(f"{secret}:{self.nonce}:{end}"))
        return digest(_bytes(f"{secret}:{self.nonce}:{self.count}:{self.cnonce}:{self.qop}:{end}"))

    def matches(self, password: str, response: str) -> bool:
        """Whether `response` was made with `password`; takes the same time whether it was or not."""
        if self.algorithm.upper() not in ALGORITHMS:
            return False
        return hmac.compare_digest(self.response(password).encode(), _bytes(response.lower()))


def offered_qop(value: str | None) -> str | None:
    """The quality of protection to use out of a challenge's list; None when none of them is known."""
    if value is None:
        return ""
    offered = {item.strip().lower() for item in value.split(",")} - {""}
    if not offered or "auth" in offered:
        return "auth" if offered else ""
    return "auth-int" if "auth-int" in offered else None


def is_count(text: str) -> bool:
    """Whether `text` is a nonce count: eight hexadecimal digits."""
    return len(text) == 8 and is_token(text) and all(digit in "0123456789abcdefABCDEF" for digit in text)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
