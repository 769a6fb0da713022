"""Fixtures of exact bytes and a request that lacks nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from offhook.sip.message import Headers, Request

VECTORS = Path(__file__).parents[2] / "vectors" / "sip"


@pytest.fixture
def vector() -> Callable[[str], bytes]:
    """The bytes of `tests/vectors/sip/<name>.dat`."""
    return lambda name: (VECTORS / f"{name}.dat").read_bytes()


@pytest.fixture
def invite() -> Request:
    """A valid INVITE without a body."""
    lines = [
        ("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport"),
        ("Max-Forwards", "70"),
        ("From", "<sip:a@example.com>;tag=1"),
        ("To", "<sip:b@example.com>"),
        ("Call-ID", "one@example.com"),
        ("CSeq", "1 INVITE"),
        ("Contact", "<sip:a@192.0.2.1>"),
        ("Content-Length", "0"),
    ]
    return Request("INVITE", "sip:b@example.com", Headers(lines))
