"""What routes declare about themselves: bodies they read, answers they give, parameters they look at.

Handlers read requests and build answers themselves, because clients send JSON in many spellings and the exact
members of an answer are the interface. These helpers put the same facts into the routes, as models, for the
OpenAPI documents; tests hold the answers to them. Nothing here runs while a request is served.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]
Answers = dict[int | str, Json]
MODEL = "x-model"
MODELS: dict[str, Any] = {}
"""Of answers, by the names that stand in their place until a document is made."""
RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string"}}}
CHALLENGE = {"WWW-Authenticate": {"description": "The scheme to use.", "schema": {"type": "string"}}}


class Shown(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Link(Shown):
    href: str
    """A URL: whole in listings; where one thing is, it may be the path alone."""


class SelfLink(Shown):
    """Where this is found again."""

    self: Link


class PageLinks(SelfLink):
    """Ways to other pages; `next` and `prev` are there where such a page is."""

    first: Link
    last: Link
    next: Link | None = None
    prev: Link | None = None


class WrongField(Shown):
    """One member of the request that cannot be used."""

    name: str = Field(examples=["to[0].number"])
    """The member, as a dotted path in the spelling of the request."""
    reason: str = Field(examples=["Is required."])
    """What is wrong with it, and what is right."""


class Refusal(Shown):
    """Why a request was refused."""

    type: str = Field(examples=["NOT_FOUND"])
    """The status as a word."""
    error_title: str = Field(examples=["Not Found"])
    title: str = Field(examples=["Not Found"])
    detail: str
    """A sentence that says what to do."""
    instance: str
    """Identifies this answer."""


class FieldRefusal(Shown):
    """A request with members that cannot be used."""

    type: int = Field(examples=[400])
    """The status as a number."""
    title: str = Field(examples=["Bad Request"])
    detail: str
    """All reasons in one line."""
    invalid_parameters: list[WrongField]
    instance: str


class Unauthorised(Shown):
    """The request has no token, or one that is not good."""

    type: str = Field(examples=["UNAUTHORIZED"])
    error_title: str = Field(examples=["Unauthorized"])


REASONS: dict[int, str] = {
    400: "A member or parameter cannot be used, or the call is not in a state for this.",
    401: "No token, or one that is not good.",
    403: "The `acl` of the token does not open this path.",
    404: "No such call of this application, or it is over for longer than calls are kept, or it lives in "
    "another region.",
    405: "Another method.",
    406: "The Accept header leaves out JSON.",
    408: "The request came too slowly.",
    413: "The body is too large.",
    414: "Path and query are too long.",
    415: "The body is no JSON, and does not say that it is.",
    429: "Too many requests or calls in a second.",
    431: "The headers are too large.",
    500: "The request could not be served; the server's log says why.",
    503: "The platform is full, shuts down, or waits for a part of it.",
}
EVERYWHERE = (401, 403, 405, 406, 408, 414, 429, 431, 500, 503)
"""What any request may be answered with."""
PATHLESS = (408, 431)
"""Told before the path is known."""
WITH_BODY = (400, 413, 415)


def shows(model: Any) -> Json:
    """The part of an answer's declaration that says that its body is a `model`, which may be a union.

    Not the framework's own `model`: of that it makes a validator for each answer of each route, hundreds in
    all, on the loop and before the first request is served.
    """
    name = repr(model)
    MODELS[name] = model
    return {"content": {"application/json": {"schema": {MODEL: name}}}}


def refused(
    statuses: Iterable[int],
    model_of: Callable[[int], Any],
    told: Mapping[int, str] | None = None,
    headers: Json | None = None,
) -> Answers:
    """Declared errors whose bodies are `model_of(status)`, with what `told` says better than `REASONS` does.

    A request that never becomes whole, or that there is no place for, is refused before anybody knows which
    API it is for: that has the body of the Voice API, and not even the `headers` of every other answer.
    """
    found: Answers = {}
    for status in sorted(set(statuses)):
        model: Any = Refusal if status in PATHLESS else model_of(status)
        if status == 503:
            model |= Refusal
        extra = RETRY if status in (429, 503) else CHALLENGE if status == 401 else {}
        shown = {**({} if status in PATHLESS else headers or {}), **extra}
        found[status] = {
            "description": {**REASONS, **(told or {})}[status],
            **shows(model),
            **({"headers": shown} if shown else {}),
        }
    return found


def refusals(*statuses: int) -> Answers:
    """The declared errors of a route in the family of the Voice API: these, and what any may answer."""
    models: dict[int, Any] = {400: FieldRefusal | Refusal, 401: Unauthorised}
    return refused({*statuses, *EVERYWHERE}, lambda status: models.get(status, Refusal))


def answers(status: int, description: str, model: Any = None) -> Answers:
    """The declared success of a route; without a model its body is empty."""
    return {status: {"description": description, **(shows(model) if model is not None else {})}}


def reads(model: type[BaseModel], *, example: Any = None) -> Json:
    """`openapi_extra` of a route that reads a body of this model."""
    content: Json = {"schema": inline(model.model_json_schema(mode="validation"))}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def looks_at(model: type[BaseModel]) -> Json:
    """`openapi_extra` of a route whose query has these parameters, none of them required."""
    properties = inline(model.model_json_schema(mode="validation"))["properties"]
    return {"parameters": [_parameter(name, schema) for name, schema in properties.items()]}


def _parameter(name: str, schema: Json) -> Json:
    """A member that may be None is a parameter that may be missing."""
    shape = {key: value for key, value in schema.items() if key not in ("title", "description", "default")}
    given = [each for each in shape.pop("anyOf", []) if each != {"type": "null"}]
    shape |= given[0] if given else {}
    if schema.get("default") is not None:
        shape["default"] = schema["default"]
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema.get("description", ""),
        "schema": shape,
    }


def inline(schema: Mapping[str, Any]) -> Json:
    """A JSON Schema without references: the definitions it refers to stand where they are used."""
    definitions = schema.get("$defs", {})

    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(each) for each in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            beside = {key: each for key, each in value.items() if key != "$ref"}
            target = resolved(definitions[value["$ref"].rpartition("/")[2]])
            return {**target, **resolved(beside)}
        # A discriminator names definitions, which are gone; the constant types tell the branches apart.
        return {key: resolved(each) for key, each in value.items() if key not in ("$defs", "discriminator")}

    found = resolved(dict(schema))
    assert isinstance(found, dict)
    return found
