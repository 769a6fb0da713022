"""connect and its endpoints: fields, checks, hunting, fallback, the end of the call (S13, S14, S36)."""

from typing import Any

import pytest
from tests.unit.core.test_passport import identity
from tests.unit.ncco.harness import Leg, action, errors, warnings

from offhook.ncco.actions.connect import Connect
from offhook.ncco.effects import (
    PhoneEndpoint,
    ReportError,
    SipEndpoint,
    StartConnect,
    StopConnect,
)
from offhook.ncco.events import ConnectFinished, LegGone, Transfer
from offhook.ncco.settings import Settings

PHONE = {"type": "phone", "number": "14155550100"}
NOBODY = {"action": "talk", "text": "nobody"}
IDENTITY = identity()


def connect(number: str = "14155550100", **fields: Any) -> dict[str, Any]:
    return {"action": "connect", "endpoint": [{"type": "phone", "number": number}], **fields}


def request(document: dict[str, Any]) -> StartConnect:
    one = action(document)
    assert isinstance(one, Connect)
    return one.request


def endpoint(**fields: Any) -> PhoneEndpoint | SipEndpoint:
    return request({"action": "connect", "endpoint": [fields]}).endpoint


def number(leg: Leg) -> str:
    called = leg.last(StartConnect).endpoint
    assert isinstance(called, PhoneEndpoint)
    return called.number


def test_defaults() -> None:
    assert request(connect()) == StartConnect(
        connect="",
        endpoint=PhoneEndpoint("14155550100"),
        from_number=None,
        random_from=False,
        timeout_s=60,
        limit_s=7200,
        synchronous=False,
        event_url=None,
        event_method=None,
        ringback_url=None,
    )


@pytest.mark.parametrize(
    ("fields", "attribute", "expected"),
    [
        ({"from": "14155550199"}, "from_number", "14155550199"),
        ({"from": 14155550199}, "from_number", "14155550199"),
        ({"from": "+14155550199"}, "from_number", "14155550199"),
        ({"from": "NexmoTest"}, "from_number", "NexmoTest"),
        ({"randomFromNumber": "true"}, "random_from", True),
        ({"timeout": "45"}, "timeout_s", 45),
        ({"timeout": 0}, "timeout_s", 1),
        ({"timeout": 7200}, "timeout_s", 120),
        ({"limit": "30"}, "limit_s", 30),
        ({"limit": 0}, "limit_s", 1),
        ({"limit": 86400}, "limit_s", 7200),
        ({"eventType": "synchronous"}, "synchronous", True),
        ({"eventUrl": ["https://a.example/e"]}, "event_url", "https://a.example/e"),
        ({"eventUrl": ["https://a.example/e"], "eventMethod": "GET"}, "event_method", "GET"),
        ({"ringbackTone": "https://a.example/r.wav"}, "ringback_url", "https://a.example/r.wav"),
        ({"ringbackTone": ["https://a.example/r.wav"]}, "ringback_url", "https://a.example/r.wav"),
        ({"machineDetection": "hangup"}, "machine_detection", "hangup"),
        (
            {"advancedMachineDetection": {}},
            "advanced_machine_detection",
            {"behavior": "continue", "mode": "detect", "beep_timeout": 45},
        ),
        (
            {
                "advanced_machine_detection": {
                    "behavior": "hangup",
                    "mode": "detect_beep",
                    "beep_timeout": "60",
                }
            },
            "advanced_machine_detection",
            {"behavior": "hangup", "mode": "detect_beep", "beep_timeout": 60},
        ),
    ],
)
def test_fields(fields: dict[str, Any], attribute: str, expected: object) -> None:
    assert errors([connect(**fields)]) == []
    assert getattr(request(connect(**fields)), attribute) == expected


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"endpoint": None}, "[0].endpoint", "is missing; give an array with one endpoint"),
        ({"endpoint": PHONE}, "[0].endpoint", "exactly one endpoint in it, not an object"),
        ({"endpoint": []}, "[0].endpoint", "exactly one endpoint in it, not 0 of them"),
        ({"endpoint": [PHONE, PHONE]}, "[0].endpoint", "not 2 of them"),
        ({"endpoint": ["14155550100"]}, "[0].endpoint[0]", "must be an object"),
        ({"from": "1", "randomFromNumber": True}, "[0].from", "cannot stand next to randomFromNumber"),
        ({"from": {}}, "[0].from", "must be a number or a short name"),
        ({"from": "a\r\nb"}, "[0].from", "must be a number or a short name"),
        ({"timeout": "soon"}, "[0].timeout", "must be a whole number from 1 to 120"),
        ({"eventType": "asynchronous"}, "[0].eventType", "must be one of synchronous"),
        ({"machineDetection": "detect"}, "[0].machineDetection", "must be one of continue, hangup"),
        (
            {"advancedMachineDetection": {"mode": "x"}},
            "[0].advancedMachineDetection.mode",
            "must be one of default, detect, detect_beep",
        ),
        (
            {"advancedMachineDetection": {"beepTimeout": 10}},
            "[0].advancedMachineDetection.beepTimeout",
            "from 30 to 120",
        ),
        ({"ringbackTone": 1}, "[0].ringbackTone", "must be an array with one URL"),
    ],
)
def test_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = errors([connect(**fields)])
    assert found == path
    assert words in message


# --- endpoints


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "phone", "number": 14155550100}, PhoneEndpoint("14155550100")),
        ({"type": "phone", "number": "+14155550100"}, PhoneEndpoint("14155550100")),
        (
            {
                "type": "phone",
                "number": "14155550100",
                "dtmfAnswer": "2p02p",
                "onAnswer": {"url": "https://a.example/w", "ringbackTone": "https://a.example/r.mp3"},
                "shaken": IDENTITY,
            },
            PhoneEndpoint(
                "14155550100",
                "2p02p",
                "https://a.example/w",
                "https://a.example/r.mp3",
                IDENTITY,
            ),
        ),
        (
            {
                "type": "phone",
                "number": "14155550100",
                "onAnswer": {"url": ["https://a.example/w"], "ringback": "https://a.example/r"},
            },
            PhoneEndpoint("14155550100", None, "https://a.example/w", "https://a.example/r"),
        ),
        (
            {
                "type": "sip",
                "uri": "sips:bob@pbx.example:5061;transport=tls",
                "headers": {"UserId": "42", "vip": True, "n": 7},
                "standardHeaders": {"User-to-User": "3132;encoding=hex"},
                "onAnswer": {"url": "https://a.example/w", "ringbackTone": ["https://a.example/r"]},
            },
            SipEndpoint(
                "sips:bob@pbx.example:5061;transport=tls",
                headers=(("UserId", "42"), ("vip", "true"), ("n", "7")),
                user_to_user="3132;encoding=hex",
                on_answer_url="https://a.example/w",
                ringback_url="https://a.example/r",
            ),
        ),
        (
            {
                "type": "sip",
                "user": "bob",
                "domain": "my-trunk",
                "standard_headers": {"userToUser": "3132"},
            },
            SipEndpoint(None, "bob", "my-trunk", user_to_user="3132"),
        ),
        ({"type": "sip", "uri": "SIP:pbx.example"}, SipEndpoint("SIP:pbx.example")),
        ({"type": "sip", "uri": "sip:bob@[2001:db8::1]:5060"}, SipEndpoint("sip:bob@[2001:db8::1]:5060")),
    ],
)
def test_endpoint(fields: dict[str, Any], expected: object) -> None:
    assert endpoint(**fields) == expected


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({}, ".type", "is missing; give phone or sip"),
        ({"type": "fax"}, ".type", 'must be phone or sip, not "fax"'),
        ({"type": ["phone"]}, ".type", "not an array"),
        ({"type": "app"}, ".type", "the endpoint type app is not supported by this version"),
        ({"type": "websocket"}, ".type", "the endpoint type websocket is not supported by this version"),
        ({"type": "vbc"}, ".type", "the endpoint type vbc is not supported by this version"),
        ({"type": "phone"}, ".number", "is missing; give the number to call"),
        ({"type": "phone", "number": "123456"}, ".number", "must be 7 to 15 digits"),
        ({"type": "phone", "number": "1" * 16}, ".number", "must be 7 to 15 digits"),
        ({"type": "phone", "number": "0041791234567"}, ".number", "no + or 00"),
        ({"type": "phone", "number": "1-415-555-0100"}, ".number", "must be 7 to 15 digits"),
        ({"type": "phone", "number": "١٢٣٤٥٦٧٨"}, ".number", "must be 7 to 15 digits"),
        ({"type": "phone", "number": True}, ".number", "must be a phone number in quotes"),
        ({**PHONE, "dtmfAnswer": "1,2"}, ".dtmfAnswer", "keys 0 to 9, *, # and p"),
        ({**PHONE, "onAnswer": "https://a.example"}, ".onAnswer", "must be an object"),
        ({**PHONE, "onAnswer": {}}, ".onAnswer.url", "is missing"),
        ({**PHONE, "shaken": "a\nb"}, ".shaken", "must be the content of an Identity header"),
        ({**PHONE, "shaken": ""}, ".shaken", "must be the content of an Identity header"),
        ({**PHONE, "shaken": f"{IDENTITY}\r\nX: y"}, ".shaken", "must be the content of an Identity header"),
        ({**PHONE, "shaken": IDENTITY.replace("ES256", "RS256")}, ".shaken", "has another alg than ES256"),
        ({**PHONE, "shaken": identity(claims={})}, ".shaken", "has a claim attest that is not A, B or C"),
        ({**PHONE, "shaken": IDENTITY * 40}, ".shaken", "must have at most 8192 characters"),
        ({**PHONE, "shaken": 5}, ".shaken", "must be"),
        ({"type": "sip"}, ".uri", "is missing; give a sip: URI, or user and domain"),
        ({"type": "sip", "user": "bob"}, ".uri", "is missing"),
        ({"type": "sip", "uri": "sip:a@b", "user": "bob"}, ".uri", "cannot stand next to user and domain"),
        ({"type": "sip", "uri": "tel:+1415"}, ".uri", "must be a sip: or sips: URI"),
        ({"type": "sip", "uri": "sip:a@b\r\nX: y"}, ".uri", "must be a sip: or sips: URI"),
        ({"type": "sip", "uri": "sip:a@b>,<sip:c@d"}, ".uri", "must be a sip: or sips: URI"),
        ({"type": "sip", "uri": "sip:" + "a" * 510}, ".uri", "of at most 512 characters"),
        ({"type": "sip", "user": "a b", "domain": "c"}, ".user", "before the @"),
        ({"type": "sip", "user": "a", "domain": "c;d"}, ".domain", "name of a domain or trunk"),
        ({"type": "sip", "uri": "sip:a@b", "headers": {"a:b": "c"}}, ".headers", "cannot be a header name"),
        ({"type": "sip", "uri": "sip:a@b", "headers": {"": "c"}}, ".headers", "cannot be a header name"),
        ({"type": "sip", "uri": "sip:a@b", "headers": {"a": "b\r\nc"}}, ".headers.a", "must be one line"),
        ({"type": "sip", "uri": "sip:a@b", "headers": {"a": {}}}, ".headers.a", "must be one line"),
        ({"type": "sip", "uri": "sip:a@b", "headers": {"a": "x" * 513}}, ".headers.a", "at most 512"),
        (
            {"type": "sip", "uri": "sip:a@b", "headers": {f"h{n}": "x" for n in range(33)}},
            ".headers",
            "has 33 headers; at most 32",
        ),
        ({"type": "sip", "uri": "sip:a@b", "headers": ["a:b"]}, ".headers", "must be an object"),
        (
            {"type": "sip", "uri": "sip:a@b", "standardHeaders": {"User-to-User": "x" * 257}},
            ".standardHeaders.User-to-User",
            "1 to 256 characters",
        ),
    ],
)
def test_endpoint_refused(fields: dict[str, Any], path: str, words: str) -> None:
    ((found, message),) = errors([{"action": "connect", "endpoint": [fields]}])
    assert found == f"[0].endpoint[0]{path}"
    assert words in message


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({**PHONE, "number": "+14155550100"}, ".number"),
        ({**PHONE, "dtmfanswer": "1"}, ".dtmfanswer"),
        ({**PHONE, "onAnswer": {"url": "https://a.example", "loop": 1}}, ".onAnswer.loop"),
        ({"type": "sip", "uri": "sip:a@b", "standardHeaders": {"X-Other": "1"}}, ".standardHeaders.X-Other"),
    ],
)
def test_endpoint_doubtful(fields: dict[str, Any], path: str) -> None:
    document = [{"action": "connect", "endpoint": [fields]}]
    assert errors(document) == []
    assert [found for found, _ in warnings(document)] == [f"[0].endpoint[0]{path}"]


# --- behaviour


def finish(leg: Leg, status: str, *, answered: bool = False, ncco: Any = None) -> list[Any]:
    return list(leg.send(ConnectFinished(leg.connect, answered, status, ncco)))


def test_s14_hunts_from_one_to_the_next() -> None:
    leg = Leg([connect("14155550101", timeout=10), connect("14155550102", timeout=10), NOBODY])
    assert number(leg) == "14155550101"
    finish(leg, "busy")
    assert number(leg) == "14155550102"
    assert leg.heard == []
    finish(leg, "timeout")
    assert leg.heard == ["nobody"]
    leg.play_out()
    assert leg.over == "program finished"


def test_s14_when_one_answers_the_others_are_not_dialled() -> None:
    leg = Leg([connect(), connect("14155550102"), NOBODY])
    finish(leg, "answered", answered=True)
    assert len(leg.all(StartConnect)) == 1
    assert leg.over == "connected leg is over"


def test_c18_may_be_set_to_go_on() -> None:
    leg = Leg([connect(), NOBODY], Settings(connect_ends_call=False))
    finish(leg, "answered", answered=True)
    assert leg.heard == ["nobody"]


@pytest.mark.parametrize("status", ["timeout", "failed", "rejected", "unanswered", "busy"])
def test_s13_the_reply_to_a_failure_replaces_the_rest(status: str) -> None:
    leg = Leg([connect(eventType="synchronous", timeout=5), NOBODY])
    finish(leg, status, ncco=[{"action": "talk", "text": "sorry"}, connect("14155550102")])
    assert leg.heard == ["sorry"]
    assert leg.over is None
    leg.play_out()
    assert number(leg) == "14155550102"


@pytest.mark.parametrize("ncco", [None, [], {}, ""])
def test_s13_an_empty_reply_runs_the_next_action(ncco: Any) -> None:
    leg = Leg([connect(eventType="synchronous"), NOBODY])
    finish(leg, "timeout", ncco=ncco)
    assert leg.heard == ["nobody"]
    assert leg.all(ReportError) == []


def test_s13_without_a_next_action_the_call_is_over() -> None:
    leg = Leg([connect(eventType="synchronous")])
    finish(leg, "timeout")
    assert leg.over == "program finished"


def test_a_broken_reply_is_reported_and_the_next_action_runs() -> None:
    leg = Leg([connect(eventType="synchronous"), NOBODY])
    finish(leg, "busy", ncco=[{"action": "tlak"}])
    assert leg.last(ReportError).details["path"] == "[0].action"
    assert leg.heard == ["nobody"]


@pytest.mark.parametrize(("fields", "status"), [({}, "busy"), ({"eventType": "synchronous"}, "cancelled")])
def test_a_reply_counts_only_where_it_may(fields: dict[str, Any], status: str) -> None:
    leg = Leg([connect(**fields), NOBODY])
    finish(leg, status, ncco=[{"action": "talk", "text": "no"}])
    assert leg.heard == ["nobody"]


def test_an_answered_reply_is_ignored() -> None:
    leg = Leg([connect(eventType="synchronous"), NOBODY])
    finish(leg, "answered", answered=True, ncco=[{"action": "talk", "text": "no"}])
    assert leg.over == "connected leg is over"


def test_another_connects_end_is_ignored() -> None:
    leg = Leg([connect(), NOBODY])
    assert leg.send(ConnectFinished("other", False, "busy")) == []


def test_keys_are_dropped_while_it_lasts() -> None:
    leg = Leg([connect(), NOBODY])
    assert leg.press("1#") == []


def test_the_caller_hangs_up() -> None:
    leg = Leg([connect(), NOBODY])
    assert leg.send(LegGone()) == [StopConnect(leg.connect)]
    assert finish(leg, "cancelled") == []
    assert leg.is_finished()


def test_a_transfer_lets_the_connected_leg_go() -> None:
    leg = Leg([connect(), NOBODY])
    effects = leg.send(Transfer(document=[NOBODY]))
    assert effects[0] == StopConnect(leg.connect)
    assert leg.heard == ["nobody"]
