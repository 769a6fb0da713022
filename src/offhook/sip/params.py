"""`;name=value` parameters of Via, From, To, Contact, Route and of SIP URIs.

Values are kept as received, quotes included, and are written again exactly so; `get` gives the meaning.
Nothing is percent-decoded: a tag `10+1` or an instance id must come back byte for byte (RFC 3261 §7.3.1).
"""

from collections.abc import Iterator

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, split, unquote

MAX_PARAMS = 64
"""More parameters on one value than any sender has a use for."""


class Params:
    """An immutable ordered list of `(name, raw value)`; the value of a flag such as `lr` is None."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: tuple[tuple[str, str | None], ...] = ()) -> None:
        self.pairs = pairs

    @classmethod
    def parse(cls, text: str) -> "Params":
        """What follows the first `;` (which may itself be there). Raises RemoteProtocolError(400)."""
        if not text:
            return NONE
        if '"' in text or "<" in text or " " in text or "\t" in text:
            parts = [_stripped(part) for part in split(text, ";")]
        else:
            parts = [part.partition("=") for part in text.split(";") if part]
        pairs: list[tuple[str, str | None]] = []
        for name, equals, value in parts:
            if not name:
                raise RemoteProtocolError("a parameter has a value but no name", 400)
            pairs.append((name, value if equals else None))
        if len(pairs) > MAX_PARAMS:
            raise RemoteProtocolError(f"more than {MAX_PARAMS} parameters on one value", 400)
        return cls(tuple(pairs))

    def raw(self, name: str) -> str | None:
        """The value as received, `""` for a flag, None when absent. Names match in any case."""
        for known, value in self.pairs:
            if known == name or known.lower() == name:
                return value or ""
        return None

    def get(self, name: str) -> str | None:
        """The value with its quotes removed, `""` for a flag, None when absent; `name` in lower case."""
        value = self.raw(name)
        return unquote(value) if value else value

    def having(self, name: str, value: str | None) -> "Params":
        """A copy where `name` has `value`: in its old place if it was there, else at the end."""
        pairs = list(self.pairs)
        for index, (known, _) in enumerate(pairs):
            if known.lower() == name.lower():
                pairs[index] = (known, value)
                return Params(tuple(pairs))
        return Params((*pairs, (name, value)))

    def lacking(self, name: str) -> "Params":
        """A copy without `name`."""
        return Params(tuple(pair for pair in self.pairs if pair[0].lower() != name.lower()))

    def __contains__(self, name: str) -> bool:
        return self.raw(name) is not None

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Params) and self.pairs == other.pairs

    def __hash__(self) -> int:
        return hash(self.pairs)

    def __str__(self) -> str:
        """`;name=value…` as it stands on the wire; empty when there are none."""
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.pairs)

    def __repr__(self) -> str:
        return f"Params({str(self)!r})"


def _stripped(part: str) -> tuple[str, str, str]:
    name, equals, value = part.partition("=")
    return name.rstrip(WS), equals, value.lstrip(WS)


NONE = Params()
