"""The address of From, To, Contact, Route, Record-Route and their like (RFC 3261 §20.10, §25.1).

Both forms are read: `"Display" <uri>;params` and `uri;params`, where the parameters belong to the header.
The URI stays text: an address with an unknown scheme is still an address.
"""

import re
from dataclasses import dataclass, field

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, end_of_quoted, has_control, is_token, quote, split, unquote
from offhook.sip.params import NONE, Params
from offhook.sip.uri import Uri

# The form that nearly every address has. Each part ends where the next begins: nothing to go back for.
_PLAIN = re.compile(
    r"""(?:"([^"\\]*)"[ \t]*|([^"<]*))<([A-Za-z][A-Za-z0-9+.\-]*:[^<>"\x00-\x20\x7f]+)>[ \t]*(;.*)?""",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `raw` is the text as received; `str()` gives it again."""

    display: str
    """The display name without quotes; empty when there is none."""
    uri: str
    params: Params = field(default=NONE)
    raw: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """One value, not a list. Raises RemoteProtocolError(400)."""
        text = text.strip(WS)
        plain = _PLAIN.fullmatch(text)
        return cls._scanned(text) if plain is None else cls._matched(plain, text)

    @classmethod
    def _matched(cls, plain: re.Match[str], text: str) -> "Address":
        quoted, words, uri, params = plain.groups()
        display = words.rstrip(WS) if quoted is None else quoted
        return cls(display, uri, Params.parse(params) if params else NONE, text)

    @classmethod
    def _scanned(cls, text: str) -> "Address":
        if text.startswith('"'):
            end = end_of_quoted(text, 0)
            display = unquote(text[:end])
            opening = end + len(text[end:]) - len(text[end:].lstrip(WS))
            if text[opening : opening + 1] != "<":
                raise RemoteProtocolError("a display name must be followed by a URI in angle brackets", 400)
        else:
            opening = text.find("<")
            display = text[:opening].rstrip(WS) if opening > 0 else ""
        if opening < 0:
            uri, _, params = text.partition(";")
            uri = uri.rstrip(WS)
            _check(uri)
            return cls("", uri, Params.parse(params), text)
        closing = text.find(">", opening)
        if closing < 0:
            raise RemoteProtocolError("'<' has no matching '>' in an address", 400)
        uri = text[opening + 1 : closing].strip(WS)
        after = text[closing + 1 :].lstrip(WS)
        if after and after[0] != ";":
            raise RemoteProtocolError("only ;parameters may follow '>' in an address", 400)
        _check(uri)
        return cls(display, uri, Params.parse(after) if after else NONE, text)

    @classmethod
    def parse_list(cls, text: str) -> "list[Address]":
        """Comma-separated addresses. Raises RemoteProtocolError(400)."""
        if "," not in text:
            text = text.strip(WS)
            plain = _PLAIN.fullmatch(text)
            if plain is not None:
                return [cls._matched(plain, text)]
        return [cls.parse(part) for part in split(text, ",")]

    @property
    def tag(self) -> str | None:
        return self.params.raw("tag") or None

    def parsed_uri(self) -> Uri:
        """Raises RemoteProtocolError(400) when the URI is malformed."""
        return Uri.parse(self.uri)

    def with_tag(self, tag: str) -> "Address":
        """This address with `tag`; everything else stays as received."""
        if self.raw and self.tag is None:
            return Address(
                self.display, self.uri, self.params.having("tag", tag), self._bare() + f";tag={tag}"
            )
        return Address(self.display, self.uri, self.params.having("tag", tag))

    def _bare(self) -> str:
        return self.raw.rstrip(WS + ";")

    def __str__(self) -> str:
        if self.raw:
            return self.raw
        if not self.display:
            return f"<{self.uri}>{self.params}"
        words = self.display.split(" ")
        plain = all(is_token(word) for word in words)
        return f"{self.display if plain else quote(self.display)} <{self.uri}>{self.params}"


def _check(uri: str) -> None:
    scheme, colon, rest = uri.partition(":")
    if not colon or not rest or not is_token(scheme):
        raise RemoteProtocolError("an address holds no URI", 400)
    if any(white in rest for white in WS) or has_control(rest):
        # It may become the Request-URI of ours, where a space would end it (RFC 3261 §25.1).
        raise RemoteProtocolError("the URI of an address holds white space or a control character", 400)
