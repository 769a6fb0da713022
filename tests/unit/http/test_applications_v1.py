"""Applications in the flat shape of version 1: credentials in three places, two kinds of bodies, no loss."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.unit.http.conftest import BASIC, Answer

from offhook.http.applications import verbs
from offhook.security import keys
from offhook.storage import applications
from offhook.testing.provision import API_KEY, API_SECRET, key_pair
from offhook.testing.world import World

PATH = "/v1/applications"
NEW = "/v2/applications"
KEY = {"api_key": API_KEY, "api_secret": API_SECRET}
QUERY = "?" + urlencode(KEY)
ANSWER, EVENT = "https://app.test/answer", "https://app.test/event"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    async def generate() -> Any:
        return key_pair()

    monkeypatch.setattr(keys, "generate", generate)


def old(http: Any, method: str, path: str, body: Any = None, **more: Any) -> Answer:
    """A request without an Authorization header."""
    answer = http(method, path, body, auth="", **more)
    assert isinstance(answer, Answer)
    return answer


def made(http: Any, **members: Any) -> dict[str, Any]:
    body = {**KEY, "name": "Demo", "type": "voice", "answer_url": ANSWER, "event_url": EVENT, **members}
    answer = old(http, "POST", PATH, body)
    assert answer.status == 201, answer.body
    return dict(answer.json)


def test_a_new_application_is_shown_flat_with_its_private_key_once(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    first = made(http)
    private = first["keys"].pop("private_key")
    assert load_pem_private_key(private.encode(), None)
    assert private.startswith("-----BEGIN PRIVATE KEY-----\n")
    assert first == {
        "id": first["id"],
        "name": "Demo",
        "voice": {
            "webhooks": [
                {"endpoint_type": "answer_url", "endpoint": ANSWER, "http_method": "GET"},
                {"endpoint_type": "event_url", "endpoint": EVENT, "http_method": "POST"},
            ]
        },
        "keys": {"public_key": first["keys"]["public_key"]},
        "_links": {"self": {"href": f"{PATH}/{first['id']}"}},
    }
    shown = old(http, "GET", f"{PATH}/{first['id']}/{QUERY}")
    assert (shown.status, shown.json) == (200, first)
    again = old(http, "PUT", f"{PATH}/{first['id']}", {**KEY, "name": "Demo", "answer_url": ANSWER})
    assert again.json["keys"] == first["keys"]
    assert "PRIVATE" not in str(old(http, "GET", f"{PATH}{QUERY}&page_size=100").json)


def test_it_is_the_same_application_as_in_version_2(http: Any) -> None:
    mine = made(http, answer_method="post")
    voice = http("GET", f"{NEW}/{mine['id']}").json["capabilities"]["voice"]
    assert voice == {
        "webhooks": {
            "answer_url": {"address": ANSWER, "http_method": "POST"},
            "event_url": {"address": EVENT, "http_method": "POST"},
        },
        "signed_callbacks": True,
        "conversations_ttl": 48,
        "leg_persistence_time": 2,
    }
    bare = http("POST", NEW, {"name": "bare"}).json
    assert old(http, "GET", f"{PATH}/{bare['id']}{QUERY}").json["voice"] == {"webhooks": []}


def test_put_replaces_what_the_flat_shape_can_say_and_keeps_the_rest(http: Any) -> None:
    hooks = {
        "answer_url": {"address": ANSWER, "socket_timeout": 2000},
        "fallback_answer_url": {"address": "https://app.test/fallback"},
        "event_url": {"address": EVENT},
    }
    capabilities = {"voice": {"webhooks": hooks, "region": "eu-west"}, "hologram": {"colour": "blue"}}
    body = {"name": "n", "capabilities": capabilities, "privacy": {"improve_ai": False}}
    mine = http("POST", NEW, body).json
    answer = old(http, "PUT", f"{PATH}/{mine['id']}", {**KEY, "name": "new", "answer_url": ANSWER + "2"})
    assert answer.status == 200
    assert answer.json["voice"]["webhooks"] == [
        {"endpoint_type": "answer_url", "endpoint": ANSWER + "2", "http_method": "GET"}
    ]
    after = http("GET", f"{NEW}/{mine['id']}").json
    assert (after["name"], after["privacy"]) == ("new", {"improve_ai": False})
    assert after["capabilities"]["hologram"] == {"colour": "blue"}
    voice = after["capabilities"]["voice"]
    assert voice["region"] == "eu-west"
    assert voice["webhooks"] == {
        "answer_url": {"address": ANSWER + "2", "http_method": "GET", "socket_timeout": 2000},
        "fallback_answer_url": {"address": "https://app.test/fallback", "http_method": "GET"},
    }


def test_messages_have_their_own_webhooks_and_a_type_stays(http: Any) -> None:
    status, inbound = "https://app.test/status", "https://app.test/inbound"
    mine = made(http, type="messages", status_url=status, inbound_url=inbound)
    assert mine["voice"] == {"webhooks": []}
    assert mine["messages"]["webhooks"] == [
        {"endpoint_type": "status_url", "endpoint": status, "http_method": "POST"},
        {"endpoint_type": "inbound_url", "endpoint": inbound, "http_method": "POST"},
    ]
    answer = old(http, "PUT", f"{PATH}/{mine['id']}", {**KEY, "name": "n", "type": "voice"})
    assert (answer.status, answer.wrong) == (400, ["type"])
    answer = old(http, "PUT", f"{PATH}/{mine['id']}", {**KEY, "name": "n", "type": "message"})
    assert answer.json["messages"] == {"webhooks": []}


def test_credentials_are_taken_from_header_query_form_and_json(http: Any) -> None:
    fields = {"name": "n", "type": "voice", "answer_url": ANSWER}
    form = urlencode({**KEY, **fields}).encode()
    for answer in (
        http("POST", PATH, fields, auth=BASIC),
        old(http, "POST", PATH + QUERY, fields),
        old(http, "POST", PATH, form, headers=FORM),
        old(http, "POST", PATH, form, headers={"content-type": "application/json"}),
        old(http, "POST", f"{PATH}{QUERY}&{urlencode(fields)}"),
        http("POST", PATH, {**KEY, **fields}, auth=BASIC),
    ):
        assert answer.status == 201, answer.body
        assert [each["endpoint"] for each in answer.json["voice"]["webhooks"]] == [ANSWER]
        assert API_SECRET not in answer.body.decode()


def test_wrong_credentials_are_told_as_old_programs_know_it(http: Any) -> None:
    wrong = {**KEY, "api_secret": "Wrong5ecret"}
    for answer in (
        old(http, "GET", PATH),
        old(http, "GET", PATH + "?" + urlencode(wrong)),
        old(http, "POST", PATH, {**wrong, "name": "n"}),
        http("POST", PATH, {**wrong, "name": "n"}, auth=BASIC),
        http("GET", PATH, auth=http.bearer),
    ):
        assert answer.status == 401
        assert answer.json == {"type": "UNAUTHORIZED", "error_title": "Unauthorized"}
        assert answer.headers["www-authenticate"].startswith("Basic")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "name"),
    ({"name": ""}, "name"),
    ({"name": "n", "type": "video"}, "type"),
    ({"name": "n", "answer_url": "here"}, "answer_url"),
    ({"name": "n", "answer_url": ["https://a.test", "https://b.test"]}, "answer_url"),
    ({"name": "n", "answer_method": "PUT"}, "answer_method"),
    ({"name": "n", "event_method": "DELETE"}, "event_method"),
    ({"name": "n", "type": "messages", "inbound_method": "GET"}, "inbound_method"),
]


def test_wrong_members_are_named(http: Any) -> None:
    path = made(http)["_links"]["self"]["href"]
    for body, field in REFUSED:
        for answer in (old(http, "POST", PATH, {**KEY, **body}), old(http, "PUT", path, {**KEY, **body})):
            assert (answer.status, answer.wrong) == (400, [field]), body
            assert answer.json["type"] == 400
            assert answer.json["detail"]
    for wrong in (b"{broken", b"[1]"):
        answer = old(http, "POST", PATH + QUERY, wrong)
        assert (answer.status, answer.wrong) == (400, ["body"])


def test_unknown_ids_verbs_and_kinds(http: Any) -> None:
    for key in ("nobody", "x" * 100, "5f1d0000-0000-4000-8000-000000000000"):
        for method, body in (("GET", None), ("PUT", {"name": "n"}), ("DELETE", None)):
            answer = old(http, method, f"{PATH}/{key}{QUERY}", body)
            assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND")
            assert "does not exist, or you do not have access" in answer.json["detail"]
    answer = old(http, "PATCH", PATH + QUERY)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert old(http, "GET", PATH + QUERY, headers={"accept": "text/html"}).status == 406


def test_the_list_counts_pages_from_0() -> None:
    from tests.unit.http.conftest import Client

    with World(seed=8) as world:
        http = Client(world)
        ids = [world.provisioned.application.application_id]
        for index in range(2):
            ids.append(made(http, name=f"n{index}")["id"])
        page = old(http, "GET", f"{PATH}{QUERY}&page_size=2").json
        assert (page["count"], page["page_size"], page["page_index"]) == (3, 2, 0)
        first = [each["id"] for each in page["_embedded"]["applications"]]
        assert sorted(page["_links"]) == ["first", "last", "next", "self"]
        base = f"http://platform.test{PATH}?page_size=2&page_index="
        assert page["_links"]["next"]["href"] == f"{base}1"
        assert page["_links"]["last"]["href"] == f"{base}1"
        page = old(http, "GET", f"{PATH}{QUERY}&page_size=2&page_index=1").json
        assert sorted(page["_links"]) == ["first", "last", "prev", "self"]
        assert page["_links"]["prev"]["href"] == f"{base}0"
        assert sorted(first + [each["id"] for each in page["_embedded"]["applications"]]) == sorted(ids)
        beyond = old(http, "GET", f"{PATH}{QUERY}&page_size=2&page_index=9").json
        assert beyond["_embedded"] == {"applications": []}
        assert beyond["_links"]["prev"]["href"] == f"{base}1"
        for query in ("page_size=0", "page_size=101", "page_index=-1", "page_index=x"):
            answer = old(http, "GET", f"{PATH}{QUERY}&{query}")
            assert (answer.status, answer.wrong) == (400, [query.partition("=")[0]])
        gone = old(http, "DELETE", f"{PATH}/{ids[2]}{QUERY}")
        assert (gone.status, gone.body) == (204, b"")
        assert old(http, "GET", f"{PATH}/{ids[2]}{QUERY}").status == 404


def test_what_version_2_changes_meanwhile_is_kept(http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body may take half a minute to come; what this shape cannot say may change until then."""
    first = made(http)
    change = verbs.change

    async def changed(*arguments: Any, **options: Any) -> Any:
        before = arguments[1]
        other = replace(
            before, capabilities={**before.capabilities, "vbc": {}}, privacy={"improve_ai": False}
        )
        http.world.database.transact(lambda c: applications.update(c, other))
        return await change(*arguments, **options)

    monkeypatch.setattr(verbs, "change", changed)
    body = {**KEY, "name": "Shop", "answer_url": ANSWER}
    assert old(http, "PUT", f"{PATH}/{first['id']}", body).status == 200
    shown = http("GET", f"{NEW}/{first['id']}").json
    assert (shown["name"], shown["privacy"]) == ("Shop", {"improve_ai": False})
    assert set(shown["capabilities"]) == {"voice", "vbc"}
