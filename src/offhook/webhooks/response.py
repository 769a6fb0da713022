"""One HTTP/1.1 response as it arrives, for `connection.py`: no sockets, no clock.

Parsed by llhttp (RFC 9112). What is kept is bounded: lines of the head, their length, and the body after it
was unpacked (RFC 9110 §8.4: gzip and deflate, piece by piece, so that a small bomb stays small). Interim
responses (RFC 9110 §15.2) are passed over. A body without a length ends with the connection (RFC 9112 §6.3).
"""

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import httptools

from offhook.core.errors import DeliveryError
from offhook.webhooks.attempts import CLOSED, TOO_LARGE

MAX_HEADERS = 100
MAX_LINE = 8_190
"""Header lines of a reply, and octets of one."""
MAX_HEAD = 65_536
"""Octets of a head that is not complete."""
NO_BODY = frozenset({204, 304})
_PACKED = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_RAW = -zlib.MAX_WBITS
"""What some servers call deflate."""
_GZIP = b"\x1f\x8b"
"""Another member of a gzip file begins so (RFC 1952 §2.2)."""


class Received(NamedTuple):
    """A whole response. Of a header that came twice the first is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ResponseReader:
    """Reads one response after another from the bytes of one connection."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # As forgiving as browsers are where nothing can be misunderstood.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._limit = 0
        self._head_size = self._lines = 0
        self._headers: dict[str, str] | None = None
        self._body: _Body | None = None
        self._failure: DeliveryError | None = None
        self.done: Received | None = None
        """The response, once it is complete."""
        self.reusable = False
        """Whether the connection may carry another request."""

    def expect(self, limit: int) -> None:
        """A request was sent; the body of its response may have `limit` bytes."""
        self._limit = limit
        self.done = self._headers = self._body = None
        self._head_size = self._lines = 0
        self.reusable = False

    def feed(self, data: bytes) -> None:
        """Take in what arrived. Raises DeliveryError for what is no response, or too large a one."""
        if self._complete():
            self.reusable = False  # nobody asked for this
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise _not_http("it changes to another protocol") from error
        except httptools.HttpParserError as error:
            if not self._complete():
                raise self._failure or _not_http(str(error)) from error
            self.reusable = False
        if self._failure is not None:
            raise self._failure
        if self._body is None:  # the head is not complete
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                raise _not_http(f"its head is longer than {MAX_HEAD} bytes")

    def ended(self) -> None:
        """The connection was closed. Raises DeliveryError when the response was not complete."""
        if self.done is None and self._body is not None and self._body.until_close:
            self.on_message_complete()
        self.reusable = False
        if self.done is None:
            raise self._failure or DeliveryError(CLOSED, retryable=True)

    # ── from the parser ─────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        if self.done is not None:
            self.reusable = False
        elif self._headers is None:
            self._headers, self._lines = {}, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self._headers
        if headers is None or self._body is not None or self.done is not None:
            return  # a trailer, or a message that nobody asked for
        self._lines += 1
        if self._lines > MAX_HEADERS:
            self._fail(_not_http(f"it has more than {MAX_HEADERS} header lines"))
        elif len(name) + len(value) > MAX_LINE:
            self._fail(_not_http(f"it has a header line of more than {MAX_LINE} bytes"))
        else:
            text = value.decode("utf-8", "surrogateescape")
            headers.setdefault(name.decode("latin-1"), text.strip(" \t"))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self.done is not None or self._headers is None or 100 <= status < 200:
            return
        found = {name.lower(): value for name, value in self._headers.items()}
        sized = "content-length" in found or "chunked" in found.get("transfer-encoding", "").lower()
        until_close = not sized and status not in NO_BODY
        try:
            self._body = _Body(found.get("content-encoding", ""), self._limit, until_close)
        except DeliveryError as error:
            self._fail(error)

    def on_body(self, part: bytes) -> None:
        if self._body is None or self._failure is not None or self.done is not None:
            return
        try:
            self._body.add(part)
        except DeliveryError as error:
            self._fail(error)

    def on_message_complete(self) -> None:
        if self.done is not None or self._failure is not None:
            return
        body, headers = self._body, self._headers
        if body is None or headers is None:  # an interim response
            self._headers = None
            return
        try:
            content = body.whole()
        except DeliveryError as error:
            self._fail(error)
            return
        self.done = Received(self._parser.get_status_code(), headers, content)
        self.reusable = not body.until_close and self._parser.should_keep_alive()

    def _complete(self) -> bool:
        return self.done is not None

    def _fail(self, failure: DeliveryError) -> None:
        self._failure = self._failure or failure


class _Body:
    """The pieces of a body, unpacked and counted."""

    def __init__(self, encoding: str, limit: int, until_close: bool) -> None:
        kind = encoding.strip().lower()
        if kind not in ("", "identity", *_PACKED):
            raise _not_http(f"it is packed as {kind[:40]!r}, which was not asked for")
        self.until_close = until_close
        self._limit = limit
        self._size = 0
        self._parts: list[bytes] = []
        self._kind = kind if kind in _PACKED else ""
        self._unpacker: Any = zlib.decompressobj(_PACKED[kind]) if self._kind else None

    def add(self, part: bytes) -> None:
        """Raises DeliveryError above the limit, and for what cannot be unpacked."""
        if self._unpacker is None:
            self._keep(part)
            return
        try:
            self._unpack(part)
        except zlib.error as error:
            raise _not_http(f"its {self._kind} body cannot be unpacked") from error

    def whole(self) -> bytes:
        """The body. Raises DeliveryError when a packed one has no end."""
        if self._unpacker is not None and self._parts and not self._unpacker.eof:
            raise DeliveryError(CLOSED, retryable=True)
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def _unpack(self, part: bytes) -> None:
        while part:
            if self._unpacker.eof:
                if "gzip" not in self._kind or not _GZIP.startswith(part[:2]):
                    return  # what stands behind the end is nobody's
                self._unpacker = zlib.decompressobj(_PACKED[self._kind])
            try:
                self._keep(self._unpacker.decompress(part, self._limit - self._size + 1))
            except zlib.error:
                if self._kind != "deflate" or self._size:
                    raise
                self._unpacker = zlib.decompressobj(_RAW)
                self._keep(self._unpacker.decompress(part, self._limit + 1))
            part = self._unpacker.unused_data

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise DeliveryError(TOO_LARGE.format(self._limit))
        if part:
            self._parts.append(part)


def _not_http(what: str) -> DeliveryError:
    return DeliveryError(f"The reply is not HTTP: {what}.")
