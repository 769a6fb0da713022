"""What routes declare is whole, and holds for what they answer."""

import json
from typing import Any, get_args

import pytest
from fastapi import FastAPI
from pydantic import Field

from offhook.http.declared import FieldRefusal, Refusal, Unauthorised, inline, looks_at, reads
from offhook.http.legs import router as legs
from offhook.http.models import Body
from offhook.http.voice_v1 import router as voice_v1
from offhook.http.voice_v1.shown import STATUSES, Status
from offhook.http.voice_v2 import router as voice_v2
from offhook.testing.world import World

APP = FastAPI()
for each in (voice_v1, voice_v2, legs):
    APP.include_router(each)
DOCUMENT = APP.openapi()
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]
BROKEN: list[tuple[str, str, Any, dict[str, str] | None, Any]] = [
    ("POST", "/v1/calls", {"to": []}, None, FieldRefusal),
    ("GET", "/v1/calls?order=up", None, None, FieldRefusal),
    ("PUT", "/v1/calls/nobody", {"action": "mute"}, None, Refusal),
    ("GET", "/v1/calls", None, {"accept": "text/html"}, Refusal),
    ("PATCH", "/v1/calls", None, None, Refusal),
    ("POST", "/v2/calls", b"{" * 2_000_000, None, Refusal),
    ("POST", "/v2/calls", b"a=b", {"content-type": "text/plain"}, Refusal),
    ("GET", "/v1/calls?a=" + "x" * 9000, None, None, Refusal),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "model"), BROKEN)
def test_refusals_are_as_declared(
    http: Any, method: str, path: str, body: Any, headers: Any, model: Any
) -> None:
    answer = http(method, path, body, headers=headers)
    assert answer.status >= 400
    model.model_validate(answer.json)


def test_a_missing_token_and_a_state_are_as_declared(http: Any) -> None:
    Unauthorised.model_validate(http("GET", "/v1/calls", auth="").json)
    call = {"to": [{"type": "phone", "number": "15550100792"}], "from": World.number, "ncco": []}
    uuid = http("POST", "/v1/calls", call).json["uuid"]
    answer = http("PUT", f"/v1/calls/{uuid}/talk", {"text": "x"})
    assert answer.status == 400
    Refusal.model_validate(answer.json)
    http("PUT", f"/v1/calls/{uuid}", {"action": "hangup"})


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)
def test_an_operation_says_what_it_is_and_what_it_answers(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    responses = operation["responses"]
    good = [status for status in responses if status.startswith("2")]
    assert len(good) == 1
    assert {"401", "403", "405", "406", "408", "414", "429", "431", "500", "503"} <= responses.keys()
    assert "404" in responses
    assert all(each["description"] for each in responses.values())
    if method in ("post", "put"):
        assert {"400", "413", "415"} <= responses.keys()
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["type"] == "object"
        assert "$ref" not in json.dumps(schema)
        undescribed = [
            name
            for name, member in schema["properties"].items()
            if "description" not in member and member.get("title") and name not in PLAIN
        ]
        assert undescribed == []
    else:
        assert "requestBody" not in operation


PLAIN = {
    "answer_method",
    "event_method",
    "event_url",
}
"""Members whose names say it all."""


def test_every_request_is_in_the_document() -> None:
    assert sorted(IDS) == [
        "delete /v0.1/legs/{uuid}",
        "delete /v1/calls/{uuid}/input/dtmf",
        "delete /v1/calls/{uuid}/stream",
        "delete /v1/calls/{uuid}/talk",
        "get /v0.1/legs",
        "get /v1/calls",
        "get /v1/calls/{uuid}",
        "post /v1/calls",
        "post /v2/calls",
        "put /v1/calls/{uuid}",
        "put /v1/calls/{uuid}/dtmf",
        "put /v1/calls/{uuid}/input/dtmf",
        "put /v1/calls/{uuid}/stream",
        "put /v1/calls/{uuid}/talk",
    ]


def test_statuses_are_the_same_as_a_type_and_as_data() -> None:
    assert get_args(Status) == STATUSES


class Inner(Body):
    """What is inside."""

    number: int = 1


class Outer(Body):
    """Refers to the same definition twice."""

    one: Inner
    more: list[Inner] = Field(default_factory=list)
    maybe: int | None = None
    """May be missing."""


def test_definitions_stand_where_they_are_used() -> None:
    schema = inline(Outer.model_json_schema())
    assert "$defs" not in schema
    inner = schema["properties"]["one"]
    assert inner["properties"]["number"]["default"] == 1
    assert schema["properties"]["more"]["items"] == inner
    body = reads(Outer, example={"one": {}})["requestBody"]
    assert body["content"]["application/json"] == {"schema": schema, "example": {"one": {}}}


def test_a_parameter_that_may_be_missing_is_of_its_own_type() -> None:
    parameters = {each["name"]: each for each in looks_at(Outer)["parameters"]}
    assert parameters["maybe"] == {
        "name": "maybe",
        "in": "query",
        "required": False,
        "description": "May be missing.",
        "schema": {"type": "integer"},
    }
