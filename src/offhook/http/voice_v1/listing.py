"""The query of `GET /v1/calls`, checked: a wrong value is named, an unknown parameter ignored."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import QueryParams

from offhook.http.errors import InvalidFields

STATUSES = (
    "started",
    "ringing",
    "answered",
    "machine",
    "completed",
    "busy",
    "cancelled",
    "failed",
    "rejected",
    "timeout",
    "unanswered",
)
MAX_PAGE = 100
FILTERS = ("status", "date_start", "date_end", "conversation_uuid", "order")


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
    wrong: list[tuple[str, str]] = []
    status = query.get("status") or None
    if status is not None and status not in STATUSES:
        wrong.append(("status", f"must be one of: {', '.join(STATUSES)}"))
    order = query.get("order", "asc").lower()
    if order not in ("asc", "desc"):
        wrong.append(("order", "must be asc or desc"))
    listing = Listing(
        status=status,
        date_start=_instant(query, "date_start", wrong),
        date_end=_instant(query, "date_end", wrong),
        conversation=query.get("conversation_uuid") or None,
        page_size=_integer(query, "page_size", 10, 1, MAX_PAGE, wrong),
        record_index=_integer(query, "record_index", 0, 0, 2**53, wrong),
        order=order if order == "desc" else "asc",
        given={name: query[name] for name in FILTERS if name in query},
    )
    if wrong:
        raise InvalidFields(wrong)
    return listing


def _integer(
    query: QueryParams, name: str, default: int, low: int, high: int, wrong: list[tuple[str, str]]
) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text[:20]) <= high:
        limit = f"must be an integer between {low} and {high}" if high <= MAX_PAGE else f"must be ≥ {low}"
        wrong.append((name, limit))
        return default
    return int(text)


def _instant(query: QueryParams, name: str, wrong: list[tuple[str, str]]) -> int | None:
    text = query.get(name)
    if not text:
        return None
    try:
        value = datetime.fromisoformat(text.replace(" ", "+") if text.count(" ") and "T" in text else text)
    except ValueError:
        wrong.append((name, "must be an ISO 8601 instant such as 2026-01-02T03:04:05Z"))
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return int(value.timestamp() * 1_000_000)
