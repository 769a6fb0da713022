"""Messages from parts, and bytes from messages (RFC 3261 §8.1.1, §8.2.6, §7).

This is the one place where text of users, NCCOs and REST requests becomes a header, so nothing that could
end a line passes: CR, LF, NUL and other control characters raise `LocalStateError`.
"""

from collections.abc import Iterable

from offhook.core.errors import LocalStateError
from offhook.sip.address import Address
from offhook.sip.grammar import WS, has_control, is_clean, is_name, is_token
from offhook.sip.headers import to as to_of
from offhook.sip.message import Headers, Message, Request, Response, key_of
from offhook.sip.reasons import REASONS
from offhook.sip.via import Via

MAX_SENT = 65_487
"""Bytes of one message that goes out: what a UDP datagram can carry over IPv6, the smaller of the two."""
REPEATABLE = ("via", "record-route")
"""What a response copies from a request line by line."""

__all__ = ["REASONS", "check_header", "request", "response", "serialise"]


def request(
    method: str,
    uri: str,
    *,
    via: str | Via,
    from_: str | Address,
    to: str | Address,
    call_id: str,
    cseq: int,
    max_forwards: int,
    routes: Iterable[str | Address] = (),
    contact: str | Address | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Request:
    """A request with its headers in the usual order. Raises LocalStateError."""
    if not is_token(method) or not uri or " " in uri or has_control(uri):
        raise LocalStateError("a request needs a method that is a token and a Request-URI without spaces")
    lines = [("Via", str(via))]
    lines += [("Route", str(route)) for route in routes]
    lines += [
        ("Max-Forwards", str(max_forwards)),
        ("From", str(from_)),
        ("To", str(to)),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
    ]
    if contact is not None:
        lines.append(("Contact", str(contact)))
    made = Request(method, uri, Headers(lines), body)
    _finish(made, headers, content_type)
    return made


def response(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> Response:
    """A response: Via, From, To, Call-ID and CSeq as received, Record-Route where it makes a dialog.

    `to_tag` is added when To has none and the status is above 100 (RFC 3261 §8.2.6.2).
    """
    if not 100 <= status <= 699:
        raise LocalStateError(f"{status} is no SIP status: use 100–699")
    copied = {"via", "from", "to", "call-id", "cseq"}
    if status == 100:
        copied.add("timestamp")
    elif status < 300:
        copied.add("record-route")
    lines = _copied(request, copied)
    text = REASONS.get(status, "Unknown") if reason is None else reason
    made = Response(status, text, Headers(lines))
    if to_tag is not None and status > 100 and "to" in made.headers:
        _tag(made, to_tag)
    made.body = body
    _finish(made, headers, content_type)
    return made


def serialise(message: Message) -> bytes:
    """The bytes of a message; Content-Length is made true. Raises LocalStateError."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} {message.version}"
    else:
        start = f"{message.version} {message.status:03d} {message.reason}"
    if has_control(start):
        raise LocalStateError("the first line of a message must not hold control characters")
    length = str(len(message.body))
    lines = message.headers.items()
    if message.headers.get_all("content-length") != [length]:
        fixed = Headers(lines)
        fixed.set("Content-Length", length)
        lines = fixed.items()
    text = "\r\n".join([start, *(f"{name}: {value}" for name, value in lines)])
    if has_control(text.replace("\r\n", "")) or text.count("\r\n") != len(lines):
        for _, value in lines:
            _check_value(value)
    if not all(is_name(name) for name, _ in lines):
        raise LocalStateError("a header name is not a token: use letters, digits and dashes")
    try:
        data = text.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + message.body
    except UnicodeEncodeError as error:
        raise LocalStateError("a header holds a character that cannot be sent as UTF-8") from error
    if len(data) > MAX_SENT:
        raise LocalStateError(
            f"a message of {len(data)} bytes fits no datagram: use fewer or shorter headers"
        )
    return data


def check_header(name: str, value: str) -> None:
    """Refuse what a user must not put into a header: raises LocalStateError that names the header."""
    if not is_token(name):
        raise LocalStateError(f"the header name {name!r} is not a token: use letters, digits and dashes")
    if has_control(value):
        raise LocalStateError(f"the value of header {name} holds a control character: remove line breaks")


def _check_value(value: str) -> None:
    # Values echoed from a peer may hold control characters in quoted pairs; our own were checked before.
    if not is_clean(value):
        raise LocalStateError("a header holds a control character that would break the message")


def _finish(message: Message, headers: Iterable[tuple[str, str]], content_type: str | None) -> None:
    for name, value in headers:
        check_header(name, value)
        message.headers.add(name, value.strip(WS))
    if content_type is not None:
        check_header("Content-Type", content_type)
        message.headers.add("Content-Type", content_type)
    message.headers.set("Content-Length", str(len(message.body)))
    for _, value in message.headers:
        _check_value(value)
    if isinstance(message, Response) and has_control(message.reason):
        raise LocalStateError("the reason phrase holds a control character: remove line breaks")


def _copied(request: Request, wanted: set[str]) -> list[tuple[str, str]]:
    """Headers of `request` in order; of a doubled From, To, Call-ID or CSeq the first."""
    lines: list[tuple[str, str]] = []
    seen: set[str] = set()
    for name, value in request.headers:
        key = key_of(name)
        if key in wanted and (key in REPEATABLE or key not in seen):
            seen.add(key)
            lines.append((name, value))
    return lines


def _tag(made: Response, tag: str) -> None:
    if not is_token(tag):
        raise LocalStateError("a To tag must be a token")
    address = to_of(made)
    if address.tag is None:
        made.headers.replace_first("To", str(address.with_tag(tag)))


def size_of(request: Request) -> int:
    """About how many bytes a request has on the wire (header text counted in characters)."""
    lines = sum(len(name) + len(value) + 4 for name, value in request.headers.items())
    start = len(request.method) + len(request.uri) + len("  SIP/2.0\r\n")
    return start + lines + len("Content-Length: 1000\r\n\r\n") + len(request.body)
