"""The HTTP port of a running instance: raw bytes in; it must live on and never answer 500."""

import socket
from random import Random

from .contract import Address, NeedsAddressError, TargetOptions, require
from .mutate import Mutator

TIMEOUT_SECONDS = 1.0
LARGEST = 65_536
PATHS = (
    b"/v1/calls",
    b"/v1/calls/x",
    b"/v2/applications",
    b"/v1/files/x",
    b"/health",
    b"/metrics",
    b"/",
    b"/%00",
)
BODIES = (
    b"",
    b"{}",
    b'{"to":[{"type":"phone","number":"14155550100"}],"from":{"type":"phone","number":"1"},"ncco":[]}',
    b'{"action":"hangup"}',
    b"[" * 5_000,
    b'{"a":1e999}',
    b"\xff\xfe",
)
TOKENS = (
    b"",
    b"Authorization: Bearer a.b.c\r\n",
    b"Authorization: Basic YTpi\r\n",
    b"Authorization: \xff\r\n",
)
WORDS = (
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 99999999999\r\n",
    b"Expect: 100-continue\r\n",
    b"HTTP/2.0",
)


class HttpTarget:
    """An input is what one connection sends."""

    def __init__(self, address: Address) -> None:
        self._address = address
        seeds = [
            b"%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (method, path, TOKENS[number % len(TOKENS)], len(body), body)
            for number, (method, path, body) in enumerate(
                (method, path, body)
                for method in (b"GET", b"POST", b"PUT", b"DELETE")
                for path in PATHS
                for body in BODIES
            )
        ]
        self._mutator = Mutator(seeds, WORDS)

    def next(self, random: Random) -> bytes:
        return self._mutator.mutate(random, self._mutator.sample(random))

    def check(self, data: bytes) -> None:
        answer = self._exchange(data)
        status = answer[9:12] if answer.startswith(b"HTTP/1.") else b""
        require(status != b"500", f"no request is answered with 500: {answer[:300]!r}")

    def failing(self, data: bytes) -> bytes:
        return data

    def _exchange(self, data: bytes) -> bytes:
        """Send, close our side, read. A refused connection is a failure: the server has died."""
        with socket.create_connection(self._address, TIMEOUT_SECONDS) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                return connection.recv(LARGEST)
            except OSError:  # no answer in time, or the connection was cut: both are allowed
                return b""


def make(options: TargetOptions) -> HttpTarget:
    if options.address is None:
        raise NeedsAddressError(
            "nothing was started. Start an instance, then name it: --address 127.0.0.1:8080"
        )
    return HttpTarget(options.address)
