"""Phone numbers of the installation: each belongs to one account and may be linked to one application.

Those that nobody has yet are in `inventory.py`.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection

from offhook.storage import tables
from offhook.storage.mapping import Condition, Mapped, given
from offhook.storage.records import Number, Page

_numbers = Mapped(tables.numbers, Number, "number")
_column = tables.numbers.c

insert = _numbers.insert
get = _numbers.get
update = _numbers.update
change = _numbers.change
delete = _numbers.delete

STARTS, CONTAINS, ENDS = 0, 1, 2
"""Values of `search_pattern`: where in the number `pattern` must be."""


def list(
    connection: Connection,
    *,
    account_id: str | None = None,
    application_id: str | None = None,
    has_application: bool | None = None,
    country: str | None = None,
    pattern: str | None = None,
    search_pattern: int = STARTS,
    page_size: int = 10,
    record_index: int = 0,
) -> Page:
    """Numbers in numerical order of their text."""
    conditions = given(
        (_column.account_id, account_id),
        (_column.application_id, application_id),
        (_column.country, country),
    )
    if has_application is not None:
        is_linked = _column.application_id.is_not(None)
        conditions.append(is_linked if has_application else ~is_linked)
    if pattern:
        conditions.append(like(_column.msisdn, pattern, search_pattern))
    return _numbers.page(
        connection, *conditions, order=[_column.msisdn], limit=page_size, offset=record_index
    )


def like(msisdn: ColumnElement[Any], pattern: str, where: int) -> Condition:
    """Whether `pattern` is in a number, at the place that `where` says."""
    if where == CONTAINS:
        return msisdn.contains(pattern, autoescape=True)
    if where == ENDS:
        return msisdn.endswith(pattern, autoescape=True)
    return msisdn.startswith(pattern, autoescape=True)
