"""SIP messages as data: requests, responses and their ordered headers (RFC 3261 §7).

Header names and values are kept as received (only folding and the white space around a value are gone), so
what is echoed is echoed byte for byte. Text is bytes decoded as UTF-8 with surrogateescape. Meaning is
read by `headers`, bytes are read by `parser` and written by `build`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

COMPACT = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
"""Compact header names (IANA SIP parameters, "Header Fields")."""


_KEYS: dict[str, str] = {}
MAX_KEYS = 2_000
"""Spellings of header names remembered; a peer that invents more makes lookups slower, not memory larger."""


def key_of(name: str) -> str:
    """The form of a header name that lookups use: lower case, compact names spelled out."""
    known = _KEYS.get(name)
    if known is not None:
        return known
    key = name.lower()
    key = COMPACT.get(key, key)
    if len(_KEYS) < MAX_KEYS:
        _KEYS[name] = key
    return key


class Headers:
    """Ordered `(name, raw value)` lines. Lookups ignore case and know compact names."""

    __slots__ = ("_keys", "_lines", "cache")

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = list(lines)
        self._keys = [_KEYS.get(name) or key_of(name) for name, _ in self._lines]
        self.cache: dict[str, Any] = {}
        """What `headers` has made of the lines; forgotten when a line changes."""

    def get(self, name: str) -> str | None:
        """The value of the first line of that name."""
        key = key_of(name)
        return self._lines[self._keys.index(key)][1] if key in self._keys else None

    def get_all(self, name: str) -> list[str]:
        """The values of all lines of that name, one per line, in order."""
        key = key_of(name)
        many = self._keys.count(key)
        if many < 2:
            return [self._lines[self._keys.index(key)][1]] if many else []
        return [line[1] for known, line in zip(self._keys, self._lines, strict=True) if known == key]

    def count(self, name: str) -> int:
        """How many lines have that name."""
        return self._keys.count(key_of(name))

    def add(self, name: str, value: str) -> None:
        """Append a line."""
        self.cache.clear()
        self._lines.append((name, value))
        self._keys.append(key_of(name))

    def set(self, name: str, value: str) -> None:
        """Make this the only line of that name: in the place of the first one, else at the end."""
        key = key_of(name)
        if key not in self._keys:
            self.add(name, value)
            return
        place = self._keys.index(key)
        self.replace_first(name, value)
        keep = [i for i, known in enumerate(self._keys) if known != key or i == place]
        self._lines = [self._lines[i] for i in keep]
        self._keys = [self._keys[i] for i in keep]

    def replace_first(self, name: str, value: str) -> None:
        """Change the value of the first line of that name and keep its spelling; add it when absent."""
        key = key_of(name)
        if key not in self._keys:
            self.add(name, value)
            return
        self.cache.clear()
        place = self._keys.index(key)
        self._lines[place] = (self._lines[place][0], value)

    def remove(self, name: str) -> None:
        """Take away all lines of that name; none is fine."""
        self.cache.clear()
        key = key_of(name)
        self._lines = [line for known, line in zip(self._keys, self._lines, strict=True) if known != key]
        self._keys = [known for known in self._keys if known != key]

    def items(self) -> list[tuple[str, str]]:
        """All lines in order."""
        return list(self._lines)

    def copy(self) -> "Headers":
        return Headers(self._lines)

    def __contains__(self, name: str) -> bool:
        return key_of(name) in self._keys

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._lines == other._lines

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({self._lines!r})"


class Defect(NamedTuple):
    """What the parser could read around but the validator must answer."""

    status: int
    problem: str


@dataclass(slots=True)
class Request:
    """A request. `uri` is the Request-URI as received."""

    method: str
    uri: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    version: str = "SIP/2.0"
    defect: Defect | None = field(default=None, compare=False)


@dataclass(slots=True)
class Response:
    """A response."""

    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    version: str = "SIP/2.0"
    defect: Defect | None = field(default=None, compare=False)


Message = Request | Response
