"""Requests and calls a second, in virtual time: off by default; 429 with Retry-After in the path's family."""

import base64
from typing import Any

from offhook.config import Calls, Http
from offhook.testing.provision import API_KEY, API_SECRET
from offhook.testing.world import PUBLIC_URL, World

BASIC = "Basic " + base64.b64encode(f"{API_KEY}:{API_SECRET}".encode()).decode()
CALL = {
    "to": [{"type": "phone", "number": "15550100500"}],
    "from": {"type": "phone", "number": World.number},
    "ncco": [{"action": "talk", "text": "Hello"}],
}


def test_by_default_nobody_is_held_back(http: Any) -> None:
    assert {http("GET", "/v1/calls").status for _ in range(100)} == {200}


def test_requests_of_an_application_and_of_an_account(client_of: Any) -> None:
    with World(seed=7, settings={"http": Http(public_url=PUBLIC_URL, requests_per_second=15)}) as world:
        http = client_of(world)
        assert [http("GET", "/v1/calls").status for _ in range(16)] == [200] * 15 + [429]
        answer = http("GET", "/v1/calls")
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert (answer.json["type"], answer.json["error_title"]) == ("TOO_MANY_REQUESTS", "Too Many Requests")
        assert "OFFHOOK_HTTP__REQUESTS_PER_SECOND" in answer.json["detail"]
        assert http("GET", "/v2/applications").status == 200, "the account is counted by itself"
        problems = [http("GET", "/v2/applications") for _ in range(20)]
        assert (problems[-1].status, problems[-1].json["title"]) == (429, "Too Many Requests")
        assert problems[-1].json["type"].endswith("#throttled")
        old = http("GET", "/account/numbers", auth=BASIC)
        assert (old.status, old.json["error-code"]) == (429, "429")
        assert http("GET", "/v1/calls", auth="").status == 401, "who is nobody is told so"
        world.wait(1.1)
        assert [http("GET", "/v1/calls").status for _ in range(15)] == [200] * 15


def test_calls_placed_are_counted_as_calls_and_not_as_requests(client_of: Any) -> None:
    settings = {
        "http": Http(public_url=PUBLIC_URL, requests_per_second=2),
        "calls": Calls(per_second_per_account=3),
    }
    with World(seed=8, settings=settings) as world:
        http = client_of(world)
        answers = [http("POST", "/v1/calls", CALL) for _ in range(5)]
        assert [each.status for each in answers] == [201, 201, 201, 429, 429]
        assert answers[-1].headers["retry-after"] == "1"
        assert "OFFHOOK_CALLS__PER_SECOND_PER_ACCOUNT" in answers[-1].json["detail"]
        assert [http("GET", "/v1/calls").status for _ in range(3)] == [200, 200, 429]
        world.wait(1.0)
        assert [http("POST", "/v1/calls", CALL).status for _ in range(4)] == [201, 201, 201, 429]


def test_connect_and_rest_share_the_accounts_calls_a_second(client_of: Any) -> None:
    with World(seed=9, settings={"calls": Calls(per_second_per_account=1)}) as world:
        http = client_of(world)
        callee = {"type": "phone", "number": "15550100600"}
        dial = {"action": "connect", "from": World.number, "endpoint": [callee]}
        world.application({"/answer": [dial, {"action": "talk", "text": "Sorry"}]})
        world.phone("15550100500", "wait-hangup")

        assert http("POST", "/v1/calls", CALL).status == 201
        report = world.call("15550100777", World.number, "wait-speech; wait-hangup")
        assert world.heard(report)[-1] == "Sorry"
        errors = [hook.fields for hook in world.app.at("/event") if "reason" in hook.fields]
        told = [each for each in errors if "OFFHOOK_CALLS__PER_SECOND_PER_ACCOUNT" in str(each["reason"])]
        assert len(told) == 1
