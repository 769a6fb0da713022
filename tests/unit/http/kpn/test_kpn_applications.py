"""Applications by the wrapper: forms and queries, the flat shape, versions, keys that are kept, owners."""

import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.unit.http.kpn.conftest import FORM

from offhook.http.applications import verbs
from offhook.security import jwt
from offhook.storage import accounts, application_keys, applications
from offhook.storage.records import Application
from offhook.testing.world import World

ANSWER, EVENT = "http://app.test/answer", "http://app.test/event"
FIELDS = {"name": "Desk", "type": "voice", "answer_url": ANSWER, "event_url": EVENT}


def make(kpn: Any, **more: Any) -> dict[str, Any]:
    answer = kpn("POST", "/applications", urlencode({**FIELDS, **more}))
    assert answer.status == 201, answer.body
    shown: dict[str, Any] = answer.json
    return shown


def hooks(shown: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        each["endpoint_type"]: (each["endpoint"], each["http_method"]) for each in shown["voice"]["webhooks"]
    }


@pytest.mark.parametrize("kind", ["form", "json"])
def test_create(kpn: Any, kind: str) -> None:
    answer = kpn("POST", "/applications", urlencode(FIELDS) if kind == "form" else FIELDS)
    assert answer.status == 201, answer.body
    shown = answer.json
    assert shown["name"] == "Desk"
    assert hooks(shown) == {"answer_url": (ANSWER, "GET"), "event_url": (EVENT, "POST")}
    assert list(shown["keys"]) == ["public_key"]
    assert shown["_links"]["self"]["href"] == f"/applications/{shown['id']}"
    assert "PRIVATE" not in answer.body.decode()
    assert kpn("GET", f"/applications/{shown['id']}").json == shown


def test_two_fields_are_enough(kpn: Any) -> None:
    answer = kpn("POST", "/applications", {"name": "Desk", "answer_url": ANSWER})
    assert hooks(answer.json) == {"answer_url": (ANSWER, "GET")}


def test_an_application_for_messages_has_addresses_of_messages_alone(kpn: Any) -> None:
    message = {"name": "Post", "type": "message"}
    addresses = {"status_url": ANSWER, "inbound_url": EVENT}
    for more in ({}, {"answer_url": ANSWER, "event_url": EVENT}):
        answer = kpn("POST", "/applications", urlencode({**message, **addresses, **more}))
        assert answer.status == 201, answer.body
        assert answer.json["voice"] == {"webhooks": []}
        assert answer.json["messages"]["webhooks"] == [
            {"endpoint_type": name, "endpoint": url, "http_method": "POST"} for name, url in addresses.items()
        ]
    shown = kpn("GET", f"/applications/v2/{answer.json['id']}").json["capabilities"]
    assert set(shown) == {"messages"}
    assert kpn("POST", "/applications", urlencode(message)).json["messages"] == {"webhooks": []}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"answer_url": ANSWER}, "name"),
        ({"name": "Desk"}, "answer_url"),
        ({**FIELDS, "answer_url": "ftp://app.test/"}, "answer_url"),
        ({**FIELDS, "event_method": "PUT"}, "event_method"),
        ({**FIELDS, "type": "video"}, "type"),
        ({**FIELDS, "name": "two\nlines"}, "name"),
    ],
)
def test_create_with_wrong_fields(kpn: Any, fields: dict[str, str], named: str) -> None:
    answer = kpn("POST", "/applications", urlencode(fields))
    assert answer.status == 400
    assert answer.json["info"].startswith(f"{named}: ")


def test_replace_by_the_query(kpn: Any) -> None:
    uuid = make(kpn)["id"]
    query = urlencode({"name": "Shop", "answer_url": ANSWER + "2", "answer_method": "post"})
    answer = kpn("PUT", f"/applications/{uuid}?{query}")
    assert answer.status == 200, answer.body
    assert answer.json["name"] == "Shop"
    assert hooks(answer.json) == {"answer_url": (ANSWER + "2", "POST")}
    assert kpn("PUT", f"/applications/{uuid}", urlencode(FIELDS)).json["name"] == "Desk"


def test_what_the_flat_shape_cannot_say_stays(kpn: Any) -> None:
    voice = {
        "webhooks": {
            "answer_url": {"address": ANSWER, "http_method": "GET", "socket_timeout": 2000},
            "fallback_answer_url": {"address": ANSWER + "?fallback", "http_method": "GET"},
        },
        "signed_callbacks": False,
        "leg_persistence_time": 7,
    }
    body = {"name": "Desk", "capabilities": {"voice": voice}}
    uuid = kpn("POST", "/applications/v2", body).json["id"]
    query = urlencode({"name": "Desk", "answer_url": ANSWER + "2"})
    assert kpn("PUT", f"/applications/{uuid}?{query}").status == 200
    stored = kpn("GET", f"/applications/v2/{uuid}").json["capabilities"]["voice"]
    assert stored["webhooks"]["answer_url"]["address"] == ANSWER + "2"
    assert stored["webhooks"]["answer_url"]["socket_timeout"] == 2000
    assert "fallback_answer_url" in stored["webhooks"]
    assert (stored["signed_callbacks"], stored["leg_persistence_time"]) == (False, 7)


def test_versions(kpn: Any) -> None:
    """If-Match: whoever read an application before somebody changed it changes nothing."""
    uuid = make(kpn)["id"]
    first = kpn("GET", f"/applications/{uuid}").headers["etag"]
    path = f"/applications/{uuid}?{urlencode({**FIELDS, 'name': 'Shop'})}"
    changed = kpn("PUT", path, if_match=f'"other", {first}')
    assert changed.status == 200
    assert changed.headers["etag"] != first
    refused = kpn("PUT", path, if_match=first)
    assert refused.status == 412
    assert refused.json["name"] == "Precondition Failed"
    assert kpn("PUT", path, if_match="W/" + changed.headers["etag"]).status == 412
    assert kpn("PUT", path, if_match="*").status == 200
    assert kpn("DELETE", f"/applications/{uuid}", if_match=first).status == 412
    assert kpn("DELETE", f"/applications/{uuid}").status == 204
    assert kpn("PUT", path, if_match="*").status == 404


def test_a_version_that_is_changed_while_it_is_deleted(kpn: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    uuid = make(kpn)["id"]
    first = kpn("GET", f"/applications/{uuid}").headers["etag"]

    async def removed(here: Any, application: Application, **options: Any) -> None:
        kpn.world.database.transact(lambda c: applications.update(c, replace(application, name="Shop")))
        await remove(here, application, **options)

    remove = verbs.remove
    monkeypatch.setattr(verbs, "remove", removed)
    assert kpn("DELETE", f"/applications/{uuid}", if_match=first).status == 412
    assert kpn("GET", f"/applications/{uuid}").json["name"] == "Shop"
    assert kpn("DELETE", f"/applications/{uuid}").status == 204


def test_list(kpn_of: Any) -> None:
    with World(seed=21) as world:
        kpn = kpn_of(world)
        made = [kpn.application_id]
        for n in range(4):
            world.wait(1)
            made.append(make(kpn, name=f"Desk {n}")["id"])
        page = kpn("GET", "/applications?page_size=2&page_index=1").json
        assert [each["id"] for each in page["_embedded"]["applications"]] == made[2:4]
        counts = {name: page[name] for name in ("count", "page_size", "page_index", "record_index")}
        assert counts == {"count": 5, "page_size": 2, "page_index": 1, "record_index": 2}
        base = "http://platform.test/communication/nexmo/applications?page_size=2&page_index="
        assert page["_links"] == {
            name: {"href": f"{base}{index}"}
            for name, index in {"self": 1, "first": 0, "last": 2, "next": 2, "prev": 0}.items()
        }
        second = kpn("GET", "/applications/v2?page_size=3&page_index=1").json
        assert [each["id"] for each in second["_embedded"]["applications"]] == made[3:]
        assert "next" not in second["_links"]
        assert kpn("GET", "/applications?page_size=0").status == 400


def test_a_token_for_recordings(kpn: Any) -> None:
    uuid = make(kpn)["id"]
    answer = kpn("GET", "/jwt", applicationid=uuid)
    assert answer.status == 200, answer.body
    shown = answer.json
    assert shown["application_Id"] == uuid
    assert shown["app_level"] == "application"
    principal = jwt.verify(
        shown["JWT_token"],
        kpn("GET", f"/applications/{uuid}").json["keys"]["public_key"],
        kpn.world.clock.wall(),
    )
    assert principal.application_id == uuid
    headers = {"authorization": "Bearer " + shown["JWT_token"]}
    url = "http://platform.test/v1/files/00000000-0000-4000-8000-000000000000"
    status, _, _ = kpn.world.run(kpn.world.web.request("GET", url, headers, b"", 5.0, 60.0, 10_000))
    assert status == 404, "the token is good, there is no such file"


def test_no_token_without_the_key(kpn: Any) -> None:
    """Of an application that was made elsewhere, and of one that has been given another key since."""
    answer = kpn("GET", "/jwt", applicationid=kpn.application_id)
    assert answer.status == 400
    assert "private key" in answer.json["message"]
    uuid = make(kpn)["id"]
    other = kpn.world.provisioned.application.public_key
    kpn.world.database.transact(lambda c: applications.change(c, uuid, public_key=other))
    assert kpn("GET", "/jwt", applicationid=uuid).status == 400


def test_the_kept_key_is_sealed_and_goes_with_its_application(kpn: Any) -> None:
    uuid = make(kpn)["id"]
    kept = kpn.world.database.transact(lambda c: application_keys.get(c, uuid))
    assert kept is not None
    assert b"PRIVATE KEY" not in kept.private_key
    assert b"PRIVATE KEY" in kpn.world.sealer.open(kept.private_key)
    assert kpn("DELETE", f"/applications/{uuid}").status == 204
    assert kpn.world.database.transact(lambda c: application_keys.get(c, uuid)) is None
    assert kpn("GET", f"/applications/{uuid}").status == 404


def test_an_own_key_is_not_kept(kpn: Any) -> None:
    body = {"name": "Own", "keys": {"public_key": kpn.world.provisioned.application.public_key}}
    uuid = kpn("POST", "/applications/v2", body).json["id"]
    assert kpn("GET", "/jwt", applicationid=uuid).status == 400
    assert kpn("PUT", f"/applications/v2/{uuid}", body).status == 405


def test_others_do_not_exist(kpn: Any) -> None:
    world = kpn.world
    foreign = replace(
        world.provisioned.application, application_id="11111111-2222-4333-8444-555555555555", account_id="x"
    )
    account = replace(world.provisioned.account, account_id="x", api_key="otherkey")
    world.database.transact(lambda c: accounts.insert(c, account))
    world.database.transact(lambda c: applications.insert(c, foreign))
    uuid = foreign.application_id
    for method, path in (
        ("GET", f"/applications/{uuid}"),
        ("PUT", f"/applications/{uuid}?{urlencode(FIELDS)}"),
        ("DELETE", f"/applications/{uuid}"),
        ("GET", f"/applications/v2/{uuid}"),
        ("DELETE", f"/applications/v2/{uuid}"),
    ):
        assert kpn(method, path).status == 404, (method, path)
    for method, path in (("GET", "/jwt"), ("GET", "/voice/calls"), ("POST", "/voice/calls")):
        assert kpn(method, path, applicationid=uuid).status == 404, (method, path)


def test_a_suspended_account(kpn_of: Any) -> None:
    with World(seed=22) as world:
        kpn = kpn_of(world)
        kpn.login()
        who = world.provisioned.account.account_id
        world.database.transact(lambda c: accounts.change(c, who, suspended_at=1))
        answer = kpn("GET", "/applications")
        assert answer.status == 403
        assert answer.json["name"] == "Forbidden"


def test_a_form_of_many_members_is_no_work(kpn: Any) -> None:
    body = "&".join(f"a{n}=b" for n in range(100_000)).encode()
    begun = time.process_time()
    answer = kpn("POST", "/applications", body, content_type=FORM)
    assert answer.status == 400
    assert time.process_time() - begun < 5
