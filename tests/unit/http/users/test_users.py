"""The Users API, row by row: members, pages by cursor, changes, errors."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.http.conftest import BASE, Answer, Client

from offhook.http.users import routes
from offhook.http.users.access import find
from offhook.storage import applications, tables, users
from offhook.storage.records import User
from offhook.testing.world import World

PATH = "/v1/users"
ALL: dict[str, Any] = {
    "name": "jan",
    "display_name": "Jan van Dam",
    "image_url": "https://example.com/jan.png",
    "properties": {"custom_data": {"team": ["a", 1, None]}, "ttl": 3600},
    "channels": {
        "pstn": [{"number": 31201234567}],
        "sip": [{"uri": "sip:+4442138907@sip.example.com;transport=tls", "username": "u", "password": "p"}],
        "vbc": [{"extension": "403"}],
        "websocket": [
            {"uri": "wss://example.com/socket", "content-type": "audio/l16;rate=16000", "headers": {"a": 1}}
        ],
        "sms": [{"number": "447700900000"}],
        "mms": [{"number": "447700900000"}],
        "whatsapp": [{"number": "447700900000"}],
        "viber": [{"number": "447700900000"}],
        "messenger": [{"id": "0104f593"}],
    },
}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(seed=1) as world:
        yield world


@pytest.fixture
def http(world: World) -> Iterator[Client]:
    yield Client(world)
    world.database.transact(lambda c: c.execute(tables.users.delete()) and None)


def create(http: Client, body: Any = None) -> dict[str, Any]:
    """A user, made later than the one before."""
    http.world.wait(0.001)
    answer = http("POST", PATH, body)
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def problem(answer: Answer, status: int, code: str) -> dict[str, Any]:
    assert answer.status == status, answer.body
    body: dict[str, Any] = answer.json
    assert body["code"] == code
    assert body["type"] == "https://developer.vonage.com/api/conversation#" + code
    assert body["title"].endswith(".")
    assert body["detail"]
    assert len(body["instance"]) == 32
    return body


def test_a_user_with_everything_comes_back_as_it_went_in(http: Client) -> None:
    made = create(http, ALL)
    identifier = made["id"]
    assert identifier.startswith("USR-")
    link = {"self": {"href": f"{http.world.settings.public_url}{PATH}/{identifier}"}}
    assert made == {"id": identifier, **ALL, "_links": link}
    for key in (identifier, "jan"):
        read = http("GET", f"{PATH}/{key}")
        assert (read.status, read.json) == (200, made)
        assert read.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [None, {}, {"name": None}])
def test_a_user_without_anything_gets_a_name(http: Client, body: Any) -> None:
    made = create(http, body)
    assert made["name"].startswith("NAM-")
    assert (made["properties"], made["channels"]) == ({"custom_data": {}}, {})
    assert set(made) == {"id", "name", "properties", "channels", "_links"}


def test_passwords_are_sealed_where_they_are_stored(world: World, http: Client) -> None:
    made = create(http, {"channels": {"sip": [{"uri": "sip:a@b.example", "password": "distinctive-secret"}]}})
    stored = world.database.transact(lambda c: users.get(c, made["id"]))
    assert stored is not None
    assert b"distinctive" not in stored.channels
    assert http("GET", f"{PATH}/{made['id']}").json["channels"]["sip"][0]["password"] == "distinctive-secret"


def test_the_spellings_that_clients_use(http: Client) -> None:
    channels = {
        "pstn": [{"number": "31201234567"}],
        "websocket": [{"uri": "ws://a.example/", "content_type": "audio/l16;rate=8000", "headers": None}],
        "sms": [{"number": 447700900000}],
    }
    made = create(http, {"channels": channels, "id": "mine", "_links": {}, "unknown": 1})
    assert made["channels"] == {
        "pstn": [{"number": 31201234567}],
        "websocket": [{"uri": "ws://a.example/", "content-type": "audio/l16;rate=8000"}],
        "sms": [{"number": "447700900000"}],
    }
    assert made["id"] != "mine"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"display_name": ["x"]}, "display_name"),
        ({"properties": "x"}, "properties"),
        ({"properties": {"ttl": -1}}, "properties.ttl"),
        ({"properties": {"ttl": 2147483649}}, "properties.ttl"),
        ({"properties": {"custom_data": []}}, "properties.custom_data"),
        ({"channels": []}, "channels"),
        ({"channels": {"pstn": {"number": 1}}}, "channels.pstn"),
        ({"channels": {"pstn": [{"number": "many"}]}}, "channels.pstn[0].number"),
        ({"channels": {"sip": [{"username": "u"}]}}, "channels.sip[0].uri"),
        ({"channels": {"sip": [{"uri": "tel:+31"}]}}, "channels.sip[0].uri"),
        ({"channels": {"websocket": [{"uri": "http://a.example"}]}}, "channels.websocket[0].uri"),
        (
            {"channels": {"websocket": [{"uri": "ws://a.example", "content-type": "audio/mp3"}]}},
            "channels.websocket[0].content-type",
        ),
        ({"channels": {"vbc": [{}]}}, "channels.vbc[0].extension"),
        ({"channels": {"whatsapp": [{"number": "x"}]}}, "channels.whatsapp[0].number"),
        ({"channels": {"messenger": [{"id": None}]}}, "channels.messenger[0].id"),
        ({"channels": {"vbc": [{"extension": "1"}] * 51}}, "channels.vbc"),
    ],
)
def test_what_cannot_be_stored_is_named(http: Client, body: dict[str, Any], name: str) -> None:
    answer = http("POST", PATH, body)
    told = problem(answer, 400, "http:error:validation-fail")
    assert (told["title"], told["detail"]) == ("Bad request.", "Input validation failure.")
    assert answer.wrong == [name]
    assert told["invalid_parameters"][0]["reason"]


def test_names_are_unique_in_an_application(http: Client) -> None:
    made = create(http, {"name": "jan"})
    problem(http("POST", PATH, {"name": "jan"}), 400, "user:error:duplicate-name")
    other = create(http, {"name": "piet"})
    problem(http("PATCH", f"{PATH}/{other['id']}", {"name": "jan"}), 400, "user:error:duplicate-name")
    assert http("PATCH", f"{PATH}/{made['id']}", {"name": "jan"}).status == 200


# --- changing and deleting ------------------------------------------------------------------------------


def test_a_change_keeps_what_it_does_not_name(http: Client) -> None:
    made = create(http, ALL)
    answer = http("PATCH", f"{PATH}/{made['id']}", {"display_name": "J."})
    assert (answer.status, answer.json) == (200, {**made, "display_name": "J."})
    changed = http("PATCH", f"{PATH}/jan", {"properties": {"ttl": 1}, "channels": {"vbc": [], "sms": []}})
    assert changed.json["properties"] == {"custom_data": ALL["properties"]["custom_data"], "ttl": 1}
    assert set(changed.json["channels"]) == set(ALL["channels"]) - {"vbc", "sms"}
    renamed = http("PATCH", f"{PATH}/{made['id']}", {"name": "johan"}).json
    assert http("GET", f"{PATH}/johan").json == renamed
    problem(http("GET", f"{PATH}/jan"), 404, "user:error:not-found")


def test_a_wrong_change_changes_nothing(http: Client) -> None:
    made = create(http, ALL)
    assert http("PATCH", f"{PATH}/{made['id']}", {"display_name": "J.", "properties": 1}).status == 400
    assert http("GET", f"{PATH}/{made['id']}").json == made


def test_a_deleted_user_is_gone(http: Client) -> None:
    made = create(http, {"name": "jan"})
    gone = http("DELETE", f"{PATH}/{made['id']}", headers={"content-type": "application/json"})
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        problem(http(method, f"{PATH}/{made['id']}", {}), 404, "user:error:not-found")
    create(http, {"name": "jan"})


def test_deleting_an_application_deletes_its_users(world: World, http: Client) -> None:
    create(http, {"name": "jan"})
    other = replace(world.provisioned.application, application_id="other")
    world.database.transact(lambda c: applications.insert(c, other))
    moved = replace(world.database.transact(users.list).rows[0], application_id="other")
    world.database.transact(lambda c: users.update(c, moved))
    create(http, {"name": "piet"})
    assert http("DELETE", "/v2/applications/other").status == 204
    assert [each.name for each in world.database.transact(users.list).rows] == ["piet"]


# --- listing --------------------------------------------------------------------------------------------


def pages(http: Client, path: str, rel: str = "next") -> list[list[str]]:
    """The names on each page, from one to the next by their links."""
    found: list[list[str]] = []
    for _ in range(50):
        answer = http("GET", path)
        assert answer.status == 200, answer.body
        found.append([each["name"] for each in answer.json["_embedded"]["users"]])
        if rel not in answer.json["_links"]:
            return found
        path = answer.json["_links"][rel]["href"].removeprefix(public(answer))
    pytest.fail("the listing does not end")


def public(answer: Answer) -> str:
    href = urlsplit(answer.json["_links"]["self"]["href"])
    return f"{href.scheme}://{href.netloc}"


def test_the_short_form_and_the_links(http: Client) -> None:
    made = create(http, ALL)
    create(http, {"name": "piet"})
    body = http("GET", PATH + "?page_size=1").json
    assert body["page_size"] == 1
    assert body["cursor"] == ""
    assert body["_embedded"]["users"] == [
        {"id": made["id"], "name": "jan", "display_name": "Jan van Dam", "_links": made["_links"]}
    ]
    assert set(body["_links"]) == {"first", "self", "next"}
    for link in body["_links"].values():
        assert link["href"].startswith("http://")
        query = parse_qs(urlsplit(link["href"]).query)
        assert query["page_size"] == ["1"]
    assert set(parse_qs(urlsplit(body["_links"]["next"]["href"]).query)) == {"page_size", "order", "cursor"}


def test_nobody(http: Client) -> None:
    body = http("GET", PATH).json
    assert body["page_size"] == 10
    assert body["_embedded"] == {"users": []}
    assert set(body["_links"]) == {"first", "self"}


@pytest.mark.parametrize("size", [1, 3, 7, 100])
@pytest.mark.parametrize("order", ["asc", "desc", "ASC", "DESC"])
def test_pages_show_everybody_once(http: Client, size: int, order: str) -> None:
    names = [f"user-{n}" for n in range(7)]
    for name in names:
        create(http, {"name": name})
    expected = names if order.lower() == "asc" else names[::-1]
    found = pages(http, f"{PATH}?page_size={size}&order={order}")
    assert [name for page in found for name in page] == expected
    assert all(len(page) == size for page in found[:-1])


def test_pages_backwards(http: Client) -> None:
    for n in range(7):
        create(http, {"name": f"user-{n}"})
    path, answer = f"{PATH}?page_size=3", None
    for _ in range(2):
        answer = http("GET", path)
        path = answer.json["_links"]["next"]["href"].removeprefix(public(answer))
    back = pages(http, path, "prev")
    assert back == [["user-6"], ["user-3", "user-4", "user-5"], ["user-0", "user-1", "user-2"]]


def test_who_comes_and_goes_between_two_pages_moves_nobody(http: Client) -> None:
    made = [create(http, {"name": f"user-{n}"}) for n in range(4)]
    first = http("GET", PATH + "?page_size=2")
    http("DELETE", f"{PATH}/{made[0]['id']}")
    http("DELETE", f"{PATH}/{made[1]['id']}")
    create(http, {"name": "user-4"})
    rest = pages(http, first.json["_links"]["next"]["href"].removeprefix(public(first)))
    assert [name for page in rest for name in page] == ["user-2", "user-3", "user-4"]


def test_by_name(http: Client) -> None:
    for name in ("jan", "janna", "Jan"):
        create(http, {"name": name})
    assert pages(http, PATH + "?name=jan") == [["jan"]]
    assert pages(http, PATH + "?name=nobody") == [[]]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=x", "page_size"),
        ("order=up", "order"),
        ("cursor=xyz", "cursor"),
        ("cursor=" + "A" * 201, "cursor"),
        ("cursor=%C3%A9", "cursor"),
    ],
)
def test_a_wrong_parameter_is_named(http: Client, query: str, name: str) -> None:
    answer = http("GET", f"{PATH}?{query}")
    problem(answer, 400, "http:error:validation-fail")
    assert answer.wrong == [name]


# --- other errors ---------------------------------------------------------------------------------------


def test_what_is_no_json_is_406(http: Client) -> None:
    sent = http("POST", PATH, b"name=jan", headers={"content-type": "application/x-www-form-urlencoded"})
    told = problem(sent, 406, "http:error:validation-fail")
    assert told["detail"] == "Invalid Content-Type."
    unreadable = http("POST", PATH, b"{", headers={"content-type": "application/json"})
    problem(unreadable, 400, "http:error:validation-fail")
    xml = http("GET", PATH, headers={"accept": "text/xml"})
    problem(xml, 406, "http:error:validation-fail")


def test_other_errors_speak_the_same_family(http: Client) -> None:
    wrong_verb = http("PUT", f"{PATH}/jan", {})
    problem(wrong_verb, 405, "http:error:method-not-allowed")
    assert wrong_verb.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
    problem(http("POST", PATH, b" " * 1_000_001), 413, "http:error:payload-too-large")
    missing = problem(http("GET", f"{PATH}/nobody"), 404, "user:error:not-found")
    assert (missing["title"], missing["detail"]) == (
        "Not found.",
        "User does not exist, or you do not have access.",
    )
    problem(http("GET", f"{PATH}/{'x' * 300}"), 404, "user:error:not-found")
    problem(http("GET", f"{PATH}/%00"), 404, "user:error:not-found")


@pytest.mark.parametrize("auth", ["", "Bearer nonsense", "Basic d29ybGRrZXk6V29ybGRTZWNyZXQx"])
def test_without_a_good_token(http: Client, auth: str) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), ("GET", f"{PATH}/jan"), ("DELETE", f"{PATH}/jan")):
        answer = http(method, path, auth=auth)
        told = problem(answer, 401, "system:error:invalid-token")
        assert told["title"] == "Unauthorized."
        assert told["detail"] == "You did not provide a valid token. Please provide a valid token."
        assert answer.headers["www-authenticate"] == "Bearer"


def test_answers_hold_no_link_of_the_host_header(http: Client) -> None:
    answer = http("GET", PATH, headers={"host": "evil.example"})
    assert "evil" not in json.dumps(answer.json)
    assert BASE not in answer.json["_links"]["self"]["href"] or public(answer) == BASE


def test_two_changes_at_a_time_are_both_kept(
    world: World, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request changes the user after this one has found it."""
    made = create(http, {"name": "jan", "properties": {"custom_data": {"a": 1}}})

    async def found(*arguments: Any) -> User:
        before = await find(*arguments)
        after = replace(before, display_name="Jan", channels=b"")
        world.database.transact(lambda c: users.update(c, after))
        return before

    monkeypatch.setattr(routes, "find", found)
    changed = http("PATCH", f"{PATH}/{made['id']}", {"properties": {"ttl": 60}}).json
    assert (changed["display_name"], changed["properties"]) == ("Jan", {"custom_data": {"a": 1}, "ttl": 60})
    monkeypatch.undo()
    assert http("GET", f"{PATH}/jan").json == changed


def test_a_user_that_goes_while_it_is_changed(
    world: World, http: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = create(http, {"name": "jan"})

    async def found(*arguments: Any) -> User:
        before = await find(*arguments)
        world.database.transact(lambda c: users.delete(c, before.user_id))
        return before

    monkeypatch.setattr(routes, "find", found)
    problem(http("PATCH", f"{PATH}/{made['id']}", {"name": "j"}), 404, "user:error:not-found")
