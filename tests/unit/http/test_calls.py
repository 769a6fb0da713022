"""POST and GET /v1/calls: what is accepted, refused, answered and listed."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from offhook.http.paging import offset_links, page_links
from offhook.testing.world import World

TO = [{"type": "phone", "number": "31201234567"}]
NCCO = [{"action": "talk", "text": "hello"}]
CALL = {"to": TO, "from": {"type": "phone", "number": "15550100001"}, "ncco": NCCO}


def test_create_answers_at_once_and_the_call_can_be_read(http: Any) -> None:
    answer = http("POST", "/v1/calls", CALL)
    assert answer.status == 201
    assert answer.headers["content-type"] == "application/json"
    made = answer.json
    assert list(made) == ["uuid", "status", "direction", "conversation_uuid"]
    assert (made["status"], made["direction"]) == ("started", "outbound")
    assert made["conversation_uuid"].startswith("CON-")
    shown = http("GET", f"/v1/calls/{made['uuid']}").json
    assert shown["_links"]["self"]["href"] == f"http://platform.test/v1/calls/{made['uuid']}"
    assert shown["to"] == TO[0]
    assert shown["from"] == {"type": "phone", "number": "15550100001"}
    assert "price" not in shown


ACCEPTED: list[dict[str, Any]] = [
    {"from": "15550100001"},
    {"from": {"number": "+15550100001"}},
    {"from": None, "random_from_number": "true"},
    {"length_timer": "60", "ringing_timer": "20"},
    {"unknown": {"anything": [1]}, "event_url": None, "machine_detection": None},
    {"ncco": None, "answer_url": "http://app.test/answer", "answer_method": "post"},
    {"to": [{"type": "phone", "number": 31201234567, "dtmfAnswer": "1p2"}]},
    {"to": [{"type": "sip", "uri": "user@carrier.localhost", "standard_headers": {}}]},
    {"to": [{"type": "sip", "uri": "sip:u@h.localhost", "headers": {"a": 1, "sip": "x", "n": None}}]},
]


@pytest.mark.parametrize("changes", ACCEPTED)
def test_accepted_variants(http: Any, changes: dict[str, Any]) -> None:
    answer = http("POST", "/v1/calls/", {**CALL, **changes}, headers={"content-type": "text/plain"})
    assert answer.status == 201, answer.body


def sip(**members: Any) -> dict[str, Any]:
    return {"to": [{"type": "sip", "uri": "sip:u@h.localhost", **members}]}


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"to": None}, ["to"]),
    ({"to": []}, ["to"]),
    ({"to": TO * 2}, ["to"]),
    ({"to": [{"number": "31201234567"}]}, ["to[0].type"]),
    ({"to": [{"type": "fax"}]}, ["to[0].type"]),
    ({"to": [{"type": "websocket", "uri": "ws://x"}]}, ["to[0].type"]),
    ({"to": [{"type": "phone"}]}, ["to[0].number"]),
    ({"to": [{"type": "phone", "number": "٣١٢٠١٢٣٤٥٦٧"}]}, ["to[0].number"]),
    ({"to": [{"type": "phone", "number": "112"}]}, ["to[0].number"]),
    ({"to": [{"type": "phone", "number": "31201234567", "dtmfAnswer": "x"}]}, ["to[0].dtmfAnswer"]),
    ({"to": [{"type": "phone", "number": "31201234567", "shaken": "a\r\nb"}]}, ["to[0].shaken"]),
    (sip(uri="sip:u@h\r\nX: y"), ["to[0].uri"]),
    (sip(uri="http://h"), ["to[0].uri"]),
    (sip(headers={"a": "b\r\nEvil: 1"}), ["to[0].headers.a"]),
    (sip(headers={"a b": "c"}), ["to[0].headers"]),
    (sip(headers={"sip": []}), ["to[0].headers.sip"]),
    (sip(headers={str(n): "x" for n in range(33)}), ["to[0].headers"]),
    (sip(standard_headers={"User-to-User": "a\nb"}), ["to[0].standard_headers.User-to-User"]),
    ({"from": None}, ["from"]),
    ({"from": {"type": "phone"}}, ["from.number"]),
    ({"from": "15550100001\r\nX"}, ["from.number"]),
    ({"from": "31209999999"}, ["from"]),
    ({"random_from_number": True}, ["from"]),
    ({"ncco": None}, ["ncco"]),
    ({"answer_url": ["http://a.test"]}, ["ncco"]),
    ({"ncco": [{"action": "tlak"}]}, ["ncco[0].action"]),
    ({"ncco": None, "answer_url": ["file:///etc/passwd"]}, ["answer_url"]),
    ({"event_url": ["http://a.test", "http://b.test"]}, ["event_url"]),
    ({"event_method": "PUT"}, ["event_method"]),
    ({"length_timer": 86401, "ringing_timer": "0"}, ["length_timer", "ringing_timer"]),
    ({"length_timer": 10**400}, ["length_timer"]),
    ({"machine_detection": "perhaps"}, ["machine_detection"]),
    ({"machine_detection": True}, ["machine_detection"]),
]


@pytest.mark.parametrize(("changes", "fields"), REFUSED)
def test_refused_bodies_name_the_field(http: Any, changes: dict[str, Any], fields: list[str]) -> None:
    answer = http("POST", "/v1/calls", {**CALL, **changes})
    assert answer.status == 400, answer.body
    assert answer.wrong == fields
    assert answer.json["type"] == 400
    assert answer.json["title"] == "Bad Request"
    assert answer.json["detail"]
    assert all(each["reason"] for each in answer.json["invalid_parameters"])


def test_a_platform_that_shuts_down_is_busy(http: Any) -> None:
    http.world.service.calls.exchange.closing = True
    try:
        answer = http("POST", "/v1/calls", CALL)
    finally:
        http.world.service.calls.exchange.closing = False
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.json["type"] == "SERVICE_UNAVAILABLE"


def test_the_list_pages_with_absolute_links_until_next_is_missing(client_of: Any) -> None:
    with World(seed=5) as world:
        http = client_of(world)
        made = [http("POST", "/v1/calls", CALL).json["uuid"] for _ in range(5)]
        world.wait(0.5)
        found: list[str] = []
        path: str | None = "/v1/calls?page_size=2&order=asc&status="
        while path is not None:
            page = http("GET", path).json
            assert (page["count"], page["page_size"]) == (5, 2)
            found += [call["uuid"] for call in page["_embedded"]["calls"]]
            following = page["_links"].get("next")
            path = None
            if following is not None:
                assert following["href"].startswith("http://platform.test/v1/calls?")
                path = "/v1/calls?" + urlsplit(following["href"]).query
                assert parse_qs(path)["record_index"] == [str(page["record_index"] + 2)]
        assert sorted(found) == sorted(made)
        assert {"self", "first", "last"} <= page["_links"].keys()
        one = http("GET", f"/v1/calls/{made[0]}").json
        assert http("GET", f"/v1/calls?conversation_uuid={one['conversation_uuid']}").json["count"] == 1
        assert http("GET", "/v1/calls?date_start=2025-12-31T00:00:00Z").json["count"] == 5
        assert http("GET", "/v1/calls?date_start=2026-01-01T02:00:00+01:00").json["count"] == 0
        assert http("GET", "/v1/calls?date_end=2025-12-31").json["_embedded"] == {"calls": []}
        assert http("GET", "/v1/calls?status=timeout&whatever=1").json["count"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("page_size=²", "page_size"),
        ("record_index=-1", "record_index"),
        ("record_index=00000000000000000001" + "0" * 20, "record_index"),
        ("order=up", "order"),
        ("status=human", "status"),
        ("date_start=yesterday", "date_start"),
        ("date_end=9999-99-99", "date_end"),
        ("conversation_uuid=%00", "conversation_uuid"),
    ],
)
def test_a_wrong_query_names_the_parameter(http: Any, query: str, field: str) -> None:
    answer = http("GET", f"/v1/calls?{query}")
    assert (answer.status, answer.wrong) == (400, [field])


def test_a_call_that_was_never_answered_keeps_the_reason_as_its_status(client_of: Any) -> None:
    """The last two digits of a number decide what the simulated carrier does."""
    reasons = {"90": "busy", "91": "rejected", "92": "timeout", "94": "failed"}
    with World(seed=5) as world:
        http = client_of(world)
        made = {}
        for digits in reasons:
            to = [{"type": "phone", "number": f"312012345{digits}"}]
            body = {**CALL, "to": to, "ringing_timer": 10}
            made[digits] = http("POST", "/v1/calls", body).json["uuid"]
        hung = http("POST", "/v1/calls", {**CALL, "to": [{"type": "phone", "number": "31201234592"}]}).json
        world.wait(5)
        assert http("PUT", f"/v1/calls/{hung['uuid']}", {"action": "hangup"}).status == 204
        world.wait(30)
        shown = {digits: http("GET", f"/v1/calls/{uuid}").json for digits, uuid in made.items()}
        assert {digits: call["status"] for digits, call in shown.items()} == reasons
        assert all(call["end_time"] and call["duration"] == "0" for call in shown.values())
        assert http("GET", f"/v1/calls/{hung['uuid']}").json["status"] == "cancelled"
        for digits, status in [*reasons.items(), ("", "cancelled")]:
            page = http("GET", f"/v1/calls?status={status}").json
            uuids = [call["uuid"] for call in page["_embedded"]["calls"]]
            assert uuids == [made.get(digits, hung["uuid"])], status
            assert page["count"] == 1
        assert http("GET", "/v1/calls?status=completed").json["count"] == 0


def test_links_of_pages_beyond_the_end_lead_back() -> None:
    links = offset_links("b", {}, total=5, page_size=2, record_index=100)
    assert "next" not in links
    assert links["prev"]["href"].endswith("record_index=4")
    assert page_links("b", page=9, page_size=10, pages=2)["prev"]["href"] == "b?page_size=10&page=2"
    assert offset_links("b", {}, total=0, page_size=2, record_index=0).keys() == {"self", "first", "last"}
