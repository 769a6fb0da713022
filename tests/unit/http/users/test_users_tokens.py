"""Who may do what with users: the application, its users, other applications, and tokens with an `acl`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.http.conftest import Client

from offhook.security import jwt
from offhook.storage import applications, tables, users
from offhook.testing.provision import key_pair
from offhook.testing.world import World

PATH = "/v1/users"
OTHER = "5f1d0c1e-0000-4000-8000-00000000000b"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(seed=1) as world:
        other = replace(world.provisioned.application, application_id=OTHER, name="other")
        world.database.transact(lambda c: applications.insert(c, other))
        yield world


@pytest.fixture
def http(world: World) -> Iterator[Client]:
    yield Client(world)
    world.database.transact(lambda c: c.execute(tables.users.delete()) and None)


def token(world: World, application_id: str = "", **claims: Any) -> str:
    """A token with these claims, as a program of the application makes it."""
    wanted = application_id or world.provisioned.application.application_id
    made = jwt.make_token(key_pair().private_key, wanted, wall=world.clock.wall(), ids=world.ids, **claims)
    return "Bearer " + made


@pytest.fixture
def jan(http: Client) -> str:
    made = http("POST", PATH, {"name": "jan"})
    return str(made.json["id"])


def test_a_users_token_reads_and_changes_that_user_alone(world: World, http: Client, jan: str) -> None:
    http("POST", PATH, {"name": "piet"})
    own = token(world, subject="jan")
    assert http("GET", PATH, auth=own).status == 200
    assert http("GET", f"{PATH}/piet", auth=own).status == 200
    assert http("PATCH", f"{PATH}/{jan}", {"display_name": "J"}, auth=own).status == 200
    for method, path in (("PATCH", f"{PATH}/piet"), ("POST", PATH), ("DELETE", f"{PATH}/{jan}")):
        refused = http(method, path, {"display_name": "x"}, auth=own)
        assert (refused.status, refused.json["code"]) == (403, "system:error:permission")
    assert http("GET", f"{PATH}/piet").json.get("display_name") is None
    assert len(http("GET", PATH).json["_embedded"]["users"]) == 2


def test_applications_do_not_see_each_others_users(world: World, http: Client, jan: str) -> None:
    other = token(world, OTHER)
    assert http("GET", PATH, auth=other).json["_embedded"]["users"] == []
    for method in ("GET", "PATCH", "DELETE"):
        for key in (jan, "jan"):
            answer = http(method, f"{PATH}/{key}", {}, auth=other)
            assert (answer.status, answer.json["code"]) == (404, "user:error:not-found")
    made = http("POST", PATH, {"name": "jan"}, auth=other)
    assert (made.status, made.json["id"] != jan) == (201, True)
    assert http("GET", f"{PATH}/jan", auth=other).json["id"] == made.json["id"]
    assert http("GET", f"{PATH}/jan").json["id"] == jan


def test_another_applications_user_is_not_found_by_his_id(world: World, http: Client, jan: str) -> None:
    found = world.database.transact(lambda c: users.find(c, OTHER, jan))
    assert found is None


ACLS: list[tuple[dict[str, Any], str, str, int]] = [
    ({"/*/users/**": {}}, "GET", PATH, 200),
    ({"/*/users/**": {}}, "GET", PATH + "/jan", 200),
    ({"/*/users/**": {}}, "POST", PATH, 201),
    ({"/v1/users": {"methods": ["GET"]}}, "GET", PATH, 200),
    ({"/v1/users": {"methods": ["GET"]}}, "POST", PATH, 403),
    ({"/v1/users": {"methods": ["GET"]}}, "GET", PATH + "/jan", 403),
    ({"/*/users/*": {"methods": ["PATCH"]}}, "PATCH", PATH + "/jan", 200),
    ({"/*/users/*": {"methods": ["PATCH"]}}, "DELETE", PATH + "/jan", 403),
    ({"/v2/users/**": {}}, "GET", PATH, 403),
    ({"/*/conversations/**": {}}, "GET", PATH, 403),
    ({}, "GET", PATH, 403),
]


@pytest.mark.parametrize(("paths", "method", "path", "status"), ACLS)
def test_the_acl_of_a_token_opens_its_paths(
    world: World, http: Client, jan: str, paths: dict[str, Any], method: str, path: str, status: int
) -> None:
    answer = http(method, path, {}, auth=token(world, acl={"paths": paths}))
    assert answer.status == status, jan
    if status == 403:
        assert answer.json["code"] == "system:error:permission"


def test_an_acl_does_not_make_an_admin_of_a_user(world: World, http: Client, jan: str) -> None:
    everything = token(world, subject="jan", acl={"paths": {"/**": {}}})
    assert http("DELETE", f"{PATH}/{jan}", auth=everything).status == 403
