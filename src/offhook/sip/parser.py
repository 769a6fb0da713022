"""Bytes to message (RFC 3261 §7, §18.3): one datagram, or one message that stream framing has cut out.

Reads what it can represent and nothing else: it never looks inside the Request-URI or a header value. What
is no SIP at all raises `RemoteProtocolError` with status 0, which means silence. What is SIP but wrong is
given back as a message whose `defect` or headers `validate` turns into the status we owe.
"""

import re

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, is_clean, is_name, is_token
from offhook.sip.message import Defect, Headers, Message, Request, Response

MAX_MESSAGE = 62_000
"""Bytes of one message, on streams as well. Less than a datagram can hold, because an answer repeats headers
of its request and adds some: one that cannot be sent would look like a peer that cannot be reached."""
MAX_HEADERS = 256
"""Header lines of one message."""
MAX_LINE = 8_192
"""Characters of one header line after unfolding."""

_VERSION = re.compile(r"[Ss][Ii][Pp]/[0-9]{1,4}\.[0-9]{1,4}")
_LENGTH = re.compile(r"[0-9]{1,9}")
_CONTROL = bytes(code for code in (*range(32), 127) if code != 9)
_MALFORMED = Defect(400, "a header line has no name or no colon")
_UNFINISHED = Defect(400, "the blank line after the headers is missing")
_TOO_MANY = Defect(513, f"there are more than {MAX_HEADERS} header lines")
_TOO_LONG = Defect(513, f"a header line is longer than {MAX_LINE} characters")
_SPACES = Defect(400, "the request line has too many or too few spaces")


def parse(data: bytes) -> Message:
    """Parse one whole message.

    Bytes after the body that Content-Length announces are left out. Raises RemoteProtocolError(status=0)
    for keep-alives and for everything that cannot be answered.
    """
    if len(data) > MAX_MESSAGE:
        raise RemoteProtocolError(f"a message has more than {MAX_MESSAGE} bytes")
    if data[:2] == b"\r\n":
        data = data.lstrip(b"\r\n")
    head, blank, body = data.partition(b"\r\n\r\n")
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    line_ends = 2 * (len(lines) - 1)
    if "\r\n " in text or "\r\n\t" in text:
        lines = _unfolded(lines)
    if len(head) - len(head.translate(None, _CONTROL)) != line_ends:
        _refuse_controls(lines)
    message = _start(lines[0])
    if not blank:
        lines = [line for line in lines if line]
        message.defect = message.defect or _UNFINISHED
    message.headers = _headers(lines, message)
    message.body = _body(message.headers, body)
    return message


def _refuse_controls(lines: list[str]) -> None:
    """A quoted pair may hold a control character; a lone CR or LF, or any other one, is no SIP."""
    if not all(is_clean(line) for line in lines):
        raise RemoteProtocolError("a header line holds a control character")


def _unfolded(lines: list[str]) -> list[str]:
    """Join continued lines: CRLF and the white space after it mean one space (RFC 3261 §7.3.1)."""
    joined: list[list[str]] = []
    for line in lines:
        if joined and line[:1] in (" ", "\t"):
            joined[-1].append(line.strip(WS))
        else:
            joined.append([line])
    return [
        " ".join([parts[0].rstrip(WS), *filter(None, parts[1:])]) if len(parts) > 1 else parts[0]
        for parts in joined
    ]


def _start(line: str) -> Message:
    if line[:4].upper() == "SIP/":
        return _status_line(line)
    trimmed = line.strip(WS)
    method, _, rest = trimmed.partition(" ")
    uri, gap, version = rest.rpartition(" ")
    if not is_token(method) or not _VERSION.fullmatch(version):
        raise RemoteProtocolError("the first line is neither a SIP request nor a SIP response")
    request = Request(method, uri.strip(WS), version=version)
    if not gap or not request.uri or len(request.uri) != len(uri) or trimmed != line or " " in uri:
        request.defect = _SPACES
    return request


def _status_line(line: str) -> Response:
    version, _, rest = line.partition(" ")
    code, _, reason = rest.partition(" ")
    if not _VERSION.fullmatch(version) or len(code) != 3 or not code.isascii() or not code.isdigit():
        raise RemoteProtocolError("the status line is malformed")
    status = int(code)
    if not 100 <= status <= 699:
        raise RemoteProtocolError("the status code is outside 100–699")
    return Response(status, reason, version=version)


def _headers(lines: list[str], message: Message) -> Headers:
    pairs: list[tuple[str, str]] = []
    for line in lines[1 : MAX_HEADERS + 1]:
        name, colon, value = line.partition(":")
        if (not is_name(name) and not is_name(name := name.rstrip(WS))) or not colon:
            message.defect = message.defect or _MALFORMED
        elif len(line) > MAX_LINE:
            message.defect = message.defect or _TOO_LONG
        else:
            pairs.append((name, value.strip(WS)))
    if len(lines) > MAX_HEADERS + 1:
        message.defect = message.defect or _TOO_MANY
    return Headers(pairs)


def _body(headers: Headers, rest: bytes) -> bytes:
    """A datagram's Content-Length cuts off what follows; one that makes no sense is the validator's."""
    length = headers.get("content-length")
    if length is not None and _LENGTH.fullmatch(length):
        return rest[: int(length)]
    return rest
