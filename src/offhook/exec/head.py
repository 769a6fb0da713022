"""The head of one HTTP/1.x request to a proxy (RFC 9112 §3.2), read and written. Pure.

Three forms of target come in: `host:port` of CONNECT, a whole URL from clients that use a proxy, and a path
from clients that were led here instead of to the host that they name.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from offhook.core.errors import RemoteProtocolError

LIMIT = 65_536
"""Bytes of a head."""
END = b"\r\n\r\n"
_OWN = frozenset({"connection", "keep-alive", "proxy-connection", "proxy-authorization"})
"""Headers that concern this hop only."""


@dataclass(frozen=True, slots=True)
class Head:
    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """The first value, empty when there is none."""
        return next((value for each, value in self.headers if each.lower() == name), "")

    def serialise(self) -> bytes:
        lines = [f"{self.method} {self.target} {self.version}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request wants to go."""

    host: str
    port: int
    tls: bool = False

    @property
    def authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse(data: bytes) -> Head:
    """A head that ends with an empty line. Raises RemoteProtocolError(400)."""
    lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[0].isalpha() or not words[2].startswith("HTTP/1."):
        raise RemoteProtocolError("this is a proxy for HTTP/1.1; the request line is not one", 400)
    headers = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or "\n" in line or "\r" in line:
            raise RemoteProtocolError("a header line of the request is not one", 400)
        headers.append((name, value.strip()))
    return Head(words[0], words[1], words[2], tuple(headers))


def destination(head: Head) -> Destination:
    """Where the request wants to go. Raises RemoteProtocolError(400) when it does not say that."""
    target, tls, usual = head.target, False, 80
    if head.method == "CONNECT":
        text, usual = f"//{target}", 443
    elif target.startswith("/") or target == "*":
        text = f"//{head.header('host')}"
    else:
        text = target
        tls = target.lower().startswith("https://")
        usual = 443 if tls else 80
        if not tls and not target.lower().startswith("http://"):
            raise RemoteProtocolError("this proxy speaks for http and https only", 400)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or usual
    except ValueError:
        host, port = "", usual
    if not host:
        raise RemoteProtocolError("the request does not say which host it is for", 400)
    return Destination(host, port, tls)


def for_origin(head: Head) -> Head:
    """The head as the origin gets it: a path for its target, nothing about this hop, one request only."""
    return replace(
        head,
        target=_path(head.target),
        headers=(*_foreign(head), ("Connection", "close")),
    )


def for_next_proxy(head: Head, authorization: str) -> Head:
    """The head as another proxy gets it: the whole URL stays."""
    own = (("Proxy-Authorization", authorization),) if authorization else ()
    return replace(head, headers=(*_foreign(head), *own, ("Connection", "close")))


def _path(target: str) -> str:
    if target.startswith("/") or target == "*":
        return target
    parts = urlsplit(target)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _foreign(head: Head) -> tuple[tuple[str, str], ...]:
    """Headers that concern the origin; an upgrade keeps its `Connection` through CONNECT only."""
    return tuple((name, value) for name, value in head.headers if name.lower() not in _OWN)
