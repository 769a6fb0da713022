"""Machines as bytes and back: what `dump()` and `load()` of every SIP machine use.

JSON in ASCII, because header text may hold bytes that are no UTF-8 (kept as surrogates), which the binary
encodings refuse. Bytes fields are base64.
"""

import json
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def dump(data: Any) -> bytes:
    """A dataclass of plain data as bytes."""
    return json.dumps(msgspec.to_builtins(data), separators=(",", ":")).encode("ascii")


def load(data: bytes, kind: type[T]) -> T:
    """What `dump` wrote. Raises `ValueError` (or its child `msgspec.ValidationError`) on anything else."""
    return msgspec.convert(json.loads(data), type=kind)
