"""GET /v0.1/legs and DELETE /v0.1/legs/{uuid}: the older view of calls."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from offhook.http.conversation import FieldProblem, Problem
from offhook.http.legs.routes import LegPage
from offhook.security import jwt
from offhook.testing.provision import key_pair
from offhook.testing.world import World

WAIT = [{"action": "wait", "timeout": 300}]


@pytest.fixture
def world() -> Any:
    with World(seed=11) as made:
        made.application({"/answer": WAIT})
        yield made


def up(world: World) -> str:
    world.dial("15550100777", world.number, "wait-hangup")
    world.wait(1)
    return str([event for event in world.scenario.events if event["status"] == "answered"][-1]["uuid"])


def listed(http: Any, query: str = "") -> Any:
    answer = http("GET", f"/v0.1/legs{query}")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer.body
    LegPage.model_validate(answer.json)
    return answer.json


def test_a_leg_is_listed_while_it_lives_and_afterwards(
    world: World, client_of: Callable[[World], Any]
) -> None:
    http = client_of(world)
    uuid = up(world)
    found = listed(http)
    assert [*found] == ["count", "page_size", "record_index", "_links", "_embedded"]
    (leg,) = found["_embedded"]["legs"]
    call = http("GET", f"/v1/calls/{uuid}").json
    assert leg == {
        "uuid": uuid,
        "type": "phone",
        "conversation_uuid": call["conversation_uuid"],
        "status": "answered",
        "from": {"type": "phone", "number": "15550100777"},
        "to": {"type": "phone", "number": world.number},
        "start_time": call["start_time"],
        "end_time": "",
        "_links": {"self": {"href": f"http://platform.test/v0.1/legs/{uuid}"}},
    }
    answer = http("DELETE", f"/v0.1/legs/{uuid}", headers={"content-type": "application/json"})
    assert (answer.status, answer.body) == (204, b"")
    world.wait(1)
    (leg,) = listed(http)["_embedded"]["legs"]
    assert (leg["status"], leg["state"]) == ("completed", "terminated")
    assert leg["end_time"] == http("GET", f"/v1/calls/{uuid}").json["end_time"]
    assert http("DELETE", f"/v0.1/legs/{uuid}").status == 204, "over already is no error"
    assert world.scenario.statuses(uuid)[-1] == "completed"


def test_a_leg_that_rings_is_given_up(world: World, client_of: Callable[[World], Any]) -> None:
    http = client_of(world)
    body = {"to": [{"type": "phone", "number": "15550100792"}], "from": world.number, "ncco": WAIT}
    uuid = http("POST", "/v1/calls", body).json["uuid"]
    world.wait(1)
    (leg,) = listed(http)["_embedded"]["legs"]
    assert (leg["status"], leg["start_time"], leg["type"]) == ("ringing", "", "phone")
    assert http("DELETE", f"/v0.1/legs/{uuid}/").status == 204
    world.wait(1)
    (leg,) = listed(http, "?status=cancelled")["_embedded"]["legs"]
    assert (leg["uuid"], leg["status"]) == (uuid, "cancelled")


def test_pages_and_filters_are_those_of_calls(world: World, client_of: Callable[[World], Any]) -> None:
    http = client_of(world)
    made = [up(world) for _ in range(3)]
    first = listed(http, "?page_size=2")
    assert (first["count"], first["page_size"]) == (3, 2)
    following = urlsplit(first["_links"]["next"]["href"])
    assert (following.netloc, following.path) == ("platform.test", "/v0.1/legs")
    rest = listed(http, "?" + following.query)
    assert [leg["uuid"] for page in (first, rest) for leg in page["_embedded"]["legs"]] == made
    conversation = rest["_embedded"]["legs"][0]["conversation_uuid"]
    assert listed(http, f"?conversation_uuid={conversation}")["count"] == 1
    assert listed(http, "?status=completed")["count"] == 0


def refused(answer: Any, status: int, code: str) -> Any:
    assert answer.status == status, answer.body
    told = answer.json
    (FieldProblem if "invalid_parameters" in told else Problem).model_validate(told)
    assert told["code"] == code
    assert told["type"].endswith(f"/api/conversation#{code}")
    assert told["title"].endswith(".")
    return told


def test_errors_are_those_of_the_service_of_conversations(http: Any) -> None:
    told = refused(http("GET", "/v0.1/legs?page_size=0&order=up"), 400, "http:error:validation-fail")
    assert (told["title"], told["detail"]) == ("Bad request.", "Input validation failure.")
    assert sorted(each["name"] for each in told["invalid_parameters"]) == ["order", "page_size"]
    told = refused(http("GET", "/v0.1/legs", auth=""), 401, "system:error:invalid-token")
    assert told["title"] == "Unauthorized."
    told = refused(http("DELETE", "/v0.1/legs/nobody"), 404, "leg:error:not-found")
    assert (told["title"], "invalid_parameters" in told) == ("Not found.", False)
    refused(http("POST", "/v0.1/legs"), 405, "http:error:method-not-allowed")
    refused(http("GET", "/v0.1/legs", headers={"accept": "text/html"}), 406, "http:error:validation-fail")
    refused(http("GET", "/v0.1/legs?a=" + "x" * 9000), 414, "http:error:uri-too-long")


@pytest.mark.parametrize(
    ("paths", "listing", "ending"),
    [
        ({"/*/legs/**": {}}, 200, 404),
        ({"/*/legs/**": {"methods": ["GET"]}}, 200, 403),
        ({"/*/calls/**": {}}, 403, 403),
    ],
)
def test_the_acl_of_a_token_opens_legs(http: Any, paths: Any, listing: int, ending: int) -> None:
    world = http.world
    token = jwt.make_token(
        key_pair().private_key,
        world.provisioned.application.application_id,
        wall=world.clock.wall(),
        ids=world.ids,
        acl={"paths": paths},
    )
    assert http("GET", "/v0.1/legs", auth=f"Bearer {token}").status == listing
    assert http("DELETE", "/v0.1/legs/nobody", auth=f"Bearer {token}").status == ending
