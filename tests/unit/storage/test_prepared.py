"""Statements compiled once: values of every type, the driver's errors, listeners, kept connections."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, select
from sqlalchemy.exc import IntegrityError

from offhook.core.errors import Conflict
from offhook.storage import tables
from offhook.storage.database import Database
from offhook.storage.kept import KeptConnection
from offhook.storage.prepared import Prepared

_table = tables.numbers
_NAMES = tuple(column.key for column in _table.columns)
INSERT = Prepared(_table.insert(), _NAMES)
BY_NUMBER = Prepared(select(_table).where(_table.c.msisdn == bindparam("wanted")))
NUMBER: dict[str, Any] = dict.fromkeys(_NAMES) | {
    "msisdn": "15550000001",
    "account_id": "a",
    "application_id": None,
    "country": "US",
    "kind": "landline",
    "features": ("VOICE", "SMS"),
    "created_at": 5,
    "initial_price": 0,
    "monthly_price": 80_000_000,
}


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    made.migrate()
    yield made
    made.close_now()


def test_a_row_comes_back_in_the_types_of_its_columns(database: Database) -> None:
    def work(connection: Connection) -> list[list[Any]]:
        assert INSERT.change(connection, NUMBER) == 1
        return BY_NUMBER.rows(connection, {"wanted": "15550000001"})

    assert database.transact(work) == [[NUMBER[name] for name in _NAMES]]
    assert database.transact(lambda c: BY_NUMBER.rows(c, {"wanted": "15550000002"})) == []


def test_the_drivers_errors_become_those_of_sqlalchemy(database: Database) -> None:
    database.transact(lambda c: INSERT.change(c, NUMBER))
    with pytest.raises(IntegrityError, match="UNIQUE") as raised:
        database.transact(lambda c: INSERT.change(c, NUMBER))
    assert "15550000001" not in str(raised.value)


def test_listeners_see_the_statement(database: Database) -> None:
    seen: list[str] = []
    event.listen(database._write_engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    database.transact(lambda c: INSERT.change(c, NUMBER))
    assert [text.split()[0] for text in seen] == ["INSERT"]


def empty_and_fail(kept: KeptConnection, failure: Callable[[Connection], object]) -> None:
    with kept.begin() as connection:
        connection.execute(_table.delete())
        failure(connection)


def of_ours(connection: Connection) -> None:
    raise Conflict("no")


def of_the_database(connection: Connection) -> None:
    INSERT.change(connection, NUMBER)
    INSERT.change(connection, NUMBER)


@pytest.mark.parametrize(
    ("failure", "error", "same"), [(of_ours, Conflict, True), (of_the_database, IntegrityError, False)]
)
def test_a_kept_connection_is_used_again_and_replaced_after_an_error_of_the_database(
    database: Database, failure: Callable[[Connection], object], error: type[Exception], same: bool
) -> None:
    kept = KeptConnection(database._write_engine)
    with kept.begin() as first:
        INSERT.change(first, NUMBER)
    with kept.begin() as second:
        assert second is first
    with pytest.raises(error):
        empty_and_fail(kept, failure)
    with kept.begin() as fourth:
        assert (fourth is first) is same
        assert len(BY_NUMBER.rows(fourth, {"wanted": "15550000001"})) == 1
    kept.close()
