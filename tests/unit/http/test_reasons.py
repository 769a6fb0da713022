"""What is wrong with a member is told in one voice, whatever check found it."""

from typing import Any

import pytest
from tests.unit.http.conftest import BASIC

from offhook.http.errors import InvalidFields
from offhook.http.models import check
from offhook.http.voice_v1.playback import TalkBody

APPLICATIONS = "/v2/applications"
USERS = "/v1/users"


def _webhook(**members: Any) -> dict[str, Any]:
    hook = {"address": "https://app.example/a", **members}
    return {"name": "n", "capabilities": {"voice": {"webhooks": {"answer_url": hook}}}}


def _voice(**members: Any) -> dict[str, Any]:
    return {"name": "n", "capabilities": {"voice": members}}


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        (APPLICATIONS, _webhook(connect_timeout=299), "must be at least 300"),
        (APPLICATIONS, _webhook(socket_timeout=5001), "must be at most 5000"),
        (APPLICATIONS, _webhook(socket_timeout="soon"), "must be a whole number"),
        (APPLICATIONS, _webhook(socket_timeout=[]), "must be a whole number"),
        (APPLICATIONS, _webhook(socket_timeout=1000.5), "must be a whole number"),
        (APPLICATIONS, _webhook(address=1), "must be a text"),
        (APPLICATIONS, _voice(signed_callbacks="perhaps"), "must be true or false"),
        (APPLICATIONS, _voice(signed_callbacks=[]), "must be true or false"),
        (APPLICATIONS, _voice(webhooks=[]), "must be an object"),
        (APPLICATIONS, {"name": ""}, "must not be empty"),
        (APPLICATIONS, {"name": "n" * 256}, "must have at most 255 characters"),
        (USERS, {"channels": {"sip": {}}}, "must be an array"),
        (USERS, {"channels": {"vbc": [{"extension": "1"}] * 51}}, "must have at most 50 members"),
        (USERS, {"channels": {"pstn": [{"number": 10**15}]}}, "must be below 1000000000000000"),
        (USERS, {"channels": {"pstn": ["a"]}}, "must be an object"),
        (USERS, {"channels": {"sms": [{"number": "abc"}]}}, r"must match ^\+?[0-9]{1,15}$"),
        (USERS, {"properties": {"custom_data": []}}, "must be an object"),
        (USERS, {"properties": {"ttl": 2147483649}}, "must be at most 2147483648"),
    ],
)
def test_a_reason_says_what_is_right(http: Any, path: str, body: Any, reason: str) -> None:
    answer = http("POST", path, body)
    assert answer.status == 400
    assert [each["reason"] for each in answer.json["invalid_parameters"]] == [reason]


FLAG = "must be a number, not true or false"


@pytest.mark.parametrize("member", ["length_timer", "ringing_timer"])
def test_true_is_no_number_of_seconds(http: Any, member: str) -> None:
    call = {"to": [{"type": "phone", "number": "31201234567"}], "from": "15550100001", "ncco": []}
    answer = http("POST", "/v1/calls", {**call, member: True})
    assert answer.json["invalid_parameters"] == [{"name": member, "reason": FLAG}]
    detection = {"advanced_machine_detection": {"beep_timeout": True}}
    assert http("POST", "/v1/calls", {**call, **detection}).wrong == [
        "advanced_machine_detection.beep_timeout"
    ]


@pytest.mark.parametrize("member", ["loop", "level", "style"])
def test_true_is_no_manner_of_speaking(member: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        check(TalkBody, {"text": "x", member: False})
    assert caught.value.fields == [(member, FLAG)]


@pytest.mark.parametrize("member", ["conversations_ttl", "leg_persistence_time"])
def test_true_is_no_time_of_keeping(http: Any, member: str) -> None:
    answer = http("POST", APPLICATIONS, _voice(**{member: True}))
    assert [each["reason"] for each in answer.json["invalid_parameters"]] == [FLAG]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "an array"),
        (b"null", "null"),
        (b"1.5", "a number"),
        (b"true", "true or false"),
        (b'"a"', "a text"),
    ],
)
def test_a_body_that_is_no_object_is_told_what_it_is(http: Any, body: bytes, kind: str) -> None:
    answer = http("POST", "/v1/calls", body)
    assert answer.json["invalid_parameters"] == [
        {"name": "body", "reason": f"must be a JSON object, not {kind}"}
    ]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("page_size=x", "must be a whole number"),
        ("page_size=0", "must be at least 1"),
        ("page_size=101", "must be at most 100"),
        ("page_size=" + "9" * 5000, "must be a smaller whole number"),
    ],
)
def test_a_query_as_well(http: Any, query: str, reason: str) -> None:
    answer = http("GET", f"{USERS}?{query}")
    assert [each["reason"] for each in answer.json["invalid_parameters"]] == [reason]


@pytest.mark.parametrize(
    ("parameters", "label"),
    [
        ("country=NLD", "country: must be two letters such as NL"),
        ("country=N1", "country: must be two letters such as NL"),
        ("country=%C3%84%C3%96", "country: must be two letters such as NL"),
        ("country=NL&pattern=abc", "pattern: must be 1 to 15 digits"),
        ("country=NL&pattern=" + "1" * 16, "pattern: must be 1 to 15 digits"),
        ("country=NL&size=101", "size: must be at most 100"),
        ("country=NL&index=x", "index: must be a whole number"),
        ("country=NL&search_pattern=3", "search_pattern: must be one of: 0, 1, 2"),
    ],
)
def test_and_the_label_of_numbers(http: Any, parameters: str, label: str) -> None:
    answer = http("GET", f"/number/search?{parameters}", auth=BASIC)
    assert (answer.status, answer.json) == (420, {"error-code": "420", "error-code-label": label})


def test_a_choice_that_may_be_empty_is_listed_without_it(http: Any) -> None:
    form = b"country=NL&msisdn=31201234567&voiceCallbackType=vxml"
    answer = http("POST", "/number/update", form, auth=BASIC)
    assert answer.json["error-code-label"] == "voiceCallbackType: must be one of: sip, tel, app"
