"""Cutting a byte stream (TCP, TLS) into messages (RFC 3261 §18.3, RFC 5626 §3.5.1).

On a stream Content-Length alone says where a message ends, so one that is missing, doubled or malformed
leaves nothing to go by: `feed` raises and the connection must be closed. Reading is linear in the bytes
fed, however they are cut up.
"""

import enum
import re

from offhook.core.errors import RemoteProtocolError
from offhook.sip.parser import MAX_MESSAGE

_DIGITS = re.compile(rb"[0-9]{1,9}")
_END = b"\r\n\r\n"


class Keepalive(enum.Enum):
    """What a peer sends between messages to hold a connection open."""

    PING = "ping"
    """A double CRLF: answer with `PONG_BYTES`."""


PONG_BYTES = b"\r\n"
"""The answer to a ping."""


class StreamFramer:
    """The receiving side of one connection. Useless after it has raised."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offence: RemoteProtocolError | None = None
        self._searched = 0
        self._total: int | None = None

    @property
    def partial(self) -> bool:
        """Whether the beginning of a message is here and its end is not."""
        return self._searched > 0 or self._total is not None

    @property
    def broken(self) -> bool:
        """Whether what follows the messages found cannot be read: close the connection."""
        return self._offence is not None

    def feed(self, data: bytes) -> list[bytes | Keepalive]:
        """The whole messages and pings completed by `data`, in order.

        Raises RemoteProtocolError(400): close the connection. Messages that were complete before the
        offence in the same `data` are given first: then `broken` is set and the next call raises.
        """
        if self._offence is not None:
            raise self._offence
        self._buffer += data
        found: list[bytes | Keepalive] = []
        try:
            self._cut(found)
        except RemoteProtocolError as offence:
            self._offence = offence
            if not found:
                raise
        return found

    def _cut(self, found: list[bytes | Keepalive]) -> None:
        consumed = 0
        while True:
            consumed = self._skip_line_ends(consumed, found)
            end = self._message_end(consumed)
            if end is None or end > len(self._buffer):
                break
            found.append(bytes(self._buffer[consumed:end]))
            consumed, self._searched, self._total = end, 0, None
        del self._buffer[:consumed]

    def _skip_line_ends(self, start: int, found: list[bytes | Keepalive]) -> int:
        """Take pings away, and a single CRLF (a pong, or §7.5 tolerance) once something follows it."""
        if self._searched or self._total is not None:
            return start
        buffer = self._buffer
        while buffer.startswith(b"\r\n", start):
            if buffer.startswith(_END, start):
                found.append(Keepalive.PING)
                start += 4
            elif len(buffer) - start == 2 or (len(buffer) - start == 3 and buffer[-1:] == b"\r"):
                break
            else:
                start += 2
        return start

    def _message_end(self, start: int) -> int | None:
        if self._total is None:
            if bytes(self._buffer[start : start + 2]) in (b"", b"\r", b"\r\n"):
                return None
            head_end = self._buffer.find(_END, start + max(0, self._searched - 3))
            size = (head_end if head_end >= 0 else len(self._buffer)) - start
            if size > MAX_MESSAGE:
                raise RemoteProtocolError("the headers of a message on a stream are too long", 400)
            if head_end < 0:
                self._searched = size
                return None
            self._total = size + len(_END) + _content_length(bytes(self._buffer[start:head_end]))
            if self._total > MAX_MESSAGE:
                raise RemoteProtocolError("a message on a stream is too long", 400)
        return start + self._total


def _content_length(head: bytes) -> int:
    lines = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")
    values = []
    for line in lines[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() in (b"content-length", b"l"):
            values.append(value.strip())
    if len(values) != 1 or not _DIGITS.fullmatch(values[0]):
        raise RemoteProtocolError("a message on a stream needs exactly one valid Content-Length", 400)
    return int(values[0])
