"""The lines of a session description, and the readings that session and media level share (RFC 8866 §5)."""

from collections.abc import Iterable
from typing import NamedTuple

from offhook.core.errors import RemoteProtocolError

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")


class Line(NamedTuple):
    """`kind=value`."""

    kind: str
    value: str


def attribute(lines: Iterable[Line], name: str) -> str | None:
    """The value of the first `a=name`, `""` for a flag, None when absent."""
    return next(iter(attributes(lines, name)), None)


def attributes(lines: Iterable[Line], name: str) -> list[str]:
    """The values of all `a=name` lines, in order."""
    found = []
    for kind, value in lines:
        if kind == "a":
            known, _, rest = value.partition(":")
            if known.strip(" \t") == name:
                found.append(rest.strip(" \t"))
    return found


def direction_of(lines: Iterable[Line]) -> str | None:
    """The direction attribute of one level, None when it has none."""
    for kind, value in lines:
        if kind == "a" and value.strip(" \t") in DIRECTIONS:
            return value.strip(" \t")
    return None


def connection_of(lines: Iterable[Line]) -> str | None:
    """The address of the first c= line, without a multicast suffix; None when there is none."""
    for kind, value in lines:
        if kind == "c":
            words = value.split()
            if len(words) != 3 or words[0].upper() != "IN" or words[1].upper() not in ("IP4", "IP6"):
                raise RemoteProtocolError("the c= line must read IN IP4 address or IN IP6 address", 400)
            return words[2].partition("/")[0]
    return None


def number(text: str, below: int, what: str) -> int:
    """A decimal number, 0 ≤ value < `below`. Raises RemoteProtocolError(400)."""
    if text.isascii() and text.isdigit() and len(text) <= 30:
        value = int(text)
        if value < below:
            return value
    raise RemoteProtocolError(f"{what} must be a decimal number below {below}", 400)


def address_type(host: str) -> str:
    """`IP6` for an IPv6 literal, else `IP4`."""
    return "IP6" if ":" in host else "IP4"


def is_unspecified(host: str) -> bool:
    """Whether an address is the null address, the hold of RFC 2543 (RFC 3264 §8.4)."""
    return host in ("0.0.0.0", "::", "0:0:0:0:0:0:0:0")
