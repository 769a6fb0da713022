"""What holds for every route: methods, slashes, bodies, sizes, errors, the open paths of operators."""

import logging
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from offhook.core.errors import Invalid
from offhook.http.body import decode
from offhook.http.metrics import INTERVAL, Metrics

ALLOWED = [
    ("PATCH", "/v1/calls", "GET, HEAD, OPTIONS, POST"),
    ("DELETE", "/v1/calls/x", "GET, HEAD, OPTIONS, PUT"),
    ("GET", "/v1/calls/x/talk", "DELETE, OPTIONS, PUT"),
    ("POST", "/v1/calls/x/dtmf/", "OPTIONS, PUT"),
    ("POST", "/v1/calls/x/input/dtmf", "DELETE, OPTIONS, PUT"),
    ("PUT", "/v2/applications", "GET, HEAD, OPTIONS, POST"),
    ("POST", "/v2/applications/x", "DELETE, GET, HEAD, OPTIONS, PUT"),
    ("POST", "/v1/files/x", "DELETE, GET, HEAD, OPTIONS"),
    ("POST", "/health", "GET, HEAD, OPTIONS"),
]


@pytest.mark.parametrize(("method", "path", "allow"), ALLOWED)
def test_a_wrong_method_is_told_the_right_ones(http: Any, method: str, path: str, allow: str) -> None:
    answer = http(method, path)
    assert (answer.status, answer.headers["allow"]) == (405, allow)
    title = "Request method not allowed" if path.startswith("/v2") else "Method Not Allowed"
    assert answer.json["title"] == title


def test_an_unknown_path_is_a_404_in_json(http: Any) -> None:
    for path in ("/", "/v1", "/v1/calls//", "/v1/calls/x/y", "/v9/%00"):
        answer = http("GET", path)
        assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND")
        assert answer.json["detail"]


def test_trailing_slashes_are_served_without_redirect(http: Any) -> None:
    for path in ("/v1/calls/", "/v2/applications/", "/health/"):
        assert http("GET", path).status == 200


UNREADABLE = [
    b"{",
    b"nonsense",
    b"[1]",
    b'"text"',
    b"\xff\xfe\x00",
    b'{"a": "\xed\xa0\x80"}',
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 80 + b"1" + b"}" * 80,
]


@pytest.mark.parametrize("path", ["/v1/calls", "/v2/applications"])
def test_unreadable_bodies_are_400_naming_the_body(http: Any, path: str) -> None:
    for body in UNREADABLE:
        answer = http("POST", path, body)
        assert (answer.status, answer.wrong) == (400, ["body"]), body[:40]


@pytest.mark.parametrize("path", ["/v1/calls", "/v2/applications"])
def test_a_body_that_was_never_json_is_415_and_json_under_any_name_is_read(http: Any, path: str) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/xml; charset=utf-8", "text/plain"):
        answer = http("POST", path, b"name=demo", headers={"content-type": kind})
        assert answer.status == 415
        title = "Unsupported Content-Type header" if path.startswith("/v2") else "Unsupported Media Type"
        assert answer.json["title"] == title
        assert http("POST", path, b"{}", headers={"content-type": kind}).status == 400
    for kind in ("application/json", "application/problem+json; charset=utf-8", ""):
        assert http("POST", path, b"name=demo", headers={"content-type": kind}).status == 400


def test_applications_answer_in_json_or_not_at_all(http: Any) -> None:
    for kinds in ("text/html", "application/xml;q=0.9, image/*"):
        answer = http("GET", "/v2/applications", headers={"accept": kinds})
        assert answer.status == 406
        assert answer.json["title"] == "Invalid Accept header"
        assert answer.json["type"].endswith("api-errors#accept-header")
    for kinds in ("", "*/*", "text/html, application/json;q=0.1", "Application/*"):
        assert http("GET", "/v2/applications", headers={"accept": kinds}).status == 200


def test_a_refused_client_is_told_what_to_authenticate_with(http: Any) -> None:
    for path, scheme in (("/v1/calls", "Bearer"), ("/v2/applications", 'Basic realm="Offhook"')):
        answer = http("GET", path, auth="")
        assert (answer.status, answer.headers["www-authenticate"]) == (401, scheme)


def test_strings_that_cannot_be_stored_are_named() -> None:
    for text in (b'{"a": [0, {"b": "\\ud800"}]}', b'{"a": [0, {"b": "x\\u0000"}]}'):
        with pytest.raises(Invalid) as caught:
            decode(text)
        assert caught.value.field == "a[1].b"
    assert decode(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}
    assert decode(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_a_body_beyond_the_limit_is_413(http: Any) -> None:
    body = b'{"name": "' + b"x" * 1_000_001 + b'"}'
    assert http("POST", "/v1/calls", body).json["type"] == "PAYLOAD_TOO_LARGE"
    answer = http("POST", "/v2/applications", body)
    assert (answer.status, answer.json["type"].rpartition("#")[2]) == (413, "payload-too-large")


@pytest.mark.parametrize("declared", [b"99999999999999999999", b"\xb2", None])
def test_a_body_in_chunks_is_bounded_whatever_its_length_says(http: Any, declared: bytes | None) -> None:
    chunks = [b"x" * 100_000] * 20
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": chunks.pop(), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"platform.test"), (b"authorization", http.bearer.encode())]
    if declared is not None:
        headers.append((b"content-length", declared))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/calls",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("x", 80),
        "scheme": "http",
        "root_path": "",
    }
    http.world.run(http.world.service.http(scope, receive, send))
    assert sent[0]["status"] == 413
    assert len(chunks) >= 9, "reading stops at the limit"


def test_a_client_that_goes_away_is_no_error(http: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/calls",
        "query_string": b"",
        "headers": [(b"host", b"platform.test"), (b"authorization", http.bearer.encode())],
        "client": None,
        "server": None,
        "scheme": "http",
        "root_path": "",
    }
    http.world.run(http.world.service.http(scope, receive, send))
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_target_that_is_too_long_is_414(http: Any) -> None:
    assert http("GET", "/v1/calls?a=" + "x" * 9000).status == 414
    assert http("GET", "/v1/calls/" + "x" * 9000).status == 414


def test_an_unexpected_error_is_answered_logged_and_counted(
    http: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> Any:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(type(http.world.service.calls), "create", broken)
    call = {"to": [{"type": "phone", "number": "31201234567"}], "from": "15550100001", "ncco": []}
    answer = http("POST", "/v1/calls", call)
    assert (answer.status, answer.json["title"]) == (500, "Internal Server Error")
    assert b"fire" not in answer.body
    assert "the disk is on fire" in caplog.text
    shown = http("GET", "/metrics").body.decode()
    assert 'offhook_http_requests_total{method="POST",status="500"} 1.0' in shown


def test_health_and_ready(http: Any) -> None:
    assert http("GET", "/health", auth="").json == {"status": "ok"}
    answer = http("GET", "/ready", auth="")
    assert (answer.status, answer.json) == (200, {"status": "ready"})
    http.world.service.sip_bound = False
    answer = http("GET", "/ready", auth="")
    http.world.service.sip_bound = True
    assert (answer.status, answer.json["missing"]) == (503, ["sip: no address is bound"])


def test_metrics_count_requests_and_legs(http: Any) -> None:
    http("GET", "/v1/calls", auth="")
    http("BREW", "/v1/calls")
    http.world.wait(1)
    answer = http("GET", "/metrics", auth="")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    assert 'offhook_http_requests_total{method="GET",status="401"}' in text
    assert 'offhook_http_requests_total{method="other",status="405"}' in text
    assert "offhook_live_legs 0.0" in text
    assert "offhook_loop_lag_seconds_count" in text


@pytest.mark.parametrize(
    ("token", "given", "status"),
    [
        ("", "", 401),
        ("", "Bearer ", 401),
        ("right", "", 401),
        ("right", "Bearer wrong", 401),
        ("right", "Basic right", 401),
        ("right", "bearer right", 200),
    ],
)
def test_metrics_from_elsewhere_need_the_token(http: Any, token: str, given: str, status: int) -> None:
    import dataclasses

    app = http.world.service.http
    before = app.state.context
    app.state.context = dataclasses.replace(before, metrics_token=token)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/metrics",
        "query_string": b"",
        "client": ("192.0.2.1", 1),
        "headers": [(b"host", b"platform.test"), (b"authorization", given.encode())],
        "server": None,
        "scheme": "http",
        "root_path": "",
    }
    try:
        http.world.run(app(scope, None, send))
    finally:
        app.state.context = before
    assert sent[0]["status"] == status


class LateLoop:
    """A loop whose timers run half a second late."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timer: Any = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Any, *arguments: Any) -> "LateLoop":
        self.timer = (when, callback, arguments)
        return self

    def cancel(self) -> None:
        self.timer = None

    def run(self) -> None:
        when, callback, arguments = self.timer
        self.now = when + 0.5
        callback(*arguments)


def test_the_lag_of_the_loop_is_measured() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry, lambda: 7)
    loop: Any = LateLoop()
    metrics.start(loop)
    loop.run()
    loop.run()
    assert loop.timer[0] == 100.0 + 3 * INTERVAL + 1.0
    assert registry.get_sample_value("offhook_loop_lag_seconds_count") == 2
    assert registry.get_sample_value("offhook_loop_lag_seconds_sum") == pytest.approx(1.0)
    assert registry.get_sample_value("offhook_loop_lag_seconds_bucket", {"le": "0.25"}) == 0
    assert registry.get_sample_value("offhook_live_legs") == 7
    metrics.stop()
    assert loop.timer is None
