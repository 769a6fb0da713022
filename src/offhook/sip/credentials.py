"""Challenges and credentials as they stand in headers (RFC 3261 §20.7, §20.44, RFC 7235 §2.1).

A line may hold several challenges, and a realm may hold commas; both are read correctly by splitting at
commas outside quotes and starting anew where an item begins with `scheme name=`. What they mean is
`digest`'s affair.
"""

from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, is_token, split, unquote

MAX_AUTH_PARAMS = 64
"""Items of one header line."""


@dataclass(frozen=True, slots=True)
class AuthHeader:
    """One challenge or one set of credentials: a scheme and its parameters."""

    scheme: str
    """In lower case."""
    params: dict[str, str] = field(default_factory=dict)
    """Names in lower case, values without quotes."""
    proxy: bool = False
    """From Proxy-Authenticate or Proxy-Authorization."""

    def get(self, name: str) -> str | None:
        return self.params.get(name)


def parse_auth_list(text: str, *, proxy: bool) -> list[AuthHeader]:
    """The challenges or credentials of one header line. Raises RemoteProtocolError(400)."""
    items = split(text, ",", angle=False)
    if len(items) > MAX_AUTH_PARAMS:
        raise RemoteProtocolError("an authentication header has too many parameters", 400)
    found: list[AuthHeader] = []
    for item in items:
        name, equals, value = item.partition("=")
        name = name.rstrip(WS)
        words = name.replace("\t", " ").split(" ", 1)
        if len(words) == 2 or not equals:
            found.append(_begin(words[0], proxy))
            name = words[1].strip(WS) if len(words) == 2 else ""
            if not equals:
                continue
        if not found:
            raise RemoteProtocolError("an authentication header must begin with a scheme", 400)
        _put(found[-1], name, value.strip(WS))
    return found


def _begin(scheme: str, proxy: bool) -> AuthHeader:
    if not is_token(scheme):
        raise RemoteProtocolError("an authentication scheme must be a token", 400)
    return AuthHeader(scheme.lower(), {}, proxy)


def _put(header: AuthHeader, name: str, value: str) -> None:
    key = name.lower()
    if not is_token(name):
        raise RemoteProtocolError("an authentication parameter has no name", 400)
    if key in header.params:
        raise RemoteProtocolError(f"the authentication parameter {key} appears twice", 400)
    header.params[key] = unquote(value)
