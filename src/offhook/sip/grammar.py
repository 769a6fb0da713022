"""The lexical rules of SIP that every other module of the message layer uses (RFC 3261 §25.1).

Scanners only: every function here reads its text once, so its cost grows with the length of the text and
with nothing else. It is not a parser of any header: see `params`, `uri`, `address` and `via`.
"""

import re

from offhook.core.errors import RemoteProtocolError

WS = " \t"
"""Linear white space after unfolding. `str.strip()` without it would eat other characters too."""

MAX_NAMES = 2_000
"""Header names remembered as tokens."""

_NAMES: set[str] = set()
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_DIGITS = re.compile(r"[0-9]+")
_HOST_NAME = re.compile(r"[A-Za-z0-9\-._]+")
_HOST_IPV6 = re.compile(r"[0-9A-Fa-f:.]+(?:%[A-Za-z0-9\-._]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTE_OR_ESCAPE = re.compile(r'["\\]')
_STOPS = {
    (separator, angle): re.compile(f'[{separator}"<]' if angle else f'[{separator}"]')
    for separator in ",;"
    for angle in (False, True)
}

_HEX = re.compile("%([0-9A-Fa-f]{2})")


def is_token(text: str) -> bool:
    """Whether `text` is a non-empty RFC 3261 token."""
    return _TOKEN.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether `text` is a token; quick for the few hundred header names that there are."""
    if text in _NAMES:
        return True
    if not is_token(text):
        return False
    if len(_NAMES) < MAX_NAMES:
        _NAMES.add(text)
    return True


def is_host(text: str) -> bool:
    """Whether `text` can be a host: a name (underscores tolerated), IPv4, or IPv6 without brackets."""
    return (_HOST_NAME if ":" not in text else _HOST_IPV6).fullmatch(text) is not None


def number(text: str, below: int, what: str) -> int:
    """A decimal number without sign, 0 ≤ value < `below`. Raises RemoteProtocolError(400)."""
    if len(text) <= 20 and _DIGITS.fullmatch(text):
        value = int(text)
        if value < below:
            return value
    raise RemoteProtocolError(f"{what} must be a decimal number below {below}", 400)


def end_of_quoted(text: str, start: int) -> int:
    """The index after the closing quote of the quoted string opened at `start`; 400 when there is none."""
    position = start + 1
    closing = text.find('"', position)
    if closing >= 0 and text.find("\\", position, closing) < 0:
        return closing + 1
    while (stop := _QUOTE_OR_ESCAPE.search(text, position)) is not None:
        if stop.group() == '"':
            return stop.end()
        position = stop.end() + 1
    raise RemoteProtocolError("a quoted string is not closed", 400)


def split(text: str, separator: str, *, angle: bool = True) -> list[str]:
    """The parts between separators (`,` or `;`) outside quoted strings and, if `angle`, outside `<…>`.

    Parts are stripped of white space; empty ones are left out (RFC 3261 §7.3.1 allows them in lists that
    real senders write). Raises RemoteProtocolError(400) when a quote or a bracket is not closed.
    """
    if separator not in text and '"' not in text and (not angle or "<" not in text):
        text = text.strip(WS)
        return [text] if text else []
    if '"' not in text and (not angle or "<" not in text):
        parts = text.split(separator)
    else:
        parts = _split_carefully(text, separator, angle)
    return [part for part in (part.strip(WS) for part in parts) if part]


def _split_carefully(text: str, separator: str, angle: bool) -> list[str]:
    stops = _STOPS[separator, angle]
    parts: list[str] = []
    begin = position = 0
    while (stop := stops.search(text, position)) is not None:
        found = stop.group()
        if found == separator:
            parts.append(text[begin : stop.start()])
            begin = position = stop.end()
        elif found == '"':
            position = end_of_quoted(text, stop.start())
        else:
            position = text.find(">", stop.end()) + 1
            if position == 0:
                raise RemoteProtocolError("'<' has no matching '>'", 400)
    parts.append(text[begin:])
    return parts


def quote(text: str) -> str:
    """`text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """The meaning of a quoted string; any other text is given back as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    if "\\" not in inner:
        return inner
    return re.sub(r"\\(.)", r"\1", inner, flags=re.DOTALL)


def unescape(text: str) -> str:
    """`text` with %-escapes decoded as UTF-8; bytes that are not UTF-8 survive as surrogates."""
    if "%" not in text:
        return text
    encoded = text.encode("utf-8", "surrogateescape").decode("latin-1")
    decoded = _HEX.sub(lambda match: chr(int(match.group(1), 16)), encoded)
    return decoded.encode("latin-1").decode("utf-8", "surrogateescape")


def has_control(text: str) -> bool:
    """Whether `text` holds CR, LF, NUL or another control character but the tab."""
    return _CONTROL.search(text) is not None


def is_clean(text: str) -> bool:
    """Whether `text` may stand in a header line as it is.

    Control characters are legal in one place only: as the second half of a quoted pair (RFC 3261 §25.1
    `quoted-pair`), never CR or LF.
    """
    if not has_control(text):
        return True
    if "\r" in text or "\n" in text:
        return False
    position = 0
    while (opening := text.find('"', position)) >= 0:
        if has_control(text[position:opening]):
            return False
        try:
            position = end_of_quoted(text, opening)
        except RemoteProtocolError:
            return False
        if has_control(_without_pairs(text[opening:position])):
            return False
    return not has_control(text[position:])


def _without_pairs(quoted: str) -> str:
    return re.sub(r"\\.", "", quoted, flags=re.DOTALL)


def host_and_port(text: str, what: str) -> tuple[str, int | None]:
    """`host[:port]`, the host without brackets. Raises RemoteProtocolError(400)."""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        rest = rest.strip(WS)
        if not closed or ":" not in host or (rest and rest[0] != ":"):
            raise RemoteProtocolError(f"{what} holds a malformed IPv6 reference", 400)
        port_text = rest[1:] if rest else None
    else:
        host, colon, after = text.partition(":")
        host = host.strip(WS)
        port_text = after if colon else None
    if not is_host(host):
        raise RemoteProtocolError(f"{what} holds a malformed host", 400)
    if port_text is None:
        return host, None
    return host, number(port_text.strip(WS), 65536, f"the port in {what}")


def bracketed(host: str) -> str:
    """`host` as it stands in a URI or a Via: IPv6 literals in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
