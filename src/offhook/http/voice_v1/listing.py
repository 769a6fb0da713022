"""The query of `GET /v1/calls`, checked: a wrong value is named, an unknown parameter ignored."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic import Field as ModelField
from starlette.datastructures import QueryParams

from offhook.core.errors import Invalid
from offhook.http.context import as_stored, is_id
from offhook.http.errors import Field, InvalidFields
from offhook.http.paging import MAX_PAGE_SIZE, integer
from offhook.http.voice_v1.shown import STATUSES, Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FILTERS = ("status", "date_start", "date_end", "conversation_uuid", "order")


class ListingQuery(BaseModel):
    """The parameters, as routes declare them."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    status: Status | None = None
    """Calls in this status. One that was never answered has the reason as its status."""
    date_start: datetime | None = None
    """Calls made at this instant or later."""
    date_end: datetime | None = None
    """Calls made before this instant."""
    page_size: int = ModelField(10, ge=1, le=MAX_PAGE_SIZE)
    record_index: int = ModelField(0, ge=0, lt=10**15)
    """How many calls come before the page."""
    order: Literal["asc", "desc"] = "asc"
    """By the time at which calls were made."""
    conversation_uuid: str | None = ModelField(None, pattern="^[0-9A-Za-z_.-]{1,64}$")
    """Calls of this conversation."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list. Instants are UTC microseconds."""

    status: str | None
    date_start: int | None
    date_end: int | None
    conversation: str | None
    page_size: int
    record_index: int
    order: str
    given: dict[str, str]
    """The filters as the client wrote them, for the links of other pages."""


def parse(query: QueryParams) -> Listing:
    """Raises `InvalidFields` naming every parameter that is wrong."""
    wrong: list[Field] = []
    listing = Listing(
        status=_choice(query, "status", STATUSES, wrong),
        date_start=_instant(query, "date_start", wrong),
        date_end=_instant(query, "date_end", wrong),
        conversation=_conversation(query, wrong),
        page_size=_integer(query, "page_size", 10, 1, MAX_PAGE_SIZE, wrong),
        record_index=_integer(query, "record_index", 0, 0, None, wrong),
        order=_choice(query, "order", ("asc", "desc"), wrong) or "asc",
        given={name: query[name] for name in FILTERS if name in query},
    )
    if wrong:
        raise InvalidFields(wrong)
    return listing


def _choice(query: QueryParams, name: str, options: tuple[str, ...], wrong: list[Field]) -> str | None:
    text = query.get(name)
    if not text:
        return None
    if text.lower() not in options:
        wrong.append((name, f"must be one of: {', '.join(options)}"))
    return text.lower()


def _integer(
    query: QueryParams, name: str, default: int, low: int, high: int | None, wrong: list[Field]
) -> int:
    try:
        return integer(query, name, default=default, low=low, high=high)
    except Invalid as error:
        wrong.append((name, error.problem))
        return default


def _conversation(query: QueryParams, wrong: list[Field]) -> str | None:
    text = query.get("conversation_uuid")
    if not text:
        return None
    if not is_id(text):
        wrong.append(("conversation_uuid", "must be the id of a conversation: CON- and a UUID"))
    return as_stored(text)


def _with_plus(text: str) -> str:
    """A + before the zone that was not percent-encoded came as a space."""
    if "T" in text:
        return text.replace(" ", "+")
    day, _, rest = text.partition(" ")
    return f"{day} {rest.replace(' ', '+')}" if rest else day


def _instant(query: QueryParams, name: str, wrong: list[Field]) -> int | None:
    text = query.get(name)
    if not text:
        return None
    try:
        value = datetime.fromisoformat(_with_plus(text.upper()))
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        return (value - EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError):
        wrong.append((name, "must be an ISO 8601 instant such as 2026-01-02T03:04:05Z"))
        return None
