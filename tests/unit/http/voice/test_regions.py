"""Regions: which host names are this node's, and what the webhook tells of it."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from offhook.config import Calls as CallSettings
from offhook.config import Region as RegionSettings
from offhook.http.regions import LABELS, NAMES, Region
from offhook.testing.world import World

HOSTS = {
    "eu-west": ["api-eu-1.nexmo.com", "api-eu-2.nexmo.com", "api-eu-3.vonage.com", "api-eu.vonage.com"],
    "eu-east": ["api-eu-1.nexmo.com", "api-eu-2.nexmo.com", "api-eu-4.vonage.com", "api-eu.vonage.com"],
    "na-east": ["api-us-1.nexmo.com", "api-us-2.nexmo.com", "api-us-3.vonage.com", "api-us.vonage.com"],
    "na-west": ["api-us-1.nexmo.com", "api-us-2.nexmo.com", "api-us-4.vonage.com", "api-us.vonage.com"],
    "apac-sng": ["api-sg-1.nexmo.com", "api-ap-3.vonage.com", "api-ap.vonage.com"],
    "apac-australia": ["api-ap-4.vonage.com", "api-ap.vonage.com"],
}
EVERY = sorted({host for hosts in HOSTS.values() for host in hosts})
ANYONES = [
    "api.nexmo.com",
    "api.vonage.com",
    "127.0.0.1:8080",
    "localhost",
    "[::1]:8080",
    "[::1]",
    "",
    "x:y:z",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_node_serves_the_hosts_of_its_region_and_those_of_none(name: str) -> None:
    region = Region(name)
    assert [host for host in EVERY if region.serves(host)] == sorted(HOSTS[name])
    assert all(region.serves(host) for host in ANYONES)


def test_the_label_counts_whatever_stands_around_it() -> None:
    region = Region("eu-west", frozenset({"api-us-3.example.com"}))
    assert region.serves("API-EU-3.voice.example.com:8443")
    assert not region.serves("api-us-4.voice.example.com:8443")
    assert not region.serves("Api-Us-3.vonage.com.")
    assert region.serves("api-us-3.example.com")
    assert region.serves("API-US-3.EXAMPLE.COM.:443")
    assert region.serves("api-us-39.vonage.com")


def test_a_node_without_a_region_is_all_of_them() -> None:
    assert all(Region().serves(host) for host in [*EVERY, *ANYONES])


def test_the_settings_know_the_same_regions() -> None:
    options = get_args(RegionSettings.model_fields["name"].annotation)
    assert [*options] == ["", *NAMES]
    assert {name for names in LABELS.values() for name in names} == set(NAMES)
    assert RegionSettings(hosts=" A.example.com,b.example.com ,").own_hosts == {
        "a.example.com",
        "b.example.com",
    }


CALL = {
    "to": [{"type": "phone", "number": "15550100792"}],
    "from": World.number,
    "ncco": [{"action": "wait", "timeout": 60}],
}


def ask(world: World, host: str, method: str, path: str, body: Any, bearer: str) -> tuple[int, Any]:
    """A request of the application to one host name of the platform."""
    world.web.mount(host, world.service.http)
    data = b"" if body is None else json.dumps(body).encode()
    sent = {"authorization": bearer} if bearer else {}
    status, _, answer = world.run(
        world.web.request(method, f"https://{host}{path}", sent, data, 5.0, 60.0, 1_000_000)
    )
    return status, json.loads(answer) if answer else None


def test_a_call_lives_in_one_region(client_of: Callable[[World], Any]) -> None:
    region = RegionSettings(name="eu-west", hosts="voice.example.com")
    with World(seed=8, settings={"region": region}) as world:
        http = client_of(world)
        status, made = ask(world, "api-eu-3.vonage.com", "POST", "/v1/calls", CALL, http.bearer)
        assert status == 201
        path = f"/v1/calls/{made['uuid']}"
        requests: list[tuple[str, str, Any]] = [
            ("GET", path, None),
            ("PUT", path, {"action": "hangup"}),
            ("PUT", f"{path}/talk", {"text": "x"}),
            ("GET", "/v1/calls", None),
            ("POST", "/v1/calls", CALL),
            ("POST", "/v2/calls", CALL),
            ("GET", "/v0.1/legs", None),
            ("DELETE", f"/v0.1/legs/{made['uuid']}", None),
        ]
        for method, target, body in requests:
            status, answer = ask(world, "api-us-3.vonage.com", method, target, body, http.bearer)
            assert (status, answer["title"].rstrip(".").lower()) == (404, "not found"), target
            assert "api-us-3.vonage.com" in answer["detail"]
            assert "eu-west" in answer["detail"]
        for host in ("api-eu-3.vonage.com", "api-eu-1.nexmo.com", "api.nexmo.com", "voice.example.com"):
            status, shown = ask(world, host, "GET", path, None, http.bearer)
            assert (status, shown["uuid"]) == (200, made["uuid"]), host
        assert ask(world, "api-us-3.vonage.com", "GET", path, None, "")[0] == 401
        assert ask(world, "api-us-3.vonage.com", "GET", "/health", None, "")[0] == 200


@pytest.mark.parametrize("details", [False, True])
def test_the_answer_webhook_tells_the_base_of_the_region_where_that_is_wanted(details: bool) -> None:
    settings = {"calls": CallSettings(answer_details=details, max_lag_ms=0, max_skipped=100)}
    with World(seed=8, settings=settings) as world:
        world.application({"/answer": [{"action": "talk", "text": "hi"}]})
        world.call("15550100777", world.number)
        (answer,) = world.app.at("/answer")
        plain = ["to", "from", "conversation_uuid", "uuid"]
        assert [*answer.query] == ([*plain, "endpoint_type", "region_url"] if details else plain)
        if details:
            told = (answer.query["endpoint_type"], answer.query["region_url"])
            assert told == ("phone", "http://platform.test")
