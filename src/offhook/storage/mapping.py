"""Between records and rows: the part that every repository shares.

A record's fields are its table's columns, in the same order, so a row becomes a record by position. SQL is
SQLAlchemy Core and knows no dialect.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, func, select
from sqlalchemy.exc import IntegrityError

from offhook.core.errors import Conflict, LocalStateError, NotFound
from offhook.storage.prepared import Prepared
from offhook.storage.records import Page


class _Record(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


R = TypeVar("R", bound=_Record)
Condition = ColumnElement[bool]
_ROW = "the_row"
"""The parameter that names the row to change; no column is called this."""
SHAPES = 64
"""Statements kept for each table: by the fields that are asked for, and by those that are set."""


class Mapped(Generic[R]):
    """Reads and writes the records of one table."""

    def __init__(self, table: Table, record: type[R], noun: str, *, fixed: tuple[str, ...] = ()) -> None:
        """`fixed` are fields that never change: `update` leaves them, and the indexes over them, alone."""
        self._table = table
        self._record = record
        self._noun = noun
        self._names = [field.name for field in fields(record)]
        self._read = attrgetter(*self._names)
        self._columns = [table.c[name] for name in self._names]
        self._key = next(iter(table.primary_key.columns))
        self._kept = (self._key.key, *fixed)
        self._select = select(*self._columns)
        this_row = self._key == bindparam(_ROW)
        self._insert = Prepared(table.insert(), tuple(self._names))
        self._delete = Prepared(table.delete().where(this_row))
        self._updates = lru_cache(SHAPES)(lambda names: Prepared(table.update().where(this_row), names))
        self._selects = lru_cache(SHAPES)(self._prepare_select)

    def insert(self, connection: Connection, record: R) -> None:
        """Add a row. Raises Conflict when its id, or another unique value, is taken."""
        try:
            self._insert.change(connection, self._values(record))
        except IntegrityError as error:
            raise Conflict(f"this {self._noun} exists already: {error.orig}") from error

    def insert_all(self, connection: Connection, records: Iterable[R]) -> None:
        """Add rows with one statement. Raises Conflict as `insert` does."""
        rows = [self._values(record) for record in records]
        try:
            if rows:
                connection.execute(self._table.insert(), rows)
        except IntegrityError as error:
            raise Conflict(f"one {self._noun} exists already: {error.orig}") from error

    def get(self, connection: Connection, key: str, **owner: str | None) -> R | None:
        """The record with this id; None when there is none, or not one with these `owner` values."""
        wanted = {name: value for name, value in owner.items() if value is not None}
        found = self.matching(connection, **{self._key.key: key}, **wanted)
        return found[0] if found else None

    def matching(self, connection: Connection, **equal: Any) -> list[R]:
        """The records whose fields have these values, none of them None. For few rows: in no order."""
        rows = self._selects(tuple(equal)).rows(connection, equal)
        return [self._record(*row) for row in rows]

    def update(self, connection: Connection, record: R) -> None:
        """Replace the row that has the record's id. Raises NotFound when there is none."""
        values = self._values(record)
        key = values[self._key.key]
        for name in self._kept:
            del values[name]
        self._change(connection, key, values)

    def change(self, connection: Connection, key: str, **values: Any) -> None:
        """Set some fields of a row. Raises NotFound when there is none."""
        unknown = values.keys() - set(self._names)
        if unknown or self._key.key in values:
            raise LocalStateError(
                f"a {self._noun} has no field to change named {sorted(unknown) or 'its id'}"
            )
        self._change(connection, key, values)

    def save(self, connection: Connection, record: R) -> None:
        """Insert the record, or replace the one with its id."""
        values = self._values(record)
        key = values.pop(self._key.key)
        if not self._updates(tuple(values)).change(connection, {**values, _ROW: key}):
            self.insert(connection, record)

    def delete(self, connection: Connection, key: str) -> bool:
        """Remove a row; False when there was none."""
        return bool(self._delete.change(connection, {_ROW: key}))

    def first(self, connection: Connection, *where: Condition, order: Iterable[Any] = ()) -> R | None:
        """The first record that meets the conditions."""
        found = self.all(connection, *where, order=order, limit=1)
        return found[0] if found else None

    def all(
        self,
        connection: Connection,
        *where: Condition,
        order: Iterable[Any] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[R]:
        """The records that meet the conditions."""
        query: Select[Any] = self._select.where(*where).order_by(*order)
        if limit is not None:
            query = query.limit(limit)
        if offset:
            query = query.offset(offset)
        return [self._record(*row) for row in connection.execute(query)]

    def page(
        self, connection: Connection, *where: Condition, order: Sequence[Any], limit: int, offset: int
    ) -> Page:
        """One page of them and how many there are in all.

        What stands before the page is passed over by key: where an index has the order, no row of it is read.
        """
        keys = select(self._key).where(*where).order_by(*order).limit(limit).offset(offset)
        rows = self.all(connection, self._key.in_(keys), order=order)
        return Page(rows, self.count(connection, *where))

    def count(self, connection: Connection, *where: Condition) -> int:
        """How many rows meet the conditions."""
        return connection.execute(select(func.count()).select_from(self._table).where(*where)).scalar_one()

    def _values(self, record: R) -> dict[str, Any]:
        return dict(zip(self._names, self._read(record), strict=True))

    def _change(self, connection: Connection, key: str, values: dict[str, Any]) -> None:
        try:
            changed = self._updates(tuple(values)).change(connection, {**values, _ROW: key})
        except IntegrityError as error:
            raise Conflict(f"another {self._noun} has this value already: {error.orig}") from error
        if not changed:
            raise NotFound(f"there is no {self._noun} {key}")

    def _prepare_select(self, names: tuple[str, ...]) -> Prepared:
        return Prepared(self._select.where(*(self._table.c[name] == bindparam(name) for name in names)))


def given(*pairs: tuple[Any, Any]) -> list[Condition]:
    """`column == value` for each pair whose value is not None."""
    return [column == value for column, value in pairs if value is not None]


def ordered(order: str, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """The columns to order by: ascending, or every one descending for `desc`."""
    return [column.desc() for column in columns] if order == "desc" else list(columns)
