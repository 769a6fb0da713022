"""Structured inputs as bytes: JSON, with octets as Latin-1 text. A file of it can be read and edited."""

import json
from typing import Any


def pack(value: Any) -> bytes:
    """A case as the bytes of its file."""
    return json.dumps(value, indent=None).encode()


def unpack(data: bytes) -> Any:
    return json.loads(data)


def text_of(octets: bytes) -> str:
    return octets.decode("latin-1")


def octets_of(text: str) -> bytes:
    return text.encode("latin-1")
