"""Expect: 100-continue (RFC 9110 §10.1.1): who waits with the body and is refused: the connection ends."""

from typing import Any

import pytest

CALL = b'{"to": [{"type": "phone", "number": "31201234567"}], "from": "15550100001", "ncco": []}'


def ask(http: Any, *headers: tuple[str, str], body: bytes = CALL, path: str = "/v1/calls") -> Any:
    """(status, Connection of the answer, whether the body was asked for)."""
    sent: list[Any] = []
    read: list[bool] = []

    async def receive() -> Any:
        read.append(True)
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    told = [("host", "platform.test"), ("content-length", str(len(body))), *headers]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in told],
        "client": ("127.0.0.1", 1),
        "server": None,
        "scheme": "http",
        "root_path": "",
    }
    http.world.run(http.world.service.http(scope, receive, send))
    names = dict(sent[0]["headers"])
    return sent[0]["status"], names.get(b"connection", b"").decode(), bool(read)


@pytest.mark.parametrize("expect", ["100-continue", "100-Continue"])
@pytest.mark.parametrize(("path", "status"), [("/v1/calls", 401), ("/nothing", 404), ("/v1/calls/x", 405)])
def test_a_refusal_before_the_body_ends_the_connection(
    http: Any, expect: str, path: str, status: int
) -> None:
    """A client that leaves the body out would send its next request where the body was due."""
    assert ask(http, ("expect", expect), path=path) == (status, "close", False)


def test_a_body_that_was_asked_for_keeps_the_connection(http: Any) -> None:
    good = ("authorization", http.bearer)
    assert ask(http, good, ("expect", "100-continue")) == (201, "", True)
    assert ask(http, good, ("expect", "100-continue"), body=b"{") == (400, "", True)


def test_who_sends_the_body_at_once_keeps_the_connection(http: Any) -> None:
    assert ask(http) == (401, "", False)
    assert ask(http, ("expect", "miracles")) == (401, "", False), "an unknown wish is not looked at"


def test_a_body_too_large_is_refused_before_it_is_sent(http: Any) -> None:
    headers = [("authorization", http.bearer), ("expect", "100-continue")]
    assert ask(http, *headers, body=b"x" * 1_000_001) == (413, "close", False)
