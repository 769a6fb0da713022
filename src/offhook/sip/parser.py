"""Bytes to message (RFC 3261 §7, §18.3): one datagram, or one message that stream framing has cut out.

Reads what it can represent and nothing else: it never looks inside the Request-URI or a header value. What
is no SIP at all raises `RemoteProtocolError` with status 0, which means silence. What is SIP but wrong is
given back as a message whose `defect` or headers `validate` turns into the status we owe.
"""

import re

from offhook.core.errors import RemoteProtocolError
from offhook.sip.grammar import WS, is_clean, is_token
from offhook.sip.message import Defect, Headers, Message, Request, Response

MAX_MESSAGE = 65_535
"""Bytes of one message: what a UDP datagram can hold, and the limit on streams as well."""
MAX_HEADERS = 256
"""Header lines of one message."""
MAX_LINE = 8_192
"""Characters of one header line after unfolding."""

_VERSION = re.compile(r"[Ss][Ii][Pp]/[0-9]{1,4}\.[0-9]{1,4}")
_LENGTH = re.compile(r"[0-9]{1,9}")
_SUSPECT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
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
    lines = _unfold(text).split("\r\n")
    if text.count("\r") != text.count("\r\n") or text.count("\n") != text.count("\r\n"):
        raise RemoteProtocolError("a header line holds a lone CR or LF")
    message = _start(lines[0])
    if not blank:
        lines = [line for line in lines if line]
        message.defect = message.defect or _UNFINISHED
    message.headers = _headers(lines, message)
    if _SUSPECT.search(head) and not all(is_clean(line) for line in lines):
        raise RemoteProtocolError("a header line holds a control character")
    message.body = _body(message.headers, body)
    return message


def _unfold(text: str) -> str:
    """Join continued lines: CRLF and the white space after it mean one space (RFC 3261 §7.3.1)."""
    if "\r\n " not in text and "\r\n\t" not in text:
        return text
    lines: list[list[str]] = []
    for line in text.split("\r\n"):
        if lines and line[:1] in (" ", "\t"):
            lines[-1].append(line.strip(WS))
        else:
            lines.append([line])
    return "\r\n".join(
        " ".join([parts[0].rstrip(WS), *filter(None, parts[1:])]) if len(parts) > 1 else parts[0]
        for parts in lines
    )


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
        name = name.rstrip(WS)
        if len(line) > MAX_LINE:
            message.defect = message.defect or _TOO_LONG
        elif not colon or not is_token(name):
            message.defect = message.defect or _MALFORMED
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
