"""The headers that stand on every answer, whatever it is, and preflight requests of browsers."""

from typing import Any

import pytest
from tests.unit.http.conftest import Client

from offhook.testing.world import World

BASE = "/communication/nexmo"
TOKEN = "/oauth/client_credential/accesstoken"
ALWAYS = {
    "sunset": "n/a",
    "api-version": "v1",
    "quota-interval": "1",
    "quota-time-unit": "month",
    "quota-limit": "1000000",
    "quota-reset-utc": "2026-02-01T00:00:00Z",
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    "access-control-allow-origin": "*",
    "access-control-allow-credentials": "false",
    "access-control-max-age": "3600",
}
LARGE = {"name": "x" * 1_100_000}


def check(headers: dict[str, str], known: bool = True) -> None:
    expected = dict(ALWAYS)
    if not known:
        expected |= {
            "quota-time-unit": "day",
            "quota-limit": "100000",
            "quota-reset-utc": "2026-01-02T00:00:00Z",
        }
    assert {name: headers.get(name) for name in expected} == expected
    assert int(headers["quota-used"]) >= (1 if known else 0)
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        assert method in headers["access-control-allow-methods"]
    assert "ApplicationId" in headers["access-control-allow-headers"]
    assert "quota-used" in headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/applications", None, {}, 200),
        ("GET", "/applications/", None, {}, 200),
        ("POST", "/applications", {"name": "a", "answer_url": "http://app.test/"}, {}, 201),
        ("POST", "/applications", {"name": ""}, {}, 400),
        ("GET", "/voice/calls", None, {}, 400),
        ("GET", "/voice/calls", None, {"applicationid": "5f1d"}, 404),
        ("GET", "/applications/5f1d", None, {}, 404),
        ("GET", "/applications", None, {"accept": "text/html"}, 200),
        ("PUT", "/applications/5f1d?name=a&answer_url=http://app.test/", None, {"if-match": '"x"'}, 404),
        ("POST", "/applications", LARGE, {}, 413),
        ("POST", "/applications", b"<name/>", {"content-type": "text/xml"}, 415),
        ("GET", "/phone-numbers/number/search", None, {}, 420),
        ("GET", "/applications", None, {"api-version": "v7"}, 400),
        ("GET", "/applications", None, {"api-version": "V1.1.1"}, 200),
    ],
)
def test_of_a_client(
    kpn: Any, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    if "accept" in headers:
        status = 406
    answer = kpn.send(method, path, body, kpn.bearer(**headers))
    assert answer.status == status, answer.body
    check(answer.headers, known=status != 406)
    if status >= 400:
        assert {type(value) for value in answer.json.values()} == {str}
        assert set(answer.json) >= {"transactionId", "status", "name", "message", "info"}
        assert answer.json["status"] == str(status)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/applications", 401),
        ("GET", "/nothing/here", 404),
        ("GET", "", 404),
        ("PATCH", "/applications", 405),
        ("GET", "/jwt?" + "x" * 9000, 414),
        ("GET", "/oauth/nothing", 404),
        ("POST", TOKEN, 400),
        ("OPTIONS", "/voice/calls", 200),
        ("OPTIONS", "/voice/calls/5f1d/talk/", 200),
        ("OPTIONS", TOKEN, 200),
        ("OPTIONS", "/nothing/here", 200),
    ],
)
def test_of_somebody_unknown(kpn: Any, method: str, path: str, status: int) -> None:
    headers = {"origin": "https://shop.example", "access-control-request-method": "PUT"}
    answer = kpn.send(method, path, None, headers)
    assert answer.status == status
    check(answer.headers, known=False)
    if method == "OPTIONS":
        assert answer.body == b""
        assert answer.headers["content-length"] == "0"


def test_of_an_answer_that_failed(kpn_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """500: the outermost layer puts the headers on what the innermost could not serve."""
    with World(seed=6) as world:
        kpn = kpn_of(world)
        kpn.login()

        async def broken(*_: Any) -> None:
            raise RuntimeError("no database today")

        monkeypatch.setattr(world.database, "write", broken)
        answer = kpn("GET", "/applications")
        assert answer.status == 500
        check(answer.headers, known=False)
        assert answer.json["name"] == "Internal Server Error"
        assert "database" not in answer.body.decode()


def test_while_the_platform_drains(kpn_of: Any) -> None:
    with World(seed=7) as world:
        kpn = kpn_of(world)
        kpn.login()
        world.service.calls.drain(True)
        body = {
            "to": [{"type": "phone", "number": "15550100777"}],
            "from": {"type": "phone", "number": world.number},
            "answer_url": ["http://app.test/answer"],
        }
        answer = kpn.voice("POST", "", body)
        assert answer.status == 503, answer.body
        check(answer.headers)
        assert answer.headers["retry-after"] == "5"


def test_other_paths_have_none_of_them(kpn: Any) -> None:
    url = "http://platform.test/communication/nexmology"
    _, headers, _ = kpn.world.run(kpn.world.web.request("GET", url, {}, b"", 5.0, 60.0, 10_000))
    assert "quota-limit" not in headers
    assert "strict-transport-security" not in headers


def test_named_origins(kpn_of: Any) -> None:
    kpn_settings = {"origins": "https://shop.example, https://desk.example", "sunset": "2027-09-01"}
    with World(seed=8, settings={"kpn": kpn_settings}) as world:
        kpn = kpn_of(world)
        allowed = {}
        for origin in ("https://desk.example", "https://evil.example", ""):
            headers = {"origin": origin} if origin else {}
            allowed[origin] = kpn.send("OPTIONS", "/voice/calls", None, headers).headers
        assert allowed["https://desk.example"]["access-control-allow-origin"] == "https://desk.example"
        assert allowed["https://evil.example"]["access-control-allow-origin"] == "https://shop.example"
        assert allowed[""]["access-control-allow-credentials"] == "true"
        assert allowed[""]["vary"] == "Origin"
        assert allowed[""]["sunset"] == "2027-09-01"


def test_options_names_the_methods_that_a_path_takes() -> None:
    with World(seed=8) as world:
        client = Client(world)
        allow = {
            path: client("OPTIONS", f"/communication/nexmo{path}", auth="").headers["allow"]
            for path in ("/applications", "/voice/calls/x/dtmf", "/nothing")
        }
    assert allow == {
        "/applications": "GET, HEAD, OPTIONS, POST",
        "/voice/calls/x/dtmf": "OPTIONS, PUT",
        "/nothing": "OPTIONS",
    }
