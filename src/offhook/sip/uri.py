"""SIP, SIPS and tel URIs, lossless (RFC 3261 §19.1, RFC 3966); every other scheme is opaque.

`raw` is what was received and what is sent again. It is not an address of a peer: whoever dials has
resolved that already.
"""

from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import bracketed, host_and_port, unescape
from offhook.sip.params import NONE, Params

MAX_URI = 2048
"""Longer Request-URIs are answered with 414."""
_USUAL = ("sip", "sips", "tel")


@dataclass(frozen=True, slots=True)
class Uri:
    """One URI. `user` and `password` are as received (escaped); `host` is without brackets."""

    scheme: str
    """In lower case."""
    user: str | None = None
    """The user part, or the number of a `tel:` URI; None when there is none."""
    password: str | None = None
    host: str = ""
    """Empty for schemes other than sip and sips."""
    port: int | None = None
    params: Params = field(default=NONE)
    headers: str = ""
    """What follows `?`, as received."""
    raw: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Raises RemoteProtocolError(400) for text without a scheme or with a malformed SIP URI."""
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if not colon or (scheme not in _USUAL and not _is_scheme(scheme)):
            raise RemoteProtocolError("a URI must begin with a scheme such as sip:", 400)
        if " " in text or "\t" in text or "<" in text or ">" in text:
            raise RemoteProtocolError("a URI must not hold spaces or angle brackets", 400)
        if scheme in ("sip", "sips"):
            return _parse_sip(scheme, rest, text)
        if scheme == "tel":
            number, _, params = rest.partition(";")
            return cls(scheme, user=number, params=Params.parse(params), raw=text)
        return cls(scheme, raw=text)

    @property
    def lr(self) -> bool:
        """Whether this is a loose router: `lr`, `lr=on` and `lr=true` all count (RFC 3261 §19.1.1)."""
        return "lr" in self.params

    @property
    def user_name(self) -> str:
        """The user part without escapes and without user parameters (`;phone-context=…`); may be empty."""
        return unescape((self.user or "").partition(";")[0])

    def __str__(self) -> str:
        if self.raw:
            return self.raw
        if self.scheme == "tel":
            return f"tel:{self.user or ''}{self.params}"
        secret = f":{self.password}" if self.password is not None else ""
        user = f"{self.user}{secret}@" if self.user is not None else ""
        port = f":{self.port}" if self.port is not None else ""
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{bracketed(self.host)}{port}{self.params}{headers}"


def _is_scheme(text: str) -> bool:
    return (
        text[:1].isalpha()
        and text.isascii()
        and text.replace("+", "").replace("-", "").replace(".", "").isalnum()
    )


def _parse_sip(scheme: str, rest: str, raw: str) -> Uri:
    # The user part may hold `;` and `?`, so the `@` is looked for first.
    userinfo, at, after = rest.partition("@")
    user: str | None = None
    password: str | None = None
    if at:
        user, colon, secret = userinfo.partition(":")
        password = secret if colon else None
        if not user:
            raise RemoteProtocolError("the user part of a SIP URI is empty", 400)
    else:
        after = rest
    after, _, headers = after.partition("?")
    hostport, _, params = after.partition(";")
    host, port = host_and_port(hostport, "a SIP URI")
    return Uri(scheme, user, password, host, port, Params.parse(params), headers, raw)
