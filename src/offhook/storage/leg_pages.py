"""Pages of legs: how many meet some conditions, and the rows of one page, in one snapshot.

Both questions are answered by an index, which costs as much as it has entries to pass over. They are counted
first, so that the way to a page can begin at the end that is nearer to it: the last page costs what the first
one does. `Shown` is what a listing of REST needs of a row, and no more is read for it.
The statements are prepared once for each set of conditions (`prepared.py`).
"""

import json
from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)

from offhook.storage import tables
from offhook.storage.prepared import Prepared
from offhook.storage.records import Json, Leg, Page

_column = tables.legs.c
SHAPES = 64
"""Sets of conditions whose statements are kept."""
_decode = msgspec.json.Decoder().decode


class Shown(NamedTuple):
    """A leg as listings show it; the fields are those of `records.Leg`."""

    leg_id: str
    conversation_id: str
    direction: str
    to: Json
    from_: Json
    status: str
    started_at: int | None
    ended_at: int | None
    rate: int
    price: int
    network: str | None
    cause: str | None

    @property
    def shown_status(self) -> str:
        """As `records.Leg.shown_status`."""
        return self.cause if self.status == "completed" and self.cause else self.status


class Kind(NamedTuple):
    """What a row becomes."""

    columns: tuple[ColumnElement[Any], ...]
    make: Callable[[list[Any]], Any]


def _text(name: str) -> ColumnElement[Any]:
    return type_coerce(_column[name], Text) if name in ("to", "from_") else _column[name]


def _shown(row: list[Any]) -> Shown:
    row[3], row[4] = _endpoint(row[3]), _endpoint(row[4])
    return Shown._make(row)


def _endpoint(text: str) -> Json:
    try:
        return _decode(text)
    except msgspec.MsgspecError:  # what only Python's own JSON knows: half a surrogate pair, a huge number
        return json.loads(text)


SHOWN = Kind(tuple(_text(name) for name in Shown._fields), _shown)
WHOLE = Kind(tuple(_column[field.name] for field in fields(Leg)), lambda row: Leg(*row))

_over = _column.status == literal_column("'completed'")
CONDITIONS: dict[str, ColumnElement[bool]] = {
    "account_id": _column.account_id == bindparam("account_id"),
    "application_id": _column.application_id == bindparam("application_id"),
    "conversation_id": _column.conversation_id == bindparam("conversation_id"),
    "date_start": _column.created_at >= bindparam("date_start"),
    "date_end": _column.created_at < bindparam("date_end"),
    "completed": and_(_over, _column.cause.is_(None)),
    "status": or_(_column.status == bindparam("status"), and_(_over, _column.cause == bindparam("status"))),
}


def page(
    connection: Connection,
    kind: Kind,
    *,
    status: str | None,
    page_size: int,
    record_index: int,
    order: str,
    **equal: Any,
) -> Page:
    """The page that begins `record_index` records after the first; `equal` are values of `CONDITIONS`.

    `status` is the one that REST shows. A condition whose value is None is none.
    """
    given = {name: value for name, value in equal.items() if value is not None}
    names = tuple(given)
    if status is not None:
        names += ("completed" if status == "completed" else "status",)
        given["status"] = status
    total = int(_count(names).rows(connection, given)[0][0])
    size = min(page_size, total - record_index)
    if size <= 0:
        return Page([], total)
    after = total - record_index - size
    backwards = after < record_index
    given["page_size"], given["record_index"] = size, after if backwards else record_index
    rows = _rows(kind, names, descending=(order == "desc") != backwards).rows(connection, given)
    if backwards:
        rows.reverse()
    return Page([kind.make(row) for row in rows], total)


@lru_cache(SHAPES)
def _count(names: tuple[str, ...]) -> Prepared:
    return Prepared(
        select(func.count()).select_from(tables.legs).where(*(CONDITIONS[name] for name in names))
    )


@lru_cache(2 * SHAPES)
def _rows(kind: Kind, names: tuple[str, ...], *, descending: bool) -> Prepared:
    """The rows of one page. What stands before it is passed over by key: an index has those in order."""
    order = [each.desc() if descending else each for each in (_column.created_at, _column.leg_id)]
    size, index = (bindparam(name, type_=Integer) for name in ("page_size", "record_index"))
    where = (CONDITIONS[name] for name in names)
    keys = select(_column.leg_id).where(*where).order_by(*order).limit(size).offset(index)
    return Prepared(select(*kind.columns).where(_column.leg_id.in_(keys)).order_by(*order))
