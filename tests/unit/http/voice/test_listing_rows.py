"""GET /v1/calls and /v1/calls/{uuid}, parameter by parameter and member by member, over rows made here."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from offhook.config import Http
from offhook.http.legs.routes import LegPage
from offhook.http.voice_v1.shown import STATUSES, Call, CallPage
from offhook.storage import applications, legs
from offhook.storage.records import Leg
from offhook.testing.world import World

SECOND = 1_000_000
DAY = 86_400 * SECOND
CAUSES = ("busy", "cancelled", "failed", "rejected", "timeout", "unanswered")


def leg_of(world: World, number: int, **changes: Any) -> Leg:
    """A finished call, made `number` seconds after the beginning of 2026."""
    own = world.provisioned.application
    made = world.clock.wall() - 1000 * SECOND + number * SECOND
    leg = Leg(
        leg_id=f"00000000-0000-4000-8000-{number:012d}",
        account_id=own.account_id,
        application_id=own.application_id,
        conversation_id=f"CON-00000000-0000-4000-8000-{number % 2:012d}",
        direction="outbound",
        to={"type": "phone", "number": "31201234567"},
        from_={"type": "phone", "number": world.number},
        status="completed",
        created_at=made,
        started_at=made + SECOND,
        ended_at=made + 8 * SECOND,
        rate=450_000,
        price=52_500,
        network="20408",
    )
    return replace(leg, **changes)


def keep(world: World, *rows: Leg) -> None:
    for row in rows:
        world.database.transact(partial(legs.insert, record=row))


@pytest.fixture(scope="module")
def rows(platform: World) -> list[Leg]:
    """One call in each status that a call can be shown in, in the order of `STATUSES`."""
    made = []
    for number, status in enumerate(STATUSES):
        changes: dict[str, Any] = {"status": status, "ended_at": None}
        if status in CAUSES:
            over = "rejected" if status == "rejected" else "completed"
            changes = {"status": over, "cause": status, "started_at": None}
        elif status == "completed":
            changes = {}
        elif status in ("started", "ringing"):
            changes["started_at"] = None
        made.append(leg_of(platform, number, **changes))
    keep(platform, *made)
    return made


def page(http: Any, query: str = "") -> Any:
    answer = http("GET", f"/v1/calls?{query}")
    assert answer.status == 200, answer.body
    CallPage.model_validate(answer.json)
    return answer.json


def uuids(page: Any) -> list[str]:
    return [call["uuid"] for call in page["_embedded"]["calls"]]


@pytest.mark.parametrize("number", range(len(STATUSES)), ids=STATUSES)
def test_a_filter_of_each_status(http: Any, rows: list[Leg], number: int) -> None:
    for spelling in (STATUSES[number], STATUSES[number].upper()):
        found = page(http, f"status={spelling}")
        assert (uuids(found), found["count"]) == ([rows[number].leg_id], 1)
    shown = http("GET", f"/v1/calls/{rows[number].leg_id}").json
    assert shown == found["_embedded"]["calls"][0]
    assert shown["status"] == STATUSES[number]


def test_members_of_a_call_come_with_its_state(http: Any, rows: list[Leg]) -> None:
    by_status = {call["status"]: call for call in page(http, "page_size=100")["_embedded"]["calls"]}
    always = ["_links", "uuid", "conversation_uuid", "to", "from", "status", "direction"]
    over = ["end_time", "duration", "rate", "price", "network"]
    assert [*by_status["started"]] == [*by_status["ringing"]] == always
    assert [*by_status["answered"]] == [*always, "start_time"]
    assert [*by_status["completed"]] == [*always, "start_time", *over]
    assert [*by_status["busy"]] == [*always, *over]
    done = by_status["completed"]
    Call.model_validate(done)
    told = [done[name] for name in ("duration", "rate", "price", "network")]
    assert told == ["7", "0.00450000", "0.00052500", "20408"]
    assert by_status["busy"]["duration"] == "0"
    assert done["start_time"].endswith("Z")
    assert len(done["start_time"]) == len("2026-01-01T00:00:00.000Z")
    assert done["to"] == {"type": "phone", "number": "31201234567"}
    assert done["_links"] == {"self": {"href": f"http://platform.test/v1/calls/{done['uuid']}"}}


def test_order_is_by_creation(http: Any, rows: list[Leg]) -> None:
    ids = [row.leg_id for row in rows]
    assert uuids(page(http, "page_size=100")) == uuids(page(http, "page_size=100&order=asc")) == ids
    assert uuids(page(http, "page_size=100&order=desc")) == uuids(page(http, "page_size=100&order=DESC"))
    assert uuids(page(http, "page_size=100&order=desc")) == ids[::-1]


def at(row: Leg, zone: str = "Z", less: int = 0) -> str:
    from offhook.core.clock import iso_milliseconds

    return iso_milliseconds(row.created_at - less).removesuffix("Z") + zone


def test_dates_are_from_this_to_before_that(http: Any, rows: list[Leg]) -> None:
    ids = [row.leg_id for row in rows]
    assert uuids(page(http, f"date_start={at(rows[3])}&page_size=100")) == ids[3:]
    assert uuids(page(http, f"date_end={at(rows[3])}&page_size=100")) == ids[:3]
    both = f"date_start={at(rows[3])}&date_end={at(rows[5])}"
    assert uuids(page(http, both)) == ids[3:5]
    assert uuids(page(http, f"date_end={at(rows[3], '%2B00:00')}")) == ids[:3]
    assert uuids(page(http, f"date_end={at(rows[3], '+00:00')}")) == ids[:3]
    assert uuids(page(http, f"date_end={at(rows[3]).replace('T', ' ').removesuffix('Z')}")) == ids[:3]
    assert page(http, f"date_start={at(rows[5])}&date_end={at(rows[3])}")["count"] == 0


def test_dates_in_other_spellings_and_zones(http: Any, rows: list[Leg]) -> None:
    """RFC 3339 §5.6: `t` and `z` may be small, and a space may stand for `T`."""
    ids = [row.leg_id for row in rows]
    later, earlier = at(rows[3], less=-3600 * SECOND), at(rows[3], less=3600 * SECOND)
    for written in (
        at(rows[3]).lower(),
        later.removesuffix("Z") + "%2B01:00",
        later.removesuffix("Z") + "+0100",
        later.replace("T", "%20").removesuffix("Z") + "%2B01:00",
        later.replace("T", "+").removesuffix("Z") + "+01:00",
        earlier.removesuffix("Z") + "-01:00",
        earlier.replace("T", " ").replace(" ", "%20").removesuffix("Z") + "-01",
    ):
        found = page(http, f"date_end={written}")
        assert uuids(found) == ids[:3], written
        links = found["_links"]
        assert page(http, urlsplit(links["self"]["href"]).query) == found, "the link asks for the same"
    assert page(http, "date_start=2025-12-31&date_end=2026-01-02&page_size=100")["count"] == len(rows)


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30",
        "1767225600",
        "2026-01-01T00:00:00%2B24:00",
        "01/02/2026",
        "2026-01-01 Z",
        "now",
        "%20",
        "T",
    ],
)
@pytest.mark.parametrize("name", ["date_start", "date_end"])
def test_what_is_no_instant_is_named(http: Any, name: str, written: str) -> None:
    answer = http("GET", f"/v1/calls?{name}={written}")
    assert (answer.status, answer.wrong) == (400, [name])


def test_a_conversation_has_its_calls(http: Any, rows: list[Leg]) -> None:
    found = page(http, f"conversation_uuid={rows[1].conversation_id}")
    assert uuids(found) == [row.leg_id for row in rows[1::2]]
    assert page(http, "conversation_uuid=CON-nobody")["count"] == 0


def test_pages_have_links_that_keep_the_filters(http: Any, rows: list[Leg]) -> None:
    wanted = f"conversation_uuid={rows[0].conversation_id}&order=desc&page_size=2"
    first = page(http, wanted)
    assert (first["count"], first["page_size"], first["record_index"]) == (6, 2, 0)
    assert first["_links"].keys() == {"self", "first", "last", "next"}
    middle = page(http, urlsplit(first["_links"]["next"]["href"]).query)
    assert (middle["record_index"], middle["_links"].keys()) == (2, first["_links"].keys() | {"prev"})
    last = page(http, urlsplit(middle["_links"]["next"]["href"]).query)
    assert last["_links"].keys() == {"self", "first", "last", "prev"}
    found = [*uuids(first), *uuids(middle), *uuids(last)]
    assert found == [row.leg_id for row in rows[0::2]][::-1]
    assert last["_links"]["last"] == last["_links"]["self"] == first["_links"]["last"]
    assert page(http, urlsplit(last["_links"]["prev"]["href"]).query) == middle
    for link in middle["_links"].values():
        parts = urlsplit(link["href"])
        assert (parts.scheme, parts.netloc, parts.path) == ("http", "platform.test", "/v1/calls")
        told = dict(parse_qsl(parts.query))
        assert told.pop("record_index").isdigit()
        assert told == {
            "conversation_uuid": rows[0].conversation_id,
            "order": "desc",
            "page_size": "2",
        }


def test_an_offset_need_not_be_a_whole_page(http: Any, rows: list[Leg]) -> None:
    found = page(http, "record_index=3&page_size=4")
    assert uuids(found) == [row.leg_id for row in rows[3:7]]
    assert "record_index=7" in found["_links"]["next"]["href"]
    assert "record_index=0" in found["_links"]["prev"]["href"]
    beyond = page(http, "record_index=100")
    assert (beyond["count"], uuids(beyond), "next" in beyond["_links"]) == (len(rows), [], False)


@pytest.mark.parametrize("query", ["", "page_size=", "status=&order=&date_start=", "whatever=1&size=3"])
def test_empty_and_unknown_parameters_count_as_absent(http: Any, rows: list[Leg], query: str) -> None:
    found = page(http, query)
    assert (found["page_size"], found["record_index"], found["count"]) == (10, 0, len(rows))


def test_several_wrong_parameters_are_all_named(http: Any) -> None:
    answer = http("GET", "/v1/calls?page_size=101&order=up&status=human&record_index=x")
    assert (answer.status, answer.json["type"]) == (400, 400)
    assert sorted(answer.wrong) == ["order", "page_size", "record_index", "status"]
    assert "between 1 and 100" in answer.json["detail"]


@pytest.mark.parametrize("days", [None, 1, 7])
def test_calls_are_gone_once_they_are_over_for_longer_than_their_application_keeps_them(
    client_of: Callable[[World], Any], days: int | None
) -> None:
    with World(seed=4) as world:
        http = client_of(world)
        own = world.provisioned.application
        voice = {**own.capabilities["voice"], "leg_persistence_time": days}
        if days is None:
            del voice["leg_persistence_time"]
        changed = replace(own, capabilities={**own.capabilities, "voice": voice})
        world.database.transact(lambda connection: applications.update(connection, changed))
        edge = world.clock.wall() - (days or 2) * DAY
        minute = 60 * SECOND
        old = leg_of(world, 1, created_at=edge - 3 * minute, ended_at=edge - minute)
        long = leg_of(world, 2, created_at=edge - 3 * minute, ended_at=edge + minute)
        live = leg_of(world, 3, created_at=edge - 2 * minute, ended_at=None, status="answered")
        young = leg_of(world, 4, created_at=edge + minute, ended_at=edge + 2 * minute)
        keep(world, old, long, live, young)
        for query in ("", "date_start=1999-01-01", f"date_start={at(old)}"):
            found = page(http, query)
            assert (uuids(found), found["count"]) == ([young.leg_id], 1)
        assert page(http, f"date_start={at(young, less=-SECOND)}")["count"] == 0
        for method, below, body in (
            ("GET", "", None),
            ("PUT", "", {"action": "hangup"}),
            ("PUT", "/talk", {"text": "x"}),
        ):
            answer = http(method, f"/v1/calls/{old.leg_id}{below}", body)
            assert (answer.status, answer.json["type"]) == (404, "NOT_FOUND")
        assert http("DELETE", f"/v0.1/legs/{old.leg_id}").status == 404
        for kept in (long, live, young):
            assert http("GET", f"/v1/calls/{kept.leg_id}").status == 200
        world.wait(120)
        assert http("GET", f"/v1/calls/{long.leg_id}").status == 404


@pytest.mark.parametrize(
    ("shown_as", "endpoint"),
    [
        ("app", {"type": "app", "user": "jamie smith"}),
        ("sip", {"type": "sip", "uri": "sip:jamie%20smith@sip.offhook.localhost"}),
    ],
)
def test_users_of_apps_are_shown_as_the_setting_says(
    client_of: Callable[[World], Any], shown_as: Any, endpoint: dict[str, str]
) -> None:
    with World(seed=4) as world:
        here = world.service.http.state.context
        options = replace(here.voice, app_legs=shown_as)
        world.service.http.state.context = replace(here, voice=options)
        keep(world, leg_of(world, 1, to={"type": "app", "user": "jamie smith"}))
        http = client_of(world)
        (call,) = page(http)["_embedded"]["calls"]
        assert call["to"] == endpoint
        answer = http("GET", "/v0.1/legs").json
        LegPage.model_validate(answer)
        assert answer["_embedded"]["legs"][0]["to"] == endpoint


def test_the_setting_of_app_legs_reaches_the_surface() -> None:
    http = Http(public_url="http://platform.test", app_legs="sip")
    with World(seed=4) as world:
        from offhook.service import Service

        settings = world.settings.model_copy(update={"http": http})
        made = world.run(_made(Service, settings, world))
        assert made.http.state.context.voice.app_legs == "sip"


async def _made(kind: Any, settings: Any, world: World) -> Any:
    return kind(settings, world.service.drivers)
