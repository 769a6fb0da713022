"""The headers a SIP element must understand, typed (RFC 3261 §20).

Each is parsed at most once per message; a change of the message's headers forgets what was parsed. The
lists given belong to the message: change the headers, never the list. All functions raise
RemoteProtocolError(400) with a sentence that names the header.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

from offhook.core.errors import RemoteProtocolError
from offhook.sip.address import Address
from offhook.sip.credentials import AuthHeader, parse_auth_list
from offhook.sip.grammar import WS, is_token, number, split
from offhook.sip.message import Message
from offhook.sip.params import Params
from offhook.sip.via import Via

T = TypeVar("T")

MAX_VALUES = 64
"""Values of one list header such as Via or Record-Route: no real path is longer."""
CSEQ_LIMIT = 2**31
"""CSeq numbers are below this (RFC 3261 §8.1.1.5)."""
SDP = "application/sdp"
"""The media type of a session description."""


class Star:
    """`Contact: *`, which only a REGISTER may carry (RFC 3261 §10.2.2)."""

    def __repr__(self) -> str:
        return "STAR"


STAR: Final = Star()


class CSeq(NamedTuple):
    """Sequence number and method."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def vias(message: Message) -> list[Via]:
    """All Via values, the top one first; empty when there are none."""
    return _list(message, "via", Via.parse_list)


def from_(message: Message) -> Address:
    """The From address."""
    found: Address | None = message.headers.cache.get("from")
    if found is None:
        found = message.headers.cache["from"] = Address.parse(_single(message, "from", "From"))
    return found


def to(message: Message) -> Address:
    """The To address."""
    found: Address | None = message.headers.cache.get("to")
    if found is None:
        found = message.headers.cache["to"] = Address.parse(_single(message, "to", "To"))
    return found


def contacts(message: Message) -> list[Address] | Star:
    """All Contact addresses, or STAR."""
    found = message.headers.cache.get("contact")
    if found is None and [value.strip(WS) for value in message.headers.get_all("contact")] == ["*"]:
        return STAR
    return _list(message, "contact", Address.parse_list)


def routes(message: Message) -> list[Address]:
    """The Route set, next hop first."""
    return _list(message, "route", Address.parse_list)


def record_routes(message: Message) -> list[Address]:
    """The Record-Route values in the order of the message."""
    return _list(message, "record-route", Address.parse_list)


def call_id(message: Message) -> str:
    """The Call-ID, which is compared byte for byte."""
    value = _single(message, "call-id", "Call-ID")
    if not value or " " in value or "\t" in value or "," in value:
        raise RemoteProtocolError("Call-ID must be one word", 400)
    return value


def cseq(message: Message) -> CSeq:
    """The CSeq."""
    found: CSeq | None = message.headers.cache.get("cseq")
    if found is None:
        found = message.headers.cache["cseq"] = _cseq(_single(message, "cseq", "CSeq"))
    return found


def max_forwards(message: Message) -> int | None:
    """The hops left, None when the header is missing."""
    value = _optional(message, "max-forwards", "Max-Forwards")
    return None if value is None else number(value, 256, "Max-Forwards")


def content_length(message: Message) -> int | None:
    """The announced length of the body, None when the header is missing."""
    value = _optional(message, "content-length", "Content-Length")
    return None if value is None else number(value, 10**9, "Content-Length")


def content_type(message: Message) -> str | None:
    """The media type of the body in lower case without parameters, None when the header is missing."""
    value = _optional(message, "content-type", "Content-Type")
    if value is None or value == SDP:
        return value
    found: str | None = message.headers.cache.get("content-type")
    if found is None:
        found = message.headers.cache["content-type"] = _media_type(value)
    return found


def content_handling_optional(message: Message) -> bool:
    """Whether the sender lets us ignore a body we do not know (RFC 3261 §20.11)."""
    value = message.headers.get("content-disposition")
    if value is None:
        return False
    handling = Params.parse(value.partition(";")[2]).get("handling")
    return handling is not None and handling.lower() == "optional"


def description(message: Message) -> bytes:
    """The body when it is a session description, or says not what it is; empty when it is anything else."""
    try:
        kind = content_type(message)
    except RemoteProtocolError:
        return b""
    return message.body if kind in (None, SDP) else b""


def option_tags(message: Message, name: str) -> list[str]:
    """The tokens of Require, Supported, Proxy-Require, Unsupported, Allow or another token list."""
    tags = _list(message, name.lower(), lambda value: split(value, ",", angle=False))
    for tag in tags:
        if not is_token(tag):
            raise RemoteProtocolError(f"{name} must be a list of tokens", 400)
    return tags


def challenges(message: Message) -> list[AuthHeader]:
    """All challenges of a 401 or 407; those of Proxy-Authenticate have `proxy` set."""
    return _auth(message, "www-authenticate", "proxy-authenticate")


def authorizations(message: Message) -> list[AuthHeader]:
    """All credentials of a request; those of Proxy-Authorization have `proxy` set."""
    return _auth(message, "authorization", "proxy-authorization")


def _auth(message: Message, plain: str, proxy: str) -> list[AuthHeader]:
    return [
        *_list(message, plain, lambda value: parse_auth_list(value, proxy=False)),
        *_list(message, proxy, lambda value: parse_auth_list(value, proxy=True)),
    ]


def _single(message: Message, key: str, name: str) -> str:
    values = message.headers.get_all(key)
    if len(values) != 1:
        problem = "is missing" if not values else "appears more than once"
        raise RemoteProtocolError(f"{name} {problem}", 400)
    return values[0]


def _optional(message: Message, key: str, name: str) -> str | None:
    values = message.headers.get_all(key)
    if len(values) > 1:
        raise RemoteProtocolError(f"{name} appears more than once", 400)
    return values[0] if values else None


def _list(message: Message, key: str, parse: Callable[[str], list[T]]) -> list[T]:
    found: list[T] | None = message.headers.cache.get(key)
    if found is None:
        found = []
        for value in message.headers.get_all(key):
            found += parse(value)
            if len(found) > MAX_VALUES:
                raise RemoteProtocolError(f"{key} has more than {MAX_VALUES} values", 400)
        message.headers.cache[key] = found
    return found


def _cseq(value: str) -> CSeq:
    digits, _, method = value.replace("\t", " ").partition(" ")
    method = method.strip(WS)
    if not is_token(method):
        raise RemoteProtocolError("CSeq must be a number and a method", 400)
    return CSeq(number(digits, CSEQ_LIMIT, "CSeq"), method)


def _media_type(value: str) -> str:
    kind, slash, subtype = value.partition(";")[0].partition("/")
    kind, subtype = kind.strip(WS), subtype.strip(WS)
    if not slash or not is_token(kind) or not is_token(subtype):
        raise RemoteProtocolError("Content-Type must read type/subtype", 400)
    return f"{kind}/{subtype}".lower()
