"""Reading request bodies: bounded, tolerant of the Content-Type, exact about what is wrong.

Clients send JSON under all sorts of content types, so the body decides, not the header. What JSON allows but
nothing behind could store or send is refused here: lone surrogates, NUL, NaN and numbers beyond a double
(RFC 8259 §6, §8.2), nesting without end.
"""

import json
import math
import re
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from fastapi import Request

from offhook.core.errors import Invalid
from offhook.core.tasks import outside
from offhook.http.errors import Coded, NotJson, TooLarge

MAX_DEPTH = 64
MAX_FIELDS = 200
"""Of a form."""
ON_THE_LOOP = 1_000_000
"""Larger bodies are decoded in a thread."""
_KEPT = "offhook.body"
"""Where the scope of a request keeps its body: credentials may be in it, and the route reads it again."""
_SUSPECT = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)", re.ASCII)


async def read(request: Request, limit: int) -> bytes:
    """The raw body, however often it is asked for. Raises `TooLarge` as soon as it exceeds `limit` bytes,
    `Coded` for one that is compressed.
    """
    kept = request.scope.get(_KEPT)
    if kept is None:
        kept = await _received(request, limit)
        if "content-encoding" in request.headers:
            _check_coding(request.headers["content-encoding"], kept)
        request.scope[_KEPT] = kept
    assert isinstance(kept, bytes)
    return kept


async def _received(request: Request, limit: int) -> bytes:
    declared = request.headers.get("content-length", "0").strip()
    if declared.isascii() and declared.isdigit() and (len(declared) > 15 or int(declared) > limit):
        raise TooLarge(f"The body is larger than the limit of {limit} bytes.")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(f"The body is larger than the limit of {limit} bytes.")
        parts.append(part)
    return b"".join(parts)


def _check_coding(coding: str, data: bytes) -> None:
    """A body that is text is taken whatever it says of itself: some clients write `utf-8` here."""
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Coded(f"The body is compressed (Content-Encoding: {coding[:40]}); send it as it is.") from None


async def read_fields(request: Request, limit: int) -> dict[str, str]:
    """The members of a body that is a form or a JSON object, whatever its Content-Type says, as text.

    Whole numbers of JSON count as text, other values as if they were not there. Of a name that comes twice
    the last value counts. What is neither has no members. Raises `TooLarge`.
    """
    data = await read(request, limit)
    if data.lstrip()[:1] == b"{":
        try:
            value = await outside(decode, data) if len(data) > ON_THE_LOOP else decode(data)
        except Invalid:
            return {}
        plain = {name: each for name, each in value.items() if isinstance(each, (str, int))}
        return {name: str(each) for name, each in plain.items() if not isinstance(each, bool)}
    try:
        pairs = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)


async def read_json(request: Request, limit: int) -> Any:
    """The body as a JSON value; an empty body is `{}`. Raises Invalid, `NotJson` where the Content-Type says
    that it was never meant to be any.
    """
    data = await read(request, limit)
    if not data.strip():
        return {}
    try:
        if len(data) > ON_THE_LOOP:
            return await outside(decode, data)
        return decode(data)
    except Invalid as error:
        if error.field == "body" and _says_otherwise(request):
            raise NotJson("Send the body as application/json.") from None
        raise


def _says_otherwise(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bool(kind) and not kind.endswith(("/json", "+json"))


def decode(data: bytes) -> Any:
    """A JSON text in UTF-8 as a value that can be stored and sent on. Raises Invalid."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("body", "is not UTF-8; send JSON in UTF-8") from None
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Invalid("body", f"is not valid JSON: {str(error)[:120]}") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(value)
    if _SUSPECT.search(text) is not None:
        _check_strings(value)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is too large")
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, (dict, list))]
        if not level:
            return
    raise Invalid("body", f"is nested more than {MAX_DEPTH} levels deep")


def _members(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _check_strings(value: Any) -> None:
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, str):
            _check_string(path, each)
        elif isinstance(each, list):
            waiting.extend((f"{path}[{index}]", inner) for index, inner in enumerate(each))
        elif isinstance(each, dict):
            for name, inner in each.items():
                _check_string(path, name)
                waiting.append((f"{path}.{name}" if path else name, inner))


def _check_string(path: str, text: str) -> None:
    if "\x00" in text:
        raise Invalid(path or "body", "holds a NUL character; leave it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid(path or "body", "holds half of a surrogate pair; send whole characters") from None
