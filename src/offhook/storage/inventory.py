"""Numbers that accounts may buy: filled by the operator, emptied by `buy`, filled again by `cancel`.

A number is either here or in `numbers`, never in both: moving it is one transaction that begins with the
removal, so that of two buyers one finds nothing left to remove.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, String, select, type_coerce

from offhook.core.errors import Conflict, NotFound
from offhook.storage import numbers, tables
from offhook.storage.mapping import Mapped, given
from offhook.storage.numbers import STARTS, like
from offhook.storage.records import AvailableNumber, Number, Page

_available = Mapped(tables.available_numbers, AvailableNumber, "number of the inventory")
_column = tables.available_numbers.c
PORTION = 500
"""Numbers that one statement adds."""
HERE = "is in the inventory already"

get = _available.get
update = _available.update
delete = _available.delete


def insert(connection: Connection, number: AvailableNumber) -> None:
    """Add a number. Raises Conflict when it is there already, or belongs to an account."""
    insert_all(connection, [number])


def insert_all(
    connection: Connection, offered: Sequence[AvailableNumber], *, skip_existing: bool = False
) -> int:
    """Add numbers; gives how many. One that is here or with an account raises Conflict, or is left out.

    Hundreds to a statement: nobody else can write meanwhile.
    """
    added = 0
    for start in range(0, len(offered), PORTION):
        portion = offered[start : start + PORTION]
        taken = _taken(connection, [each.msisdn for each in portion])
        new: dict[str, AvailableNumber] = {}
        for each in portion:
            problem = taken.get(each.msisdn) or (HERE if each.msisdn in new else None)
            if problem is None:
                new[each.msisdn] = each
            elif not skip_existing:
                raise Conflict(f"{each.msisdn} {problem}")
        _available.insert_all(connection, new.values())
        added += len(new)
    return added


def _taken(connection: Connection, msisdns: Sequence[str]) -> dict[str, str]:
    """Those that cannot be added, and why."""
    found = {}
    for column, reason in (
        (_column.msisdn, HERE),
        (tables.numbers.c.msisdn, "belongs to an account already"),
    ):
        for row in connection.execute(select(column).where(column.in_(msisdns))):
            found[row[0]] = reason
    return found


def list(
    connection: Connection,
    *,
    account_id: str | None = None,
    country: str | None = None,
    kind: str | None = None,
    features: Iterable[str] = (),
    pattern: str | None = None,
    search_pattern: int = STARTS,
    page_size: int = 10,
    record_index: int = 0,
) -> Page:
    """Numbers in numerical order of their text: those `account_id` may buy, or all without one.

    A number is listed when it has every one of `features`.
    """
    conditions = given((_column.country, country), (_column.kind, kind))
    if account_id is not None:
        conditions.append(_column.account_id.is_(None) | (_column.account_id == account_id))
    text = type_coerce(_column.features, String)
    conditions.extend(text.contains(f'"{feature}"', autoescape=True) for feature in features)
    if pattern:
        conditions.append(like(_column.msisdn, pattern, search_pattern))
    return _available.page(
        connection, *conditions, order=[_column.msisdn], limit=page_size, offset=record_index
    )


def buy(
    connection: Connection,
    msisdn: str,
    *,
    account_id: str,
    country: str | None = None,
    application_id: str | None = None,
    now: int,
) -> Number:
    """Move a number to an account. Raises NotFound when it cannot be had, or not in this country."""
    found = get(connection, msisdn)
    if (
        found is None
        or found.account_id not in (None, account_id)
        or country not in (None, found.country)
        or not delete(connection, msisdn)
    ):
        raise NotFound(f"{msisdn} is not available{f' in {country}' if country else ''}")
    bought = Number(
        msisdn=msisdn,
        account_id=account_id,
        application_id=application_id,
        country=found.country,
        kind=found.kind,
        features=found.features,
        created_at=now,
        initial_price=found.initial_price,
        monthly_price=found.monthly_price,
    )
    numbers.insert(connection, bought)
    return bought


def cancel(
    connection: Connection, msisdn: str, *, account_id: str, country: str | None = None, now: int
) -> AvailableNumber:
    """Take a number back from an account; it can be bought again at the same price. Raises NotFound."""
    found = numbers.get(connection, msisdn, account_id=account_id)
    if found is None or country not in (None, found.country) or not numbers.delete(connection, msisdn):
        raise NotFound(f"{msisdn} is not a number of this account{f' in {country}' if country else ''}")
    returned = AvailableNumber(
        msisdn=msisdn,
        account_id=None,
        country=found.country,
        kind=found.kind,
        features=found.features,
        initial_price=found.initial_price,
        monthly_price=found.monthly_price,
        created_at=now,
    )
    _available.insert(connection, returned)
    return returned
