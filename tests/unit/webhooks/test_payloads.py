"""Every webhook body, byte for byte: key order, types and the irregularities Q1–Q12."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from offhook.storage.records import Leg, Recording
from offhook.webhooks import payloads
from offhook.webhooks.encode import compact

MakeLeg = Callable[..., Leg]


def wall(text: str) -> int:
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)


T = wall("2026-01-02T03:04:05.678Z")
STAMP = '"timestamp":"2026-01-02T03:04:05.678Z"'
WHO = '"from":"14155550100","to":"14155550199","uuid":"U1","conversation_uuid":"CON-1"'


@pytest.mark.parametrize("status", ["started", "ringing", "cancelled", "timeout"])
def test_plain_statuses(leg: MakeLeg, status: str) -> None:
    body = payloads.status(leg(status=status, sip_code=487, detail="x"), T)
    assert compact(body) == f'{{"headers":{{}},{WHO},"status":"{status}","direction":"inbound",{STAMP}}}'


def test_answered_has_nulls(leg: MakeLeg) -> None:
    assert compact(payloads.status(leg(status="answered"), T)) == (
        f'{{"start_time":null,"headers":{{}},"rate":null,{WHO},"status":"answered","direction":"inbound",'
        f'"network":null,{STAMP}}}'
    )


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        (
            {"status": "unanswered", "detail": "unavailable", "sip_code": 480},
            '"detail":"unavailable","sip_code":480,',
        ),
        (
            {"status": "rejected", "detail": "declined", "sip_code": 603},
            '"detail":"declined","sip_code":603,',
        ),
        ({"status": "failed", "detail": "cannot_route"}, '"detail":"cannot_route",'),
        ({"status": "busy", "detail": "never shown", "sip_code": 486}, '"sip_code":486,'),
    ],
)
def test_failures_say_why(leg: MakeLeg, values: dict[str, Any], cause: str) -> None:
    body = payloads.status(leg(direction="outbound", **values), T)
    assert compact(body) == (
        f'{{"headers":{{}},{WHO},"status":"{values["status"]}",{cause}"direction":"outbound",{STAMP}}}'
    )


def test_completed_is_all_strings(leg: MakeLeg) -> None:
    over = leg(
        status="completed",
        started_at=wall("2020-07-01T20:45:35.900Z"),
        ended_at=wall("2020-07-01T20:45:42.100Z"),
        rate=450_000,
        price=52_500,
        network="US-VIRTUAL-LEVEL3",
        disconnected_by="user",
        sip_code=200,
    )
    assert compact(payloads.status(over, wall("2020-07-01T20:45:41.712Z"))) == (
        '{"headers":{},"end_time":"2020-07-01T20:45:42.000Z","uuid":"U1","network":"US-VIRTUAL-LEVEL3",'
        '"duration":"7","start_time":"2020-07-01T20:45:35.000Z","rate":"0.00450000","price":"0.00052500",'
        '"from":"14155550100","to":"14155550199","conversation_uuid":"CON-1","status":"completed",'
        '"disconnected_by":"user","sip_code":200,"direction":"inbound","timestamp":"2020-07-01T20:45:41.712Z"}'
    )


def test_completed_without_an_answer(leg: MakeLeg) -> None:
    body = payloads.status(leg(status="completed", ended_at=T), T)
    assert body["duration"] == "0"
    assert body["start_time"] is None
    assert body["price"] == "0.00000000"
    assert body["network"] == "US-FIXED"
    assert "sip_code" not in body


def test_machine_says_call_uuid_q1(leg: MakeLeg) -> None:
    body = payloads.status(leg(), T, status="machine", sub_state="beep_start")
    assert compact(body) == (
        '{"call_uuid":"U1","from":"14155550100","to":"14155550199","status":"machine",'
        f'"sub_state":"beep_start","conversation_uuid":"CON-1",{STAMP}}}'
    )
    assert "sub_state" not in payloads.status(leg(), T, status="human")


def test_disconnected_has_its_headers_last(leg: MakeLeg) -> None:
    there = leg(direction="outbound", to={"type": "websocket", "uri": "wss://bot.example/s"}, leg_id="U3")
    body = payloads.status(there, T, status="disconnected", headers={"caller-id": "14155550100"})
    assert compact(body) == (
        '{"from":"14155550100","to":"wss://bot.example/s","uuid":"U3","conversation_uuid":"CON-1",'
        f'"status":"disconnected","direction":"outbound",{STAMP},"headers":{{"caller-id":"14155550100"}}}}'
    )


def recording(**values: Any) -> Recording:
    base: dict[str, Any] = {
        "recording_id": "R1",
        "file_id": "F1",
        "account_id": "acc",
        "application_id": "app",
        "conversation_id": "CON-1",
        "leg_id": "U1",
        "status": "ready",
        "format": "mp3",
        "channels": 1,
        "started_at": wall("2026-01-02T03:04:10.999Z"),
        "ended_at": wall("2026-01-02T03:04:15.001Z"),
        "size": 18990,
    }
    return Recording(**{**base, **values})


def test_record_q3_q4_q5() -> None:
    body = payloads.record(recording(), "https://api.example.net/v1/files/F1", T)
    assert compact(body) == (
        '{"start_time":"2026-01-02T03:04:10Z","recording_url":"https://api.example.net/v1/files/F1",'
        '"size":18990,"recording_uuid":"R1","end_time":"2026-01-02T03:04:15Z","conversation_uuid":"CON-1",'
        f"{STAMP}}}"
    )


def test_input_both_forms_q7(leg: MakeLeg) -> None:
    new = {"speech": {"error": "Speech was not enabled"}, "dtmf": {"digits": "2", "timed_out": True}}
    assert compact(payloads.input_result(leg(), new, T)) == (
        '{"speech":{"error":"Speech was not enabled"},"dtmf":{"digits":"2","timed_out":true},'
        f"{WHO},{STAMP}}}"
    )
    old = {"dtmf": "1234", "timed_out": True}
    assert (
        compact(payloads.input_result(leg(), old, T)) == f'{{"dtmf":"1234","timed_out":true,{WHO},{STAMP}}}'
    )


def test_transfer_q2() -> None:
    assert compact(payloads.transfer("U1", "CON-1", "CON-2", T)) == (
        '{"conversation_uuid_from":"CON-1","type":"transfer","uuid":"U1","conversation_uuid_to":"CON-2",'
        f"{STAMP}}}"
    )


def test_notify_and_error_have_no_leg_q3() -> None:
    assert compact(payloads.notify({"step": "greeted"}, "CON-1", T)) == (
        f'{{"payload":{{"step":"greeted"}},"conversation_uuid":"CON-1",{STAMP}}}'
    )
    body = payloads.error("Syntax error in NCCO.", "CON-1", T, {"status": "x", "path": "[0]", "reason": "y"})
    assert compact(body) == (
        f'{{"reason":"Syntax error in NCCO.","conversation_uuid":"CON-1",{STAMP},"path":"[0]"}}'
    )


def test_no_status_key_where_parsers_would_take_it_for_an_event(leg: MakeLeg) -> None:
    for body in (
        payloads.record(recording(), "u", T),
        payloads.transfer("U1", "a", "b", T),
        payloads.input_result(leg(), {"dtmf": "1"}, T),
        payloads.notify({}, "CON-1", T),
        payloads.error("x", "CON-1", T),
    ):
        assert "status" not in body


def test_answer_has_exactly_four_keys_unless_asked(leg: MakeLeg) -> None:
    assert compact(payloads.answer(leg())) == (
        '{"to":"14155550199","from":"14155550100","conversation_uuid":"CON-1","uuid":"U1"}'
    )
    more = payloads.answer(leg(), extra=True, region_url="https://r.example", custom_data={"k": "v"})
    assert list(more) == [
        "to", "from", "conversation_uuid", "uuid", "endpoint_type", "region_url", "custom_data",
    ]  # fmt: skip
    assert more["endpoint_type"] == "phone"


def test_an_app_user_is_from_user_q8(leg: MakeLeg) -> None:
    body = payloads.answer(leg(from_={"type": "app", "user": "jamie"}))
    assert list(body) == ["to", "from_user", "conversation_uuid", "uuid"]
    assert body["from_user"] == "jamie"


def test_sip_headers_s35_q9(leg: MakeLeg) -> None:
    headers = [
        ("X-UserId", "1938ND9"),
        ("X-NexmoFoo", "inside"),
        ("x-vonage-bar", "inside"),
        ("user-to-user", "abc;encoding=hex"),
        ("Subject", "not ours"),
        ("X-Many", "1"),
        ("x-many", "2"),
        ("X-Bytes", "\udcff"),
    ]
    body = payloads.answer(leg(), sip_headers=headers)
    assert {k: v for k, v in body.items() if k.startswith("SipHeader")} == {
        "SipHeader_X-UserId": "1938ND9",
        "SipHeader_User-to-User": "abc;encoding=hex",
        "SipHeader_X-Many": "1, 2",
        "SipHeader_X-Bytes": "\ufffd",
    }


def test_fallback_q11(leg: MakeLeg) -> None:
    body = payloads.fallback(
        payloads.answer(leg()), reason="Connection closed.", url="https://a/", kind="answer"
    )
    assert list(body)[-2:] == ["reason", "original_request"]
    assert json.loads(compact(body))["original_request"] == {"url": "https://a/", "type": "answer"}


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        ({"type": "phone", "number": "31"}, "31"),
        ({"type": "sip", "uri": "sip:a@b"}, "sip:a@b"),
        ({"type": "vbc", "extension": "12"}, "12"),
        ({"type": "app", "user": "jo"}, "jo"),
        ({"number": "7"}, "7"),
        ({}, ""),
    ],
)
def test_parties(endpoint: dict[str, str], shown: str) -> None:
    assert payloads.party(endpoint) == shown


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00000000"), (1, "0.00000001"), (123_456_789_012, "1234.56789012"), (-50, "-0.00000050")],
)
def test_money(amount: int, text: str) -> None:
    assert payloads.money(amount) == text


def test_network_labels(leg: MakeLeg) -> None:
    nl = {"type": "phone", "number": "31201234567"}
    assert payloads.network_label(leg(from_=nl)) == "NL-FIXED"
    assert payloads.network_label(leg(direction="outbound", to=nl)) == "NL-FIXED"
    assert payloads.network_label(leg(from_={"type": "sip", "uri": "sip:x@y"})) == "UNKNOWN"
