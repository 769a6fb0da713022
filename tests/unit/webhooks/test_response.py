"""Responses by their bytes, whole and in the smallest pieces."""

import gzip
import zlib

import pytest

from offhook.core.errors import DeliveryError
from offhook.webhooks.response import MAX_HEAD, Received, ResponseReader

H = b"HTTP/1.1 200 OK\r\n"


def whole(reader: ResponseReader) -> Received:
    """The response, which must be complete."""
    done = reader.done
    assert done is not None
    return done


def read(data: bytes, *, step: int = 1 << 20, limit: int = 1000, ends: bool = False) -> ResponseReader:
    reader = ResponseReader()
    reader.expect(limit)
    for start in range(0, len(data), step):
        reader.feed(data[start : start + step])
    if ends:
        reader.ended()
    return reader


PACKED = gzip.compress(b"hello")
ZLIB = zlib.compress(b"hello")
RAW = zlib.compress(b"hello")[2:-4]
WHOLE = {
    "length": (H + b"Content-Length: 5\r\n\r\nhello", 200, b"hello", True),
    "chunked": (
        H + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        200,
        b"hello",
        True,
    ),
    "trailers": (
        H + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 9\r\n\r\n",
        200,
        b"x",
        True,
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n" + H + b"Content-Length: 1\r\n\r\ny", 200, b"y", True),
    "close": (H + b"Connection: close\r\nContent-Length: 1\r\n\r\ny", 200, b"y", False),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\ny", 200, b"y", False),
    "gzip": (
        H + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED,
        200,
        b"hello",
        True,
    ),
    "two members": (
        H + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (2 * len(PACKED)) + 2 * PACKED,
        200,
        b"hellohello",
        True,
    ),
    "deflate": (
        H + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(ZLIB) + ZLIB,
        200,
        b"hello",
        True,
    ),
    "upgrade offered": (
        H + b"Upgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\ny",
        200,
        b"y",
        True,
    ),
}


@pytest.mark.parametrize("step", [1 << 20, 7, 1])
@pytest.mark.parametrize("name", WHOLE)
def test_whole_responses(name: str, step: int) -> None:
    data, status, body, reusable = WHOLE[name]
    reader = read(data, step=step)
    assert reader.done is not None
    assert (reader.done.status, reader.done.body, reader.reusable) == (status, body, reusable)


def test_raw_deflate_is_understood() -> None:
    head = H + b"Content-Encoding: deflate\r\nContent-Length: %d\r\n\r\n" % len(RAW)
    done = read(head + RAW).done
    assert done is not None
    assert done.body == b"hello"


def test_a_body_without_length_ends_with_the_connection() -> None:
    reader = read(H + b"Content-Type: text/plain\r\n\r\nhel")
    assert reader.done is None
    after = read(H + b"Content-Type: text/plain\r\n\r\nhello", ends=True)
    assert (whole(after).body, after.reusable) == (b"hello", False)
    assert whole(after).headers == {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("data", "retryable", "text"),
    [
        (b"", True, "Connection closed."),
        (b"HTTP/1.1 200 O", True, "Connection closed."),
        (H + b"Content-Length: 9\r\n\r\nshort", True, "Connection closed."),
        (H + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", True, "Connection closed."),
        (b"220 mail.example ESMTP\r\n", False, "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n", False, "another protocol"),
        (H + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", False, "not HTTP"),
        (H + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", False, "not HTTP"),
        (H + b"Content-Length: 1001\r\n\r\n" + bytes(1001), False, "larger than 1000"),
        (H + b"Content-Encoding: br\r\nContent-Length: 1\r\n\r\nx", False, "was not asked for"),
        (H + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", False, "cannot be unpacked"),
        (H + b"Content-Encoding: gzip\r\nContent-Length: 15\r\n\r\n" + PACKED[:15], True, "closed"),
        (H + b"X: " + b"y" * (MAX_HEAD + 1), False, "longer than"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, False, "longer than"),
        (H + b"X: y\r\n" * 101 + b"\r\n", False, "more than 100"),
    ],
)
def test_what_is_no_response(data: bytes, retryable: bool, text: str) -> None:
    with pytest.raises(DeliveryError, match=text) as failure:
        read(data, step=4096, ends=True)
    assert failure.value.retryable is retryable


def test_one_after_another_on_one_connection() -> None:
    reader = read(H + b"A: 1\r\nContent-Length: 1\r\n\r\na")
    reader.expect(1000)
    assert (reader.done, reader.reusable) == (None, False)
    reader.feed(b"HTTP/1.1 404 No\r\nB: 2\r\nContent-Length: 1\r\n\r\nb")
    assert whole(reader) == (404, {"B": "2", "Content-Length": "1"}, b"b")


@pytest.mark.parametrize("more", [b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz", b"\0\0", b"x"])
def test_what_comes_unasked_is_never_an_answer(more: bytes) -> None:
    together = read(H + b"Content-Length: 1\r\n\r\na" + more)
    after = read(H + b"Content-Length: 1\r\n\r\na")
    after.feed(more)
    for reader in (together, after):
        assert reader.done is not None
        assert (reader.done.body, reader.reusable) == (b"a", False)


def test_of_a_header_that_comes_twice_the_first_is_kept() -> None:
    done = read(H + b"X: 1\r\nX: 2\r\nY: \xff\r\nContent-Length: 0\r\n\r\n").done
    assert done is not None
    assert done.headers["X"] == "1"
    assert done.headers["Y"].encode("utf-8", "surrogateescape") == b"\xff"
