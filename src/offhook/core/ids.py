"""Identifiers: the only place that makes them and the only place that knows their inside.

A UUID is a valid version 4 UUID with the node number in the 12 bits after the version nibble, so that
any node can tell which node a call lives on. Everywhere else an id is an opaque string.
"""

import random
import secrets
import threading
from typing import Protocol

MAX_NODE = 0xFFF
PORTION = 1024
"""Random bytes fetched at once."""


class Ids(Protocol):
    """A source of identifiers. Tests pass a seeded one."""

    def uuid(self) -> str:
        """A lower-case dashed UUID."""
        ...

    def conversation(self) -> str:
        """`CON-` and a UUID."""
        ...

    def token(self, size: int = 10) -> str:
        """`size` random bytes in hexadecimal: SIP tags, branches, one-shot callbacks."""
        ...

    def number(self, below: int) -> int:
        """A random integer, 0 ≤ value < `below`: SSRC, initial sequence numbers, jittered delays."""
        ...


def node_of(identifier: str) -> int:
    """The node number inside a UUID (with or without the `CON-` prefix)."""
    return int(identifier.removeprefix("CON-").split("-")[2][1:], 16)


_FIXED = 0xFFFF << 64 | 0xC000 << 48
"""The bits that are not random: version and node, variant (RFC 9562 §5.4)."""
_VERSION_4 = 0x4000 << 64 | 0x8000 << 48


def _stamp(bits: int, node: int) -> str:
    text = f"{bits & ~_FIXED | _VERSION_4 | node << 64:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class _Pool(threading.local):
    """Bytes of the operating system's random source, fetched in portions for each thread; none is used twice.

    A call takes some twenty ids, and with each visit to the kernel the thread gives way to the others.
    """

    def __init__(self) -> None:
        self._bytes = b""
        self._used = 0

    def take(self, size: int) -> bytes:
        begin, end = self._used, self._used + size
        if end > len(self._bytes):
            self._bytes = secrets.token_bytes(max(size, PORTION))
            begin, end = 0, size
        self._used = end
        return self._bytes[begin:end]


class RandomIds:
    """Identifiers from the operating system's random source. Any thread may ask."""

    def __init__(self, node: int = 0) -> None:
        if not 0 <= node <= MAX_NODE:
            raise ValueError(f"node number {node} is outside 0–{MAX_NODE}")
        self._node = node
        self._pool = _Pool()

    def uuid(self) -> str:
        return _stamp(int.from_bytes(self._pool.take(16), "big"), self._node)

    def conversation(self) -> str:
        return "CON-" + self.uuid()

    def token(self, size: int = 10) -> str:
        return self._pool.take(size).hex()

    def number(self, below: int) -> int:
        return secrets.randbelow(below)


class SeededIds:
    """Identifiers from a seed: the same seed gives the same ids in the same order. For tests only."""

    def __init__(self, seed: int, node: int = 0) -> None:
        self._random = random.Random(seed)
        self._node = node

    def uuid(self) -> str:
        return _stamp(self._random.getrandbits(128), self._node)

    def conversation(self) -> str:
        return "CON-" + self.uuid()

    def token(self, size: int = 10) -> str:
        return self._random.randbytes(size).hex()

    def number(self, below: int) -> int:
        return self._random.randrange(below)
