"""How many requests a client may make in an interval, counted in one statement so that none slips through.

An interval is a number of minutes, hours, days, weeks or months. Intervals lie one after the other from
1970-01-01 00:00 UTC on, weeks from a Monday on, so that the end of one is known without the database. There
is one row for each client: the interval it counts in and what is used of it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from sqlalchemy import Connection

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Invalid
from offhook.storage import tables
from offhook.storage.mapping import Mapped

Unit = Literal["minute", "hour", "day", "week", "month"]
UNITS: tuple[str, ...] = get_args(Unit)
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 7 * 86_400}
MONDAY = 4 * 86_400 * US_PER_SECOND
"""1970-01-05, the first Monday."""
MAX_INTERVAL = 1_000
MAX_LIMIT = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """`limit` requests in every `interval` times `unit`."""

    interval: int = 1
    unit: str = "day"
    limit: int = 100_000

    def __post_init__(self) -> None:
        if not 1 <= self.interval <= MAX_INTERVAL:
            raise Invalid("interval", f"must be between 1 and {MAX_INTERVAL}")
        if self.unit not in UNITS:
            raise Invalid("unit", f"must be one of: {', '.join(UNITS)}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise Invalid("limit", f"must be between 1 and {MAX_LIMIT}")


@dataclass(frozen=True, slots=True)
class Quota:
    """What a client has used of its rule."""

    rule: Rule
    used: int
    resets_at: int
    """When the next interval begins."""


@dataclass(frozen=True, slots=True)
class _Row:
    client_id: str
    account_id: str
    starts_at: int
    used: int


_rows = Mapped(tables.client_quotas, _Row, "quota")
_table = tables.client_quotas
_column = tables.client_quotas.c


def window(rule: Rule, wall: int) -> tuple[int, int]:
    """The interval that holds an instant: its first and the next one's first microsecond, UTC."""
    if rule.unit == "month":
        return _months(rule.interval, wall)
    length = rule.interval * SECONDS[rule.unit] * US_PER_SECOND
    begin = MONDAY if rule.unit == "week" else 0
    start = begin + (wall - begin) // length * length
    return start, start + length


def _months(interval: int, wall: int) -> tuple[int, int]:
    now = datetime.fromtimestamp(wall // US_PER_SECOND, UTC)
    first = ((now.year - 1970) * 12 + now.month - 1) // interval * interval
    return _first_of(first), _first_of(first + interval)


def _first_of(month: int) -> int:
    """The instant at which a month begins, counted from January 1970."""
    return int(datetime(1970 + month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()) * US_PER_SECOND


def add(connection: Connection, client_id: str, account_id: str) -> None:
    """A client that has used nothing yet. Its first request begins the interval."""
    _rows.insert(connection, _Row(client_id, account_id, 0, 0))


def take(connection: Connection, client_id: str, rule: Rule, wall: int) -> tuple[bool, Quota]:
    """Count one request: whether there was one left, and what is used now.

    Each update says in one statement what it changes and when, so that nodes over one database cannot both
    take the last request. A row ahead of `wall` is of a node whose clock is, and counts. The first update is
    tried again, because another node may begin the interval between the two.
    """
    start, end = window(rule, wall)
    mine = _column.client_id == client_id
    current = mine & (_column.starts_at >= start) & (_column.used < rule.limit)
    more = _table.update().where(current).values(used=_column.used + 1)
    fresh = _table.update().where(mine, _column.starts_at < start).values(starts_at=start, used=1)
    granted = any(connection.execute(update).rowcount == 1 for update in (more, fresh, more))
    return granted, Quota(rule, _used(connection, client_id, start), end)


def read(connection: Connection, client_id: str, rule: Rule, wall: int) -> Quota:
    """What is used, without counting."""
    start, end = window(rule, wall)
    return Quota(rule, _used(connection, client_id, start), end)


def reset(connection: Connection, client_id: str) -> None:
    """Give everything back, for another rule or by the operator's favour."""
    _rows.change(connection, client_id, starts_at=0, used=0)


def delete(connection: Connection, client_id: str) -> None:
    _rows.delete(connection, client_id)


def _used(connection: Connection, client_id: str, start: int) -> int:
    found = _rows.get(connection, client_id)
    return found.used if found is not None and found.starts_at >= start else 0
