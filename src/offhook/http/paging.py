"""Queries and HAL links of listings.

Hrefs are absolute, because some clients feed them to a URL parser that refuses relative ones; `next` and
`prev` are left out where no such page exists, because clients stop at a missing `next`.
"""

from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from offhook.core.errors import Invalid

Links = dict[str, dict[str, str]]
MAX_PAGE_SIZE = 100
MAX_PAGE = 1_000_000
MOST_DIGITS = 15
_encode = msgspec.json.Encoder().encode


class PageAnswer(JSONResponse):
    """A page of a listing: the same JSON as ever, written in a tenth of the time."""

    def render(self, content: Any) -> bytes:
        return _encode(content)


class PageQuery(BaseModel):
    """The parameters of a listing by page number, as routes declare them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    page_size: int = Field(10, ge=1, le=MAX_PAGE_SIZE)
    page: int = Field(1, ge=1, le=MAX_PAGE)
    """Which page, from 1."""


class IndexQuery(BaseModel):
    """Those of a listing whose pages are counted from 0."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    page_size: int = Field(10, ge=1, le=MAX_PAGE_SIZE)
    page_index: int = Field(0, ge=0, le=MAX_PAGE)
    """Which page, from 0."""


def integer(query: QueryParams, name: str, *, default: int, low: int, high: int | None = None) -> int:
    """A whole number of the query. Raises Invalid naming the parameter."""
    text = query.get(name)
    if text is None or text == "":
        return default
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else -1
    if value < low or (high is not None and value > high):
        limit = f"must be at least {low}" if high is None else f"must be between {low} and {high}"
        raise Invalid(name, limit)
    return value


def offset_links(base: str, query: dict[str, str], *, total: int, page_size: int, record_index: int) -> Links:
    """Links for the page at `record_index` (in records) of `total` records; `query` holds the filters."""

    def link(index: int) -> dict[str, str]:
        parameters = {**query, "page_size": str(page_size), "record_index": str(index)}
        return {"href": f"{base}?{urlencode(parameters)}"}

    last = max(0, (total - 1) // page_size * page_size)
    links = {"self": link(record_index), "first": link(0), "last": link(last)}
    if record_index + page_size < total:
        links["next"] = link(record_index + page_size)
    if record_index > 0:
        links["prev"] = link(max(0, min(record_index - page_size, last)))
    return links


def page_links(
    base: str, *, page: int, page_size: int, pages: int, name: str = "page", first: int = 1
) -> Links:
    """Links of a listing by page number: the parameter's name, and the number of the first of the `pages`."""
    last = first + pages - 1

    def link(number: int) -> dict[str, str]:
        return {"href": f"{base}?page_size={page_size}&{name}={number}"}

    links = {"self": link(page), "first": link(first), "last": link(last)}
    if page < last:
        links["next"] = link(page + 1)
    if page > first:
        links["prev"] = link(min(page - 1, last))
    return links
