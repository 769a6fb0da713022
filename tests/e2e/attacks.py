"""What an attacker sends: bytes on a socket, forged tokens, and how the answers are counted."""

import base64
import hashlib
import hmac
import json
import socket
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PATIENCE = 10.0
NEXT = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
"""A request that must not be found inside another one."""


@dataclass(frozen=True)
class Heard:
    """What came back on one connection until it closed, or until nothing more came."""

    data: bytes
    closed: bool

    @property
    def statuses(self) -> list[int]:
        return [int(line[9:12]) for line in self.data.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def say(port: int, data: bytes, *, expect: int = 2, patience: float = PATIENCE) -> Heard:
    """Send bytes and listen until the server closes, or until `expect` answers have come."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                heard += part
                if Heard(heard, False).statuses[expect - 1 :] and heard.endswith(b"}"):
                    return Heard(heard, False)
        except ConnectionError:
            return Heard(heard, True)
        except TimeoutError:
            return Heard(heard, False)
    return Heard(heard, True)


def request(method: str, target: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hs256(secret: bytes, claims: Any, **header: Any) -> str:
    text = part({"alg": "HS256", "typ": "JWT", **header}) + "." + part(claims)
    return text + "." + part(hmac.new(secret, text.encode(), hashlib.sha256).digest())


def rs256(private_key: str, claims: Any, **header: Any) -> str:
    """Signed with RS256, whatever the header says."""
    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    text = part({"alg": "RS256", "typ": "JWT", **header}) + "." + part(claims)
    return text + "." + part(key.sign(text.encode(), PKCS1v15(), SHA256()))


def _post(*headers: bytes, body: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"POST /ready HTTP/" + version, b"Host: x", *headers]) + b"\r\n\r\n" + body


SMUGGLED: dict[str, bytes] = {
    "CL.TE": _post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + NEXT),
    "TE.CL": _post(
        b"Transfer-Encoding: chunked", b"Content-Length: 4", body=b"24\r\n" + NEXT + b"\r\n0\r\n\r\n"
    ),
    "TE twice": _post(
        b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", body=b"0\r\n\r\n" + NEXT
    ),
    "TE of another name": _post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + NEXT),
    "TE where chunked is not last": _post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n" + NEXT),
    "TE with a space before the colon": _post(
        b"Content-Length: 5", b"Transfer-Encoding : chunked", body=b"0\r\n\r\n" + NEXT
    ),
    "TE with a vertical tab": _post(
        b"Transfer-Encoding: \x0bchunked", b"Content-Length: 5", body=b"0\r\n\r\n" + NEXT
    ),
    "two lengths": _post(b"Content-Length: 3", b"Content-Length: 4", body=b"abc" + NEXT),
    "the same length twice": _post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc" + NEXT),
    "a list of lengths": _post(b"Content-Length: 3, 3", body=b"abc" + NEXT),
    "a length with a sign": _post(b"Content-Length: +3", body=b"abc" + NEXT),
    "a negative length": _post(b"Content-Length: -3", body=b"abc" + NEXT),
    "a hexadecimal length": _post(b"Content-Length: 0x3", body=b"abc" + NEXT),
    "a length without end": _post(b"Content-Length: " + b"9" * 30, body=b"abc" + NEXT),
    "obs-fold": _post(b"X-A: b\r\n c", body=NEXT),
    "TE in an obs-fold": _post(
        b"Content-Length: 5", b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n" + NEXT
    ),
    "bare LF": b"POST /ready HTTP/1.1\nHost: x\n\n" + NEXT,
    "bare LF inside a header": _post(b"X-A: b\nContent-Length: 3", body=b"abc" + NEXT),
    "bare LF at the end of the head": b"POST /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\nabc" + NEXT,
    "bare CR": _post(b"X-A: b\rX-B: c", body=NEXT),
    "NUL in a value": _post(b"X-A: b\0c", body=NEXT),
    "NUL in a name": _post(b"X\0A: b", body=NEXT),
    "a first header that begins with a space": b"POST /ready HTTP/1.1\r\n Host: x\r\n\r\n" + NEXT,
    "a header without a colon": _post(b"foo", body=NEXT),
    "chunks that end in LF": _post(b"Transfer-Encoding: chunked", body=b"3\nabc\n0\n\n" + NEXT),
    "a chunk size with 0x": _post(b"Transfer-Encoding: chunked", body=b"0x3\r\nabc\r\n0\r\n\r\n" + NEXT),
    "a chunk size without end": _post(b"Transfer-Encoding: chunked", body=b"f" * 17 + b"\r\nabc" + NEXT),
    "a chunk extension with LF": _post(
        b"Transfer-Encoding: chunked", body=b"3;a=\nb\r\nabc\r\n0\r\n\r\n" + NEXT
    ),
    "a chunk that is longer than it says": _post(
        b"Transfer-Encoding: chunked", body=b"3\r\nabcXX0\r\n\r\n" + NEXT
    ),
}
"""Requests that two readers could take for two (RFC 9112 §11.2), by what is wrong with them."""
