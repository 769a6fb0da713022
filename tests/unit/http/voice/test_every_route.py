"""What every route of the Voice API and of legs does alike: slashes, methods, Accept, Content-Type."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from offhook.calls.registry import Calls
from offhook.http.voice_v1.shown import Done
from offhook.ncco.voices import NAMES, STYLES
from offhook.testing.world import World

WAIT = [{"action": "wait", "timeout": 3000}]
CALL = {
    "to": [{"type": "phone", "number": "15550100792"}],
    "from": World.number,
    "ncco": WAIT,
}
NOBODY = "63f61863-4a51-4f6b-86e1-46edebcf9356"
ROUTES: list[tuple[str, str, Any, int]] = [
    ("POST", "/v1/calls", CALL, 201),
    ("POST", "/v2/calls", CALL, 202),
    ("GET", "/v1/calls", None, 200),
    ("GET", "/v0.1/legs", None, 200),
    ("GET", "/v1/calls/LIVE", None, 200),
    ("PUT", "/v1/calls/LIVE", {"action": "unmute"}, 204),
    ("PUT", "/v1/calls/LIVE/talk", {"text": "x"}, 200),
    ("DELETE", "/v1/calls/LIVE/talk", None, 200),
    ("PUT", "/v1/calls/LIVE/stream", {"stream_url": ["http://app.test/a.wav"]}, 200),
    ("DELETE", "/v1/calls/LIVE/stream", None, 200),
    ("PUT", "/v1/calls/LIVE/dtmf", {"digits": "1"}, 200),
    ("PUT", "/v1/calls/LIVE/input/dtmf", {"event_url": ["http://app.test/k"]}, 200),
    ("DELETE", "/v1/calls/LIVE/input/dtmf", None, 200),
]
IDS = [f"{method} {path}" for method, path, _, _ in ROUTES]
SPELLINGS = [
    "application/json",
    "application/json; charset=utf-8",
    "text/plain",
    "",
    "application/x-www-form",
]


class Live:
    def __init__(self, world: World, http: Any) -> None:
        self.world = world
        self._http = http
        world.application({"/answer": WAIT})
        world.dial("15550100777", world.number, "wait-hangup")
        world.wait(1)
        self.uuid = world.scenario.events[0]["uuid"]

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self._http(method, path.replace("LIVE", self.uuid), body, **options)
        if answer.status == 201:
            self._http("PUT", f"/v1/calls/{answer.json['uuid']}", {"action": "hangup"})
        self.world.wait(0.1)
        return answer


@pytest.fixture(scope="module")
def live(platform: World, http: Any) -> Iterator[Live]:
    made = Live(platform, http)
    yield made
    for call in http("GET", "/v1/calls?page_size=100").json["_embedded"]["calls"]:
        http("PUT", f"/v1/calls/{call['uuid']}", {"action": "hangup"})


def end_those_of_v2(live: Live) -> None:
    for call in live("GET", "/v1/calls?status=ringing&page_size=100").json["_embedded"]["calls"]:
        assert live("DELETE", f"/v0.1/legs/{call['uuid']}").status == 204


@pytest.mark.parametrize(("method", "path", "body", "status"), ROUTES, ids=IDS)
def test_slashes_and_content_types(live: Live, method: str, path: str, body: Any, status: int) -> None:
    for slash in ("", "/"):
        for kind in SPELLINGS if body else ["application/json"]:
            answer = live(method, path + slash, body, headers={"content-type": kind} if kind else {})
            assert answer.status == status, answer.body
            if answer.body:
                assert answer.headers["content-type"] == "application/json"
            if status == 200 and method != "GET" and answer.body:
                Done.model_validate(answer.json)
                assert answer.json["uuid"] == live.uuid
    if path == "/v2/calls":
        end_those_of_v2(live)


@pytest.mark.parametrize(("method", "path", "body", "status"), ROUTES, ids=IDS)
def test_accept(live: Live, method: str, path: str, body: Any, status: int) -> None:
    for accept in ("text/html", "audio/*, image/png;q=0.5"):
        answer = live(method, path, body, headers={"accept": accept})
        assert (answer.status, answer.json["title"].lower().rstrip(".")) == (406, "not acceptable")
        assert answer.headers["content-type"] == "application/json"
    for accept in ("*/*", "application/json", "text/html, application/*;q=0.2", "application/hal+json"):
        assert live(method, path, body, headers={"accept": accept}).status == status
    if path == "/v2/calls":
        end_those_of_v2(live)


ALLOWED = {
    "/v1/calls": "GET, HEAD, OPTIONS, POST",
    "/v2/calls": "OPTIONS, POST",
    "/v0.1/legs": "GET, HEAD, OPTIONS",
    "/v0.1/legs/LIVE": "DELETE, OPTIONS",
    "/v1/calls/LIVE": "GET, HEAD, OPTIONS, PUT",
    "/v1/calls/LIVE/talk": "DELETE, OPTIONS, PUT",
    "/v1/calls/LIVE/stream": "DELETE, OPTIONS, PUT",
    "/v1/calls/LIVE/dtmf": "OPTIONS, PUT",
    "/v1/calls/LIVE/input/dtmf": "DELETE, OPTIONS, PUT",
}


@pytest.mark.parametrize("path", ALLOWED)
def test_another_method_is_told_the_right_ones(live: Live, path: str) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(ALLOWED[path].split(", ")):
        answer = live(method, path)
        assert (answer.status, answer.headers["allow"]) == (405, ALLOWED[path])


@pytest.mark.parametrize("path", ["/v1/calls", "/v2/calls", "/v1/calls/LIVE", "/v1/calls/LIVE/talk"])
def test_what_is_no_json(live: Live, path: str) -> None:
    method = "POST" if path.endswith("calls") else "PUT"
    for kind, status in (("application/x-www-form-urlencoded", 415), ("application/json", 400)):
        assert live(method, path, b"a=b", headers={"content-type": kind}).status == status
    assert live(method, path, b"").status == 400


@pytest.mark.parametrize("path", ["/talk", "/stream", "/input/dtmf"])
def test_a_delete_has_a_json_type_and_no_body_and_even_one_that_has_is_not_read(
    live: Live, path: str
) -> None:
    for body in (b"", b"not json {"):
        answer = live("DELETE", f"/v1/calls/LIVE{path}", body, headers={"content-type": "application/json"})
        assert answer.status == 200
    if path == "/input/dtmf":
        assert (answer.body, answer.headers["content-length"]) == (b"", "0")


@pytest.mark.parametrize(
    "body",
    [
        {"event_url": ["http://app.test/keys"]},
        {"event_url": "http://app.test/keys"},
        {"eventUrl": ["http://app.test/keys"]},
        {"eventUrl": "http://app.test/keys"},
    ],
)
def test_a_subscription_to_keys_in_every_spelling(
    live: Live, body: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    async def noted(self: Calls, leg_id: str, url: str | None) -> None:
        asked.append((leg_id, url))

    monkeypatch.setattr(Calls, "listen_digits", noted)
    answer = live("PUT", "/v1/calls/LIVE/input/dtmf", body)
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert asked == [(live.uuid, "http://app.test/keys")]


@pytest.mark.parametrize("digits", ["1", 1713, "0123456789*#p", "p1p2"])
def test_keys_are_text_or_a_number(live: Live, digits: Any) -> None:
    answer = live("PUT", "/v1/calls/LIVE/dtmf", {"digits": digits})
    assert (answer.status, answer.json) == (200, {"message": "DTMF sent", "uuid": live.uuid})


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Language, style, loop and level of every talk that is asked for."""
    asked: list[tuple[Any, ...]] = []

    async def noted(self: Calls, leg_id: str, text: str, *manner: Any) -> None:
        asked.append(manner)

    monkeypatch.setattr(Calls, "talk", noted)
    return asked


def test_every_language_and_every_older_voice_can_be_asked_for(live: Live, spoken: list[Any]) -> None:
    assert len(STYLES) >= 46
    for language, styles in STYLES.items():
        answer = live("PUT", "/v1/calls/LIVE/talk", {"text": "x", "language": language, "style": styles - 1})
        assert answer.status == 200, language
        assert spoken.pop() == (language, styles - 1, 1, 0.0)
    assert len(NAMES) >= 51
    for number, (name, (language, style)) in enumerate(NAMES.items()):
        spelling = "voice_name" if number % 2 else "voiceName"
        assert live("PUT", "/v1/calls/LIVE/talk", {"text": "x", spelling: name}).status == 200, name
        assert spoken.pop()[:2] == (language, style), name


@pytest.mark.parametrize(
    ("members", "manner"),
    [
        ({}, ("en-US", 0, 1, 0.0)),
        ({"loop": 0}, ("en-US", 0, 0, 0.0)),
        ({"loop": "3", "level": "-0.5", "style": "2"}, ("en-US", 2, 3, -0.5)),
        ({"level": 1, "premium": "true"}, ("en-US", 0, 1, 1.0)),
        ({"level": -1.0, "premium": False}, ("en-US", 0, 1, -1.0)),
        ({"voice_name": "Nobody"}, ("en-US", 0, 1, 0.0)),
        ({"voice_name": "Ruben", "language": "en-GB"}, ("en-GB", 0, 1, 0.0)),
        ({"language": "xx-XX"}, ("xx-XX", 0, 1, 0.0)),
        ({"language": "EN-gb", "unknown": 1, "style": None}, ("en-GB", 0, 1, 0.0)),
    ],
)
def test_how_it_is_spoken(live: Live, spoken: list[Any], members: dict[str, Any], manner: Any) -> None:
    assert live("PUT", "/v1/calls/LIVE/talk", {"text": "x", **members}).status == 200
    assert spoken == [manner]


@pytest.mark.parametrize(
    "body",
    [
        {"stream_url": ["http://app.test/a.wav"], "loop": "2", "level": "0.3"},
        {"stream_url": "http://app.test/a.wav", "loop": 2, "level": 0.3},
        {"streamUrl": ["http://app.test/a.wav"], "loop": 2, "level": 0.3},
    ],
)
def test_a_stream_in_every_spelling(live: Live, body: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    async def noted(self: Calls, *order: Any) -> None:
        asked.append(order)

    monkeypatch.setattr(Calls, "stream", noted)
    assert live("PUT", "/v1/calls/LIVE/stream", body).json["message"] == "Stream started"
    assert asked == [(live.uuid, "http://app.test/a.wav", 2, 0.3)]


@pytest.mark.parametrize(("method", "path", "body", "_"), ROUTES, ids=IDS)
def test_no_token_no_call_of_somebody_else(live: Live, method: str, path: str, body: Any, _: int) -> None:
    answer = live(method, path, body, auth="")
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    if "LIVE" in path:
        missing = live(method, path.replace("LIVE", NOBODY), body)
        assert (missing.status, json.loads(missing.body)["title"]) == (404, "Not Found")


def test_a_wish_that_is_refused_leaves_the_call_alone(client_of: Callable[[World], Any]) -> None:
    """KPN's documents make `mute` the default action; here an action has to be named."""
    with World(seed=6) as world:
        call = Live(world, client_of(world))
        assert call("PUT", "/v1/calls/LIVE", {}).wrong == ["action"]
        lines = [line for line in world.journal.lines if line.kind == "rest"]
        assert lines == []
