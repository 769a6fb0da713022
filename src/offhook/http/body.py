"""Reading request bodies: bounded, tolerant of the Content-Type, exact about what is wrong.

Clients send JSON under all sorts of content types, so the body decides, not the header. Unknown members
are ignored; a wrong one is named with its dotted path.
"""

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from offhook.core.errors import Invalid
from offhook.http.errors import InvalidFields, TooLarge

M = TypeVar("M", bound=BaseModel)


async def read(request: Request, limit: int) -> bytes:
    """The raw body. Raises `TooLarge` as soon as more than `limit` bytes have come."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(f"The body has {declared} bytes; the limit is {limit}.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than the limit of {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


async def read_json(request: Request, limit: int) -> Any:
    """The body as a JSON value; an empty body is `{}`."""
    data = await read(request, limit)
    if not data.strip():
        return {}
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Invalid("body", f"is not valid JSON: {str(error)[:120]}") from None


async def read_model(request: Request, model: type[M], limit: int) -> M:
    """The body checked against `model`."""
    return check(model, await read_json(request, limit))


def check(model: type[M], value: Any) -> M:
    """`value` as a `model`. Raises `InvalidFields` that names every wrong member."""
    if not isinstance(value, dict):
        raise Invalid("body", f"must be a JSON object, not {type(value).__name__}")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InvalidFields([(_path(item["loc"]), _reason(item)) for item in error.errors()]) from None


def _path(location: tuple[int | str, ...]) -> str:
    """`to[0].number` from a pydantic location; names of union branches are left out."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part not in UNION_BRANCHES:
            text += f".{part}" if text else part
    return text or "body"


UNION_BRANCHES = {"phone", "sip"}


def _reason(item: Any) -> str:
    message = str(item["msg"]).removeprefix("Value error, ")
    return "Is required." if item["type"] == "missing" else message
