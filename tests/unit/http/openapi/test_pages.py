"""Documents and pages as a browser asks for them, from the machine itself and from others."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.http.conftest import BASIC, Client

from offhook.http.apis import APIS
from offhook.testing.world import World


def test_the_index_leads_to_every_document_and_page(http: Any) -> None:
    index = http("GET", "/openapi.json").json
    assert (index["openapi"], index["paths"]) == ("3.1.0", {})
    assert [each["name"] for each in index["x-documents"]] == [api.name for api in APIS]
    base = index["servers"][0]["url"]
    for each in index["x-documents"]:
        document = http("GET", each["url"].removeprefix(base))
        assert (document.status, document.json["info"]["title"]) == (200, each["title"])
        assert document.json["servers"] == [{"url": base}]
        page = http("GET", each["page"].removeprefix(base))
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")


def test_the_front_page_links_to_the_others(http: Any) -> None:
    text = http("GET", "/openapi/").body.decode()
    for api in APIS:
        assert f'href="/openapi/{api.name}"' in text


def test_a_page_needs_nothing_from_elsewhere(http: Any) -> None:
    page = http("GET", "/openapi/voice_v1")
    text = page.body.decode()
    needed = re.findall(r'(?:src|href|data-document)="([^"]+)"', text)
    assert len(needed) == 5
    for address in needed:
        assert address.startswith("/openapi/")
        answer = http("GET", address)
        assert (answer.status, bool(answer.body)) == (200, True)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert not re.search(r"<script(?! src=)", text)


def test_a_page_asks_the_server_that_it_came_from(http: Any) -> None:
    """Its policy allows no other, and the public address may be another: tests/interop/openapi tries it."""
    page = http("GET", "/openapi/voice_v1")
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert b"window.location.origin" in http("GET", "/openapi/assets/start.js").body


@pytest.mark.parametrize("path", ["/openapi/none.json", "/openapi/none", "/openapi/assets/none.js"])
def test_what_is_not_there_is_a_404(http: Any, path: str) -> None:
    answer = http("GET", path)
    assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND")


def test_an_asset_is_a_name_and_no_path(http: Any) -> None:
    for path in ("/openapi/assets/..%2f__init__.py", "/openapi/assets/main.py", "/openapi/..%2f..%2fx.json"):
        assert http("GET", path).status == 404


class FromElsewhere:
    """The application of a world, asked from another machine."""

    def __init__(self, world: World) -> None:
        self._app = world.service.http

    async def get(self, path: str, authorization: str = "") -> tuple[int, dict[str, str]]:
        told: list[Any] = []
        headers = [(b"host", b"platform.test")]
        if authorization:
            headers.append((b"authorization", authorization.encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("198.51.100.7", 40000),
            "server": ("platform.test", 80),
        }

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            told.append(message)

        await self._app(scope, receive, send)
        return told[0]["status"], {name.decode(): text.decode() for name, text in told[0]["headers"]}


PATHS = [
    "/openapi.json",
    "/openapi",
    "/openapi/voice_v1.json",
    "/openapi/voice_v1",
    "/openapi/assets/start.js",
]


@pytest.mark.parametrize("path", PATHS)
def test_from_another_machine_credentials_are_needed(
    platform: World, client_of: Callable[[World], Client], path: str
) -> None:
    elsewhere = FromElsewhere(platform)
    status, headers = platform.run(elsewhere.get(path))
    assert (status, headers["www-authenticate"]) == (401, 'Basic realm="Offhook"')
    assert platform.run(elsewhere.get(path, "Bearer nonsense"))[0] == 401
    assert platform.run(elsewhere.get(path, BASIC))[0] == 200
    assert platform.run(elsewhere.get(path, client_of(platform).bearer))[0] == 200
