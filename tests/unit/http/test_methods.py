"""HEAD wherever GET is, and OPTIONS of every path: what a route need not say of itself."""

import asyncio
from typing import Any

import pytest

from offhook.http.implied import ImpliedMethods
from offhook.testing.provision import API_KEY, API_SECRET

READ = [
    "/health",
    "/ready",
    "/metrics",
    "/v1/calls?page_size=1",
    "/v0.1/legs",
    "/v2/applications",
    f"/account/numbers?api_key={API_KEY}&api_secret={API_SECRET}",
    "/v1/users",
    "/openapi.json",
]


def auth_of(path: str) -> str | None:
    """Of the numbers they are in the query."""
    return "" if path.startswith("/account") else None


@pytest.mark.parametrize("path", READ)
def test_head_is_what_get_is_without_its_body(http: Any, path: str) -> None:
    got = http("GET", path, auth=auth_of(path))
    head = http("HEAD", path, auth=auth_of(path))
    assert (got.status, head.status, head.body) == (200, 200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    if path != "/metrics":  # which counts the first request
        assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.body))


def test_head_is_refused_as_get_is(http: Any) -> None:
    for path, auth, status in (
        ("/v1/calls", "", 401),
        ("/v1/calls?page_size=0", None, 400),
        ("/v1/calls/nobody", None, 404),
        ("/nothing", None, 404),
        ("/v1/calls/x/talk", None, 405),
        ("/v2/calls", None, 405),
    ):
        answer = http("HEAD", path, auth=auth)
        assert (answer.status, answer.body) == (status, b""), path


def test_a_token_for_get_alone_may_ask_for_the_head(http: Any) -> None:
    from offhook.security import jwt
    from offhook.testing.provision import key_pair

    application = http.world.provisioned.application.application_id
    acl = {"paths": {"/v1/calls": {"methods": ["GET"]}}}
    token = jwt.make_token(
        key_pair().private_key, application, wall=http.world.clock.wall(), ids=http.world.ids, acl=acl
    )
    assert http("HEAD", "/v1/calls", auth=f"Bearer {token}").status == 200
    assert http("HEAD", "/v0.1/legs", auth=f"Bearer {token}").status == 403


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/calls", "GET, HEAD, OPTIONS, POST"),
        ("/v1/calls/", "GET, HEAD, OPTIONS, POST"),
        ("/v1/calls/x", "GET, HEAD, OPTIONS, PUT"),
        ("/v1/calls/x/input/dtmf", "DELETE, OPTIONS, PUT"),
        ("/v2/calls", "OPTIONS, POST"),
        ("/v1/files/x", "DELETE, GET, HEAD, OPTIONS"),
        ("/health", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_names_the_methods_to_anybody(http: Any, path: str, allow: str) -> None:
    answer = http("OPTIONS", path, auth="")
    assert (answer.status, answer.headers["allow"], answer.body) == (204, allow, b"")
    assert "access-control-allow-origin" not in answer.headers, "no page of a browser calls this API"


def test_options_of_the_whole_server_and_of_nothing(http: Any) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "OPTIONS",
        "path": "*",
        "query_string": b"",
        "headers": [(b"host", b"platform.test")],
        "client": None,
        "server": None,
        "scheme": "http",
        "root_path": "",
    }
    http.world.run(http.world.service.http(scope, None, send))
    assert sent[0]["status"] == 204
    assert http("OPTIONS", "/nothing").status == 404


def test_what_is_no_request_passes() -> None:
    seen: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(ImpliedMethods(inner)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
