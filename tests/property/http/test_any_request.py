"""Whatever a client sends to any route: a documented status, a JSON body, never a 500."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.core.errors import Invalid
from offhook.http.body import MAX_DEPTH, decode
from offhook.testing.provision import API_KEY, API_SECRET
from offhook.testing.world import World

BASIC = "Basic " + base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()
DOCUMENTED = {200, 201, 202, 204, 400, 401, 403, 404, 405, 406, 413, 414, 415, 503}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "NONSENSE")
BELOW = ("", "/talk", "/stream", "/dtmf", "/input/dtmf")
MANY = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

VOCABULARY = """
to from type number uri headers standard_headers ncco answer_url event_url action destination url
transfer hangup mute phone sip text language level loop style digits stream_url name keys public_key
capabilities voice webhooks address http_method connect_timeout connection_timeout privacy
random_from_number length_timer talk http://a.test/ sip:a@b.localhost 31201234567 15550100001
websocket conversations_ttl region machine_detection dtmfAnswer shaken voice_name
advanced_machine_detection behavior mode beep_timeout detect client_ref
"""
WORDS = st.sampled_from(VOCABULARY.split())
TEXTS = WORDS | st.text(max_size=12) | st.sampled_from(["\ud800", "\x00", "a\r\nb", "", " ", "\u2028"])
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**30, 2**63, -1, 1e308])
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)

CALL: dict[str, Any] = {
    "to": [{"type": "phone", "number": "31201234567"}],
    "from": {"type": "phone", "number": "15550100001"},
    "ncco": [{"action": "talk", "text": "x"}],
}
APPLICATION: dict[str, Any] = {
    "name": "n",
    "keys": {"public_key": "x"},
    "privacy": {},
    "capabilities": {"voice": {"webhooks": {"answer_url": {"address": "http://a.test/"}}}},
}
TRANSFER: dict[str, Any] = {"action": "transfer", "destination": {"type": "ncco", "ncco": []}}


@st.composite
def nearly(draw: st.DrawFn, whole: dict[str, Any]) -> Any:
    """A right body with one thing in it replaced by something else."""
    copy = json.loads(json.dumps(whole))
    at: Any = copy
    while True:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], (dict, list)) or not at[key] or draw(st.booleans()):
            at[key] = draw(VALUES)
            return copy
        at = at[key]


BODIES = nearly(CALL) | nearly(APPLICATION) | nearly(TRANSFER) | OBJECTS | VALUES


class Platform:
    def __init__(self, world: World) -> None:
        self.world = world
        world.application({"/answer": [{"action": "wait", "timeout": 3000}]})
        self.live = world.run(self._call())
        self.token = "Bearer " + world.provisioned.token(world.clock, world.ids)

    async def _call(self) -> str:
        self.world.scenario.dial("15550100777", self.world.number)
        await self.world.scenario.wait_for_status("answered")
        return str(self.world.scenario.events[0]["uuid"])

    def send(self, method: str, path: str, data: bytes = b"", headers: dict[str, str] | None = None) -> int:
        """The status, once status and body have been found in order."""
        auth = BASIC if path.startswith("/v2/applications") else self.token
        sent = {"authorization": auth, **(headers or {})}
        status, told, body = self.world.run(
            self.world.web.request(method, "http://platform.test" + path, sent, data, 5, 60, 10_000_000)
        )
        assert status in DOCUMENTED, (status, body)
        if body:
            assert told["content-type"] == "application/json"
            json.loads(body)
        if status == 400:
            problem = json.loads(body)
            assert problem["detail"]
            assert all(each["reason"] for each in problem.get("invalid_parameters", [{"reason": "state"}]))
        if status == 405:
            assert told["allow"]
        return int(status)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with World(seed=9) as world:
        yield Platform(world)


@MANY
@given(body=BODIES, below=st.sampled_from(BELOW))
def test_any_json_to_a_live_call(platform: Platform, body: Any, below: str) -> None:
    if isinstance(body, dict) and body.get("action") == "hangup":
        body["action"] = "mute"
    platform.send("PUT", f"/v1/calls/{platform.live}{below}", json.dumps(body).encode())


@MANY
@given(body=BODIES, path=st.sampled_from(["/v1/calls", "/v2/calls", "/v2/applications/own"]))
def test_any_json_to_create_and_replace(platform: Platform, body: Any, path: str) -> None:
    own = platform.world.provisioned.application
    if path.endswith("own"):
        if isinstance(body, dict):
            body.pop("keys", None)
        method, path = "PUT", f"/v2/applications/{own.application_id}"
    else:
        method = "POST"
    status = platform.send(method, path, json.dumps(body).encode())
    if status == 200:
        assert platform.send("GET", path) == 200


@MANY
@given(data=st.binary(max_size=60), method=st.sampled_from(METHODS), number=st.integers(0, 10))
def test_any_bytes_to_any_route(platform: Platform, data: bytes, method: str, number: int) -> None:
    routes = [f"/v1/calls/{platform.live}{below}" for below in BELOW]
    routes += ["/v1/calls", "/v2/calls", "/v0.1/legs", "/v2/applications/x", "/v1/files/x", "/nothing"]
    platform.send(method, routes[number], data, {"content-type": "application/x-www-form-urlencoded"})


@MANY
@given(
    name=st.sampled_from(
        [
            "status",
            "date_start",
            "date_end",
            "page_size",
            "record_index",
            "order",
            "conversation_uuid",
            "page",
        ]
    )
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    value=st.binary(max_size=25) | st.integers().map(lambda n: str(n).encode()),
    path=st.sampled_from(["/v1/calls", "/v0.1/legs", "/v2/applications"]),
)
def test_any_query(platform: Platform, name: str, value: bytes, path: str) -> None:
    query = f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}"
    assert platform.send("GET", f"{path}?{query}") in (200, 400)


@MANY
@given(
    data=st.binary(max_size=30),
    prefix=st.sampled_from(["/v1/calls/", "/v0.1/legs/", "/v1/files/", "/v2/applications/", "/"]),
)
def test_any_path(platform: Platform, data: bytes, prefix: str) -> None:
    platform.send("GET", prefix + quote_from_bytes(data, safe="/"))


@MANY
@given(credentials=st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=40))
def test_any_credentials(platform: Platform, credentials: str) -> None:
    for scheme in ("", "Bearer ", "Bearer eyJhbGciOiJSUzI1NiJ9."):
        sent = (scheme + credentials).encode("ascii", "replace").decode()
        assert platform.send("GET", "/v1/calls", headers={"authorization": sent}) == 401


@settings(derandomize=True, deadline=None)
@given(data=st.binary(max_size=80) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_what_is_decoded_can_be_encoded_again(data: bytes) -> None:
    try:
        value = decode(data)
    except Invalid:
        return
    assert json.loads(json.dumps(value, ensure_ascii=False, allow_nan=False).encode()) == value


@settings(derandomize=True, deadline=None)
@given(depth=st.integers(1, 200), kind=st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]))
def test_nesting_is_bounded(depth: int, kind: tuple[bytes, bytes]) -> None:
    data = kind[0] * depth + (b"1" if kind[1] == b"}" else b"") + kind[1] * depth
    if depth > MAX_DEPTH:
        with pytest.raises(Invalid, match="nested"):
            decode(data)
    else:
        decode(data)
