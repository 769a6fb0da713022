"""POST /v1/calls, member by member: what reaches the calls domain, and what is refused."""

from typing import Any

import pytest

from offhook.calls.orders import CreateCall
from offhook.calls.registry import Calls
from offhook.http.voice_v1.shown import Placed
from offhook.ncco.effects import PhoneEndpoint, SipEndpoint
from offhook.testing.world import World

OWN = World.number
TO = [{"type": "phone", "number": "31201234567"}]
NCCO = [{"action": "talk", "text": "hello"}]
CALL: dict[str, Any] = {"to": TO, "from": {"type": "phone", "number": OWN}, "ncco": NCCO}
SIGNED = (
    "eyJhbGciOiJFUzI1NiIsInBwdCI6InNoYWtlbiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9hLnRlc3QvYyJ9."
    "eyJhdHRlc3QiOiJBIiwiZGVzdCI6eyJ0biI6WyIzMTIwMTIzNDU2NyJdfSwiaWF0IjoxNzY3MjI1NjAwLCJvcmlnIjp7InRuIjoi"
    "MTU1NTAxMDAwMDEifSwib3JpZ2lkIjoiYSJ9.c2lnbmVk"
    ';info=<https://a.test/c>;alg=ES256;ppt="shaken"'
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[CreateCall]:
    """What the calls domain was asked for."""
    orders: list[CreateCall] = []
    create = Calls.create

    async def noted(self: Calls, request: CreateCall) -> Any:
        orders.append(request)
        return await create(self, request)

    monkeypatch.setattr(Calls, "create", noted)
    return orders


def to(**members: Any) -> dict[str, Any]:
    return {"to": [{**TO[0], **members}]}


def sip(uri: str = "sip:u@h.localhost", **members: Any) -> dict[str, Any]:
    return {"to": [{"type": "sip", "uri": uri, **members}]}


TAKEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"endpoint": PhoneEndpoint("31201234567"), "from_number": OWN, "ncco": NCCO}),
    ({}, {"length_timer": 7200, "ringing_timer": 60, "answer_method": "GET", "event_method": "POST"}),
    ({}, {"machine_detection": None, "advanced_machine_detection": None, "client_ref": None}),
    (to(number="+31201234567"), {"endpoint": PhoneEndpoint("31201234567")}),
    (to(number=31201234567), {"endpoint": PhoneEndpoint("31201234567")}),
    (to(dtmfAnswer="1p2#*"), {"endpoint": PhoneEndpoint("31201234567", dtmf_answer="1p2#*")}),
    (to(dtmfAnswer=1234), {"endpoint": PhoneEndpoint("31201234567", dtmf_answer="1234")}),
    (to(shaken=SIGNED), {"endpoint": PhoneEndpoint("31201234567", shaken=SIGNED)}),
    (
        {"from": {"type": "phone", "number": OWN, "shaken": SIGNED}},
        {"endpoint": PhoneEndpoint("31201234567", shaken=SIGNED)},
    ),
    (sip(), {"endpoint": SipEndpoint("sip:u@h.localhost")}),
    (sip("u@h.localhost:5070"), {"endpoint": SipEndpoint("u@h.localhost:5070")}),
    (sip("sip:u@h.localhost;transport=tcp"), {"endpoint": SipEndpoint("sip:u@h.localhost;transport=tcp")}),
    (
        sip("sip:" + "u" * 250 + "@h.localhost"),
        {"endpoint": SipEndpoint("sip:" + "u" * 250 + "@h.localhost")},
    ),
    (
        sip(headers={"location": "Berlin", "age": 7, "none": None}),
        {"endpoint": SipEndpoint("sip:u@h.localhost", headers=(("location", "Berlin"), ("age", "7")))},
    ),
    (sip(standard_headers={}), {"endpoint": SipEndpoint("sip:u@h.localhost")}),
    (
        sip(standard_headers={"User-to-User": "56a390f3d2b7310023;encoding=hex"}),
        {"endpoint": SipEndpoint("sip:u@h.localhost", user_to_user="56a390f3d2b7310023;encoding=hex")},
    ),
    (
        sip(standardHeaders={"User-to-User": "x"}),
        {"endpoint": SipEndpoint("sip:u@h.localhost", user_to_user="x")},
    ),
    ({"from": OWN}, {"from_number": OWN}),
    ({"from": int(OWN)}, {"from_number": OWN}),
    ({"from": f"+{OWN}"}, {"from_number": OWN}),
    ({"from": {"number": f"+{OWN}"}}, {"from_number": OWN}),
    ({"from": f"sip:{OWN}@sip.example.com"}, {"from_number": f"sip:{OWN}@sip.example.com"}),
    (
        {"from": {"type": "sip", "uri": f"sip:{OWN}@sip.example.com"}},
        {"from_number": f"sip:{OWN}@sip.example.com"},
    ),
    ({"from": None, "random_from_number": True}, {"from_number": None, "random_from": True}),
    ({"from": None, "random_from_number": "true"}, {"random_from": True}),
    ({"random_from_number": False}, {"from_number": OWN, "random_from": False}),
    (
        {"ncco": None, "answer_url": ["http://a.test/ncco?x=1"]},
        {"ncco": None, "answer_url": "http://a.test/ncco?x=1", "answer_method": "GET"},
    ),
    ({"ncco": None, "answer_url": "http://a.test/ncco"}, {"answer_url": "http://a.test/ncco"}),
    ({"ncco": None, "answer_url": ["http://a.test/"], "answer_method": "POST"}, {"answer_method": "POST"}),
    ({"event_url": ["http://a.test/e"]}, {"event_url": "http://a.test/e", "event_method": "POST"}),
    ({"event_url": "http://a.test/e", "event_method": "get"}, {"event_method": "GET"}),
    ({"length_timer": "1", "ringing_timer": "120"}, {"length_timer": 1, "ringing_timer": 120}),
    ({"length_timer": 86400, "ringing_timer": 1}, {"length_timer": 86400, "ringing_timer": 1}),
    ({"machine_detection": "continue"}, {"machine_detection": "continue"}),
    ({"machine_detection": "HANGUP"}, {"machine_detection": "hangup"}),
    (
        {"advanced_machine_detection": {}},
        {"advanced_machine_detection": {"behavior": "continue", "mode": "detect", "beep_timeout": 45}},
    ),
    (
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "default", "beep_timeout": "30"}},
        {"advanced_machine_detection": {"behavior": "hangup", "mode": "default", "beep_timeout": 30}},
    ),
    (
        {"advanced_machine_detection": {"mode": "detect_beep", "beep_timeout": 120, "x": 1}},
        {"advanced_machine_detection": {"behavior": "continue", "mode": "detect_beep", "beep_timeout": 120}},
    ),
    (
        {"machine_detection": "hangup", "advanced_machine_detection": {"mode": "detect"}},
        {"machine_detection": "hangup"},
    ),
    ({"unknown": {"a": [1]}, "event_url": None}, {"event_url": None}),
]


@pytest.mark.parametrize(("changes", "order"), TAKEN)
def test_members_that_are_taken(
    http: Any, asked: list[CreateCall], changes: dict[str, Any], order: dict[str, Any]
) -> None:
    answer = http("POST", "/v1/calls", {**CALL, **changes})
    assert answer.status == 201, answer.body
    assert answer.headers["content-type"] == "application/json"
    Placed.model_validate(answer.json)
    assert {name: getattr(asked[0], name) for name in order} == order
    assert http("PUT", f"/v1/calls/{answer.json['uuid']}", {"action": "hangup"}).status == 204
    http.world.wait(0.1)


DETECTION = "advanced_machine_detection"
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    (to(number="0" * 16), ["to[0].number"]),
    (to(number=""), ["to[0].number"]),
    (to(number=["31201234567"]), ["to[0].number"]),
    (to(dtmfAnswer=""), ["to[0].dtmfAnswer"]),
    (to(dtmfAnswer="1" * 101), ["to[0].dtmfAnswer"]),
    (to(shaken="eyJ.eyJ.x"), ["to[0].shaken"]),
    (to(shaken=SIGNED.replace("shaken", "div")), ["to[0].shaken"]),
    ({"from": {"number": OWN, "shaken": "x"}}, ["from.shaken"]),
    (sip(""), ["to[0].uri"]),
    (sip("sip:" + "u" * 600 + "@h"), ["to[0].uri"]),
    (sip("sip:u@h;transport=carrier-pigeon"), ["to[0].uri"]),
    (sip(headers="text"), ["to[0].headers"]),
    ({"to": {"type": "phone", "number": "31201234567"}}, ["to"]),
    ({"to": ["31201234567"]}, ["to[0]"]),
    *(({"to": [{"type": kind}]}, ["to[0].type"]) for kind in ("app", "vbc", "websocket")),
    ({"from": "sip:31209999999@sip.example.com"}, ["from"]),
    ({"from": True}, ["from"]),
    ({"from": []}, ["from"]),
    ({"ncco": {"action": "talk"}}, ["ncco"]),
    ({"ncco": None, "answer_url": []}, ["answer_url"]),
    ({"ncco": None, "answer_url": ["http://a.test", "http://b.test"]}, ["answer_url"]),
    ({"ncco": None, "answer_url": ["http://a.test"], "answer_method": "PUT"}, ["answer_method"]),
    ({"event_url": ["ws://a.test"]}, ["event_url"]),
    ({"length_timer": 0}, ["length_timer"]),
    ({"length_timer": "soon"}, ["length_timer"]),
    ({"length_timer": 1.5}, ["length_timer"]),
    ({"ringing_timer": 121}, ["ringing_timer"]),
    ({"machine_detection": "default"}, ["machine_detection"]),
    ({DETECTION: "continue"}, [DETECTION]),
    ({DETECTION: {"behavior": "stop"}}, [f"{DETECTION}.behavior"]),
    ({DETECTION: {"mode": "beep"}}, [f"{DETECTION}.mode"]),
    ({DETECTION: {"beep_timeout": 29}}, [f"{DETECTION}.beep_timeout"]),
    ({DETECTION: {"beep_timeout": 121}}, [f"{DETECTION}.beep_timeout"]),
]


@pytest.mark.parametrize(("changes", "fields"), REFUSED)
def test_members_that_are_refused(
    http: Any, asked: list[CreateCall], changes: dict[str, Any], fields: list[str]
) -> None:
    answer = http("POST", "/v1/calls", {**CALL, **changes})
    assert (answer.status, answer.wrong) == (400, fields), answer.body
    assert answer.json["type"] == 400
    assert answer.json["detail"]
    assert "from" in fields or not asked


def test_an_endpoint_that_is_not_served_is_refused_with_a_sentence(http: Any) -> None:
    answer = http("POST", "/v1/calls", {**CALL, "to": [{"type": "app", "user": "jamie"}]})
    assert answer.json["invalid_parameters"] == [
        {
            "name": "to[0].type",
            "reason": "endpoints of type app are not served by this version; use phone or sip",
        }
    ]


def test_an_application_without_numbers_has_none_to_pick_from(client_of: Any) -> None:
    from offhook.storage import numbers

    with World(seed=2) as world:
        world.database.transact(lambda rows: numbers.change(rows, OWN, application_id=None))
        answer = client_of(world)("POST", "/v1/calls", {**CALL, "from": None, "random_from_number": True})
    assert (answer.status, answer.wrong) == (400, ["random_from_number"])


def invite(world: World) -> Any:
    """The `Dial` command of the only call."""
    (line,) = [each for each in world.journal.lines if each.kind == "sip.command" and "from_uri" in each.data]
    return line.data


@pytest.mark.parametrize("where", ["to", "from"])
def test_a_signature_goes_out_as_the_identity_header(client_of: Any, where: str) -> None:
    with World(seed=2) as world:
        changes = to(shaken=SIGNED) if where == "to" else {"from": {"number": OWN, "shaken": SIGNED}}
        assert client_of(world)("POST", "/v1/calls", {**CALL, **changes}).status == 201
        world.wait(1)
        assert ["Identity", SIGNED] in [list(each) for each in invite(world)["headers"]]


def test_a_sip_uri_as_caller_id_shows_the_number_in_it(client_of: Any) -> None:
    with World(seed=2) as world:
        http = client_of(world)
        made = http("POST", "/v1/calls", {**CALL, "from": f"sip:{OWN}@sip.example.com;transport=tls"}).json
        world.wait(1)
        shown = http("GET", f"/v1/calls/{made['uuid']}").json
        assert shown["from"] == {"type": "phone", "number": OWN}
        assert invite(world)["from_uri"].startswith(f"sip:{OWN}@")


@pytest.mark.parametrize(
    "wish",
    [{"machine_detection": "hangup"}, {DETECTION: {"mode": "detect_beep"}}, {"machine_detection": None}],
)
def test_a_call_goes_on_without_machine_detection_and_says_so(client_of: Any, wish: dict[str, Any]) -> None:
    with World(seed=2) as world:
        phone = world.phone("15550100742")
        body = {**CALL, "to": [{"type": "phone", "number": "15550100742"}], **wish}
        made = client_of(world)("POST", "/v1/calls", body).json
        world.wait(8)
        assert world.heard(phone.calls[0].report) == ["hello"]
        events = world.scenario.events
        said = [event for event in events if "reason" in event]
        assert world.scenario.statuses(made["uuid"]) == ["started", "ringing", "answered", "completed"]
        if wish.get("machine_detection", "some") is None:
            assert said == []
            return
        (error,) = said
        assert "goes on without" in error["reason"]
        assert error["conversation_uuid"] == made["conversation_uuid"]
        assert events.index(error) == 1, "behind started, before anything else"
