"""Applications: made, shown, listed, replaced, removed; what is kept and what is refused."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from offhook.security import keys
from offhook.storage import numbers
from offhook.testing.provision import key_pair
from offhook.testing.world import World

PATH = "/v2/applications"


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Making a key takes up to a second; every test but one is content with the pair of the world."""
    made: list[str] = []

    async def generate() -> Any:
        made.append("pair")
        return key_pair()

    monkeypatch.setattr(keys, "generate", generate)
    return made


def with_hook(name: str = "answer_url", **members: Any) -> dict[str, Any]:
    hook = {"address": "https://app.test/x", **members}
    return {"name": "n", "capabilities": {"voice": {"webhooks": {name: hook}}}}


def test_a_new_application_shows_its_private_key_once(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    answer = http("POST", PATH, {"name": "Demo"})
    assert answer.status == 201
    made = answer.json
    private = made["keys"].pop("private_key")
    assert private.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert load_pem_private_key(private.encode(), None)
    assert made["_links"]["self"]["href"] == f"{PATH}/{made['id']}"
    assert made["privacy"] == {"improve_ai": True}
    assert http("GET", f"{PATH}/{made['id']}/").json == made
    listed = http("GET", PATH + "?page_size=100").json["_embedded"]["applications"]
    assert made in listed
    assert "PRIVATE" not in str(listed)
    own = http("POST", PATH, {"name": "Own", "keys": {"public_key": key_pair().public_key}}).json
    assert own["keys"] == {"public_key": key_pair().public_key}


def test_put_replaces_all_but_the_key(http: Any, quick_keys: list[str]) -> None:
    made = http("POST", PATH, with_hook()).json
    body = {"name": "new", "id": "other", "_links": {}, "created": 1, "keys": {"private_key": "mine"}}
    answer = http("PUT", f"{PATH}/{made['id']}", body)
    assert answer.status == 200
    assert answer.json == {
        "id": made["id"],
        "name": "new",
        "keys": {"public_key": made["keys"]["public_key"]},
        "privacy": {"improve_ai": True},
        "capabilities": {},
        "_links": made["_links"],
    }
    assert quick_keys == ["pair"]
    assert http("GET", f"{PATH}/{made['id']}").json == answer.json


def test_capabilities_are_kept_and_completed(http: Any) -> None:
    given = {
        "voice": {
            "webhooks": {
                "answer_url": {"address": "https://a.test/a", "connection_timeout": "500"},
                "event_url": {"address": "", "socket_timeout": 10000},
            },
            "conversations_ttl": 0,
            "region": "",
            "later": {"x": [1]},
        },
        "messages": {
            "version": "v1",
            "webhooks": {"inbound_url": {"address": "https://a.test/i", "http_method": "POST"}},
            "authenticate_inbound_media": True,
        },
        "vbc": {},
        "hologram": {"colour": "blue"},
    }
    body = {"name": "n", "capabilities": given, "privacy": {"improveAi": False}}
    answer = http("POST", PATH, body)
    assert answer.status == 201, answer.body
    shown = answer.json
    assert shown["privacy"] == {"improve_ai": False}
    assert {name: shown["capabilities"][name] for name in ("messages", "vbc", "hologram")} == {
        name: given[name] for name in ("messages", "vbc", "hologram")
    }
    voice = shown["capabilities"]["voice"]
    hooks = voice["webhooks"]
    assert hooks["answer_url"] == {
        "address": "https://a.test/a",
        "http_method": "GET",
        "connect_timeout": 500,
    }
    assert hooks["event_url"] == {"address": "", "http_method": "POST", "socket_timeout": 10000}
    assert {**voice, "webhooks": None} == {
        "webhooks": None,
        "signed_callbacks": True,
        "conversations_ttl": 9000,
        "leg_persistence_time": 2,
        "later": {"x": [1]},
    }
    assert http("GET", f"{PATH}/{shown['id']}").json["capabilities"] == shown["capabilities"]


def test_capabilities_of_other_products_are_completed_for_strict_readers(http: Any) -> None:
    given = {
        "rtc": {"webhooks": {"event_url": {"address": "https://a.test/rtc"}}},
        "messages": {"webhooks": {"status_url": {"http_method": None}}},
        "verify": {"webhooks": {"status_url": {"address": "https://a.test/v"}}, "version": "v2"},
    }
    answer = http("POST", PATH, {"name": "n", "capabilities": given})
    assert answer.status == 201, answer.body
    assert answer.json["capabilities"] == {
        "rtc": {
            "webhooks": {"event_url": {"address": "https://a.test/rtc", "http_method": "POST"}},
            "signed_callbacks": True,
        },
        "messages": {"webhooks": {"status_url": {"address": "", "http_method": "POST"}}},
        "verify": {
            "webhooks": {"status_url": {"address": "https://a.test/v", "http_method": "POST"}},
            "version": "v2",
        },
    }


HOOK = "capabilities.voice.webhooks."
MESSAGES = "capabilities.messages."
REFUSED: list[tuple[Any, str]] = [
    ({}, "name"),
    (None, "name"),
    ({"name": ""}, "name"),
    ({"name": "x" * 256}, "name"),
    ({"name": "a\nb"}, "name"),
    ({"name": "x\ud800"}, "name"),
    ({"name": "n", "keys": {"public_key": "no key"}}, "keys.public_key"),
    ({"name": "n", "keys": "x"}, "keys"),
    (with_hook(http_method="get"), HOOK + "answer_url.http_method"),
    (with_hook("event_url", http_method="PUT"), HOOK + "event_url.http_method"),
    (with_hook(address="ftp://x"), HOOK + "answer_url.address"),
    (with_hook(connect_timeout=299), HOOK + "answer_url.connect_timeout"),
    (with_hook(connection_timeout=1001), HOOK + "answer_url.connect_timeout"),
    (with_hook(socket_timeout=5001), HOOK + "answer_url.socket_timeout"),
    (with_hook("fallback_answer_url", socket_timeout=999), HOOK + "fallback_answer_url.socket_timeout"),
    (with_hook("event_url", socket_timeout=10001), HOOK + "event_url.socket_timeout"),
    ({"name": "n", "capabilities": {"voice": {"region": "moon"}}}, "capabilities.voice.region"),
    (
        {"name": "n", "capabilities": {"voice": {"leg_persistence_time": 32}}},
        "capabilities.voice.leg_persistence_time",
    ),
    (
        {"name": "n", "capabilities": {"voice": {"conversations_ttl": 9001}}},
        "capabilities.voice.conversations_ttl",
    ),
    ({"name": "n", "capabilities": {"vbc": "yes"}}, "capabilities.vbc"),
    (
        {"name": "n", "capabilities": {"messages": {"webhooks": {"inbound_url": {"http_method": "GET"}}}}},
        MESSAGES + "webhooks.inbound_url.http_method",
    ),
    (
        {"name": "n", "capabilities": {"messages": {"version": {"major": 1}}}},
        MESSAGES + "version",
    ),
    (
        {"name": "n", "capabilities": {"rtc": {"webhooks": {"event_url": {"address": "here"}}}}},
        "capabilities.rtc.webhooks.event_url.address",
    ),
]


def test_wrong_bodies_are_problems_with_dotted_names(http: Any) -> None:
    path = f"{PATH}/{http.world.provisioned.application.application_id}"
    for body, field in REFUSED:
        for answer in (http("POST", PATH, body), http("PUT", path, body)):
            assert (answer.status, answer.wrong) == (400, [field]), body
            problem = answer.json
            assert problem["type"].endswith("api-errors/application#payload-validation")
            assert problem["detail"] == "The request failed due to validation errors"
            assert len(problem["instance"]) == 32
    answer = http("POST", PATH, with_hook(http_method="get"))
    assert answer.json["invalid_parameters"][0]["reason"] == "must be one of: GET, POST"


def test_nobody_sees_another_accounts_application(http: Any) -> None:
    for method, body in (("GET", None), ("PUT", {"name": "n"}), ("DELETE", None)):
        for key in ("nobody", "%00", "x" * 100, "5f1d0000-0000-4000-8000-000000000000"):
            answer = http(method, f"{PATH}/{key}", body)
            assert answer.status == 404
            assert "does not exist, or you do not have access" in answer.json["detail"]


def test_delete_unlinks_the_numbers() -> None:
    from tests.unit.http.conftest import Client

    with World(seed=6) as world:
        http = Client(world)
        path = f"{PATH}/{world.provisioned.application.application_id}"
        answer = http("DELETE", path, headers={"content-type": "application/json"})
        assert (answer.status, answer.body) == (204, b"")
        assert http("GET", path).status == 404
        number = world.run(world.database.read(lambda rows: numbers.get(rows, world.number)))
        assert number is not None
        assert number.application_id is None
        empty = http("GET", PATH).json
        assert (empty["total_items"], empty["total_pages"]) == (0, 1)
        assert empty["_embedded"] == {"applications": []}
        assert empty["_links"]["self"]["href"].endswith("/v2/applications?page_size=10&page=1")
        assert http("GET", "/v1/calls").status == 401, "its token is worth nothing now"


def test_live_calls_of_a_deleted_application_go_on_to_their_end() -> None:
    from tests.unit.http.conftest import Client

    with World(seed=7) as world:
        http = Client(world)
        application_id = world.provisioned.application.application_id
        key = {"action": "input", "type": ["dtmf"], "eventUrl": ["http://app.test/key"]}
        answers = [{"action": "talk", "text": "before"}, {**key, "dtmf": {"maxDigits": 1, "timeOut": 10}}]
        world.application({"/answer": answers, "/key": [{"action": "talk", "text": "after"}], "/event": None})
        call = world.dial("31201111111", world.number, "wait-speech; wait 3; press 1; wait-hangup")
        world.wait(3)
        assert call.report.answered_ms is not None
        assert http("DELETE", f"{PATH}/{application_id}").status == 204
        report = world.run(call.done)
        assert world.heard(report) == ["before", "after"]
        statuses = [hook.fields["status"] for hook in world.app.at("/event") if "status" in hook.fields]
        assert statuses == ["started", "ringing", "answered", "completed"]
        signed = [hook.headers.get("authorization", "") for hook in world.app.at("/event")]
        assert all(each.startswith("Bearer ") for each in signed)
        again = world.call("31201111111", world.number)
        assert again.ending is not None
        assert again.ending.status == 603, "the number leads nowhere now"


def test_the_list_pages(http: Any) -> None:
    for _ in range(3):
        http("POST", PATH, {"name": "n"})
    page = http("GET", PATH + "?page_size=2&page=1&size=7").json
    assert len(page["_embedded"]["applications"]) == 2
    assert page["_links"]["next"]["href"].startswith("http://platform.test/v2/applications?")
    assert "prev" not in page["_links"]
    beyond = http("GET", f"{PATH}?page_size=2&page={page['total_pages'] + 1}")
    assert beyond.status == 200
    assert beyond.json["_embedded"] == {"applications": []}
    assert "next" not in beyond.json["_links"]
    for query in ("page_size=0", "page_size=101", "page=0", "page=1_0", "page=" + "9" * 5000):
        answer = http("GET", f"{PATH}?{query}")
        assert (answer.status, answer.wrong) == (400, [query.partition("=")[0]])
        assert answer.json["type"].endswith("/application#list-validation")
    assert answer.json["type"]
    reason = http("GET", PATH + "?page_size=0").json["invalid_parameters"][0]["reason"]
    assert reason == "must be between 1 and 100"
