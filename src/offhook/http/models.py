"""Checking decoded bodies against models, and naming every wrong member as the client spelled it."""

from typing import Annotated, Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from offhook.core.errors import Invalid
from offhook.http.body import read_json
from offhook.http.errors import InvalidFields
from offhook.ncco.addresses import http_url
from offhook.ncco.findings import Findings

M = TypeVar("M", bound=BaseModel)
NAMED = "offhook"
MAX_URL = 2048
MAX_SHOWN = 20
"""Wrong fields that one answer names."""
SAID = {
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be below {lt}",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a smaller whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text",
    "string_pattern_mismatch": "must match {pattern}",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
}
"""What a check of the model library finds, in the words of the other reasons."""


KINDS: dict[type, str] = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}
"""What a body can be instead of an object, in the words of JSON."""


class Body(BaseModel):
    """A JSON object that a client sends: unknown members are ignored, null ones count as absent."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _present(cls, value: Any) -> Any:
        return without_nulls(value)


async def read_model(request: Request, model: type[M], limit: int) -> M:
    """The request's body, checked against `model`. Raises Invalid, InvalidFields, TooLarge."""
    return check(model, await read_json(request, limit))


def check(model: type[M], value: Any) -> M:
    """`value` as a `model`. Raises `InvalidFields` that names every wrong member."""
    if not isinstance(value, dict):
        raise Invalid("body", f"must be a JSON object, not {KINDS.get(type(value), 'a number')}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[:MAX_SHOWN]
        raise InvalidFields([(_name(item), _reason(item)) for item in found]) from None


def refuse(name: str, reason: str) -> NoReturn:
    """Inside a validator: `name`, below the place of the validator, is wrong."""
    raise PydanticCustomError(NAMED, "{reason}", {"name": name, "reason": reason})


def without_nulls(value: Any) -> Any:
    """A null member counts as absent: several client libraries write every option they know."""
    if isinstance(value, dict):
        return {name: member for name, member in value.items() if member is not None}
    return value


def url(value: Any) -> str:
    """An absolute http or https URL. Raises ValueError."""
    findings = Findings(warnings=False)
    found = http_url(findings, "", value, MAX_URL)
    if found is None:
        error = findings.first_error
        raise ValueError(error.message if error else "must be a URL")
    return found


def one_url(value: Any) -> str:
    """An array of one URL, or the bare URL that some clients send. Raises ValueError."""
    if isinstance(value, list):
        if len(value) != 1:
            raise ValueError("must be an array with exactly one URL in it")
        value = value[0]
    return url(value)


def one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must be one line of printable characters")
    return value


def upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _no_flag(value: Any) -> Any:
    """To Python `True` is the number 1, to clients it is not."""
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")
    return value


Whole = Annotated[int, BeforeValidator(_no_flag)]
Decimal = Annotated[float, BeforeValidator(_no_flag)]
_URL_SCHEMA: dict[str, Any] = {"type": "string", "format": "uri", "pattern": "^https?://"}
_ONE_URL_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "array", "items": _URL_SCHEMA, "minItems": 1, "maxItems": 1}, _URL_SCHEMA]
}
OneUrl = Annotated[str, BeforeValidator(one_url), WithJsonSchema(_ONE_URL_SCHEMA)]
Line = Annotated[str, AfterValidator(one_line)]


def _name(item: Any) -> str:
    """`to[0].number` from a pydantic location."""
    location = list(item["loc"])
    if location[:1] == ["to"] and len(location) > 2:
        del location[2]  # the branch of the union of endpoint types
    if item["type"] == NAMED:
        location.append(item["ctx"]["name"])
    elif item["type"].startswith("union_tag"):
        location.append("type")
    text = ""
    for part in location:
        step = f"[{part}]" if isinstance(part, int) else str(part)
        text += f".{step}" if text and not step.startswith("[") else step
    return text[:200] or "body"


def _reason(item: Any) -> str:
    match item["type"]:
        case "missing":
            return "Is required."
        case "literal_error":
            return f"must be one of: {_options(item['ctx']['expected'])}"
        case "union_tag_invalid":
            return f"must be one of: {_options(item['ctx']['expected_tags'])}"
        case "union_tag_not_found":
            return "Is required."
        case "string_too_short" | "too_short":
            fewest = item["ctx"]["min_length"]
            return "must not be empty" if fewest == 1 else f"must have at least {fewest} {_counted(item)}"
        case "string_too_long" | "too_long":
            return f"must have at most {item['ctx']['max_length']} {_counted(item)}"
        case kind if kind in SAID:
            return SAID[kind].format_map(item.get("ctx") or {})
        case _:
            return str(item["msg"]).removeprefix("Value error, ")


def _counted(item: Any) -> str:
    return "members" if item["ctx"].get("field_type") in ("List", "Tuple", "Dictionary") else "characters"


def _options(expected: str) -> str:
    """An empty text, where it clears something, is nothing that a list of words could show."""
    return ", ".join(each for each in expected.replace("'", "").replace(" or ", ", ").split(", ") if each)
