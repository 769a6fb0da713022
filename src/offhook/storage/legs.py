"""Legs: what REST calls calls."""

from sqlalchemy import Connection, and_, or_, select

from offhook.storage import leg_pages, tables
from offhook.storage.mapping import Mapped, given
from offhook.storage.parties import mentions
from offhook.storage.records import Leg, Page

_FIXED = ("account_id", "application_id", "direction", "to", "from_", "created_at")
_legs = Mapped(tables.legs, Leg, "call", fixed=_FIXED)
_column = tables.legs.c

insert = _legs.insert
get = _legs.get
update = _legs.update
change = _legs.change


def list(
    connection: Connection,
    *,
    kind: leg_pages.Kind = leg_pages.WHOLE,
    account_id: str | None = None,
    application_id: str | None = None,
    status: str | None = None,
    date_start: int | None = None,
    date_end: int | None = None,
    conversation_id: str | None = None,
    page_size: int = 10,
    record_index: int = 0,
    order: str = "asc",
) -> Page:
    """Legs by the time they were made: `date_start` ≤ `created_at` < `date_end`, UTC microseconds.

    `status` is the one that REST shows. `record_index` counts records, from 0. `order` is `asc` or `desc`.
    Rows are legs, or with `leg_pages.SHOWN` what listings of REST show of them.
    """
    return leg_pages.page(
        connection,
        kind,
        account_id=account_id,
        application_id=application_id,
        status=status,
        date_start=date_start,
        date_end=date_end,
        conversation_id=conversation_id,
        page_size=page_size,
        record_index=record_index,
        order=order,
    )


Place = tuple[int, str]
"""When a leg was made, and its id: where a portion of `after` ended."""


def after(
    connection: Connection,
    place: Place,
    *,
    account_id: str | None = None,
    application_id: str | None = None,
    number: str | None = None,
    date_start: int | None = None,
    date_end: int | None = None,
    limit: int = 1000,
) -> "tuple[Leg, ...]":
    """The next portion of legs in the order of their making, for whoever reads them all.

    With `number`, those that may have to do with it (`parties.py` says whether they do).
    """
    made, leg_id = place
    beyond = or_(_column.created_at > made, and_(_column.created_at == made, _column.leg_id > leg_id))
    where = [_column.created_at >= made, beyond]
    where += given((_column.account_id, account_id), (_column.application_id, application_id))
    if number is not None:
        where.append(mentions(number, _column.to, _column.from_))
    if date_start is not None:
        where.append(_column.created_at >= date_start)
    if date_end is not None:
        where.append(_column.created_at < date_end)
    return tuple(_legs.all(connection, *where, order=[_column.created_at, _column.leg_id], limit=limit))


LAST = ("completed", "rejected")
"""The statuses that nothing follows."""
OPEN = ("started", "ringing", "answered", "busy", "cancelled", "unanswered", "timeout", "failed")
"""The statuses that `completed` follows: a crash may come between a failure and its `completed`."""


def unfinished(connection: Connection) -> "tuple[Leg, ...]":
    """Legs that something must follow for: after a crash, the ones to be ended."""
    return tuple(_legs.all(connection, _column.status.in_(OPEN), order=[_column.created_at]))


def purge(
    connection: Connection, before: int, limit: int = 1000, *, application_id: str | None = None
) -> int:
    """Remove up to `limit` legs that ended before an instant (UTC µs); gives how many."""
    # What ended then was made before; that is what the index knows.
    over = [_column.status.in_(LAST), _column.created_at < before, _column.ended_at < before]
    over += given((_column.application_id, application_id))
    found = select(_column.leg_id).where(*over).limit(limit)
    keys = [row[0] for row in connection.execute(found)]
    connection.execute(tables.legs.delete().where(_column.leg_id.in_(keys)))
    return len(keys)
