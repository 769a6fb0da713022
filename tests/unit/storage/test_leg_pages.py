"""Pages of legs: every page is right from whichever end it is reached, and an index leads to it."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event

from offhook.storage import leg_pages, legs
from offhook.storage.database import Database
from offhook.storage.records import Leg, Page

TOTAL = 23
CAUSES = ("busy", None, "failed")


def leg(n: int, **values: Any) -> Leg:
    made = {
        "leg_id": f"leg{n:02}",
        "account_id": "acc",
        "application_id": "app",
        "conversation_id": f"CON-{n % 4}",
        "direction": "outbound",
        "to": {"type": "phone", "number": f"3120{n:07}"},
        "from_": {"type": "app", "user": "zoë"},
        "status": "completed" if n % 2 else "answered",
        "created_at": n // 3,  # several at one instant: the id decides
        "started_at": n,
        "ended_at": n + 5 if n % 2 else None,
        "rate": 7,
        "price": n,
        "network": "20408" if n % 5 else None,
        "cause": CAUSES[n % 3] if n % 2 else None,
    }
    return Leg(**{**made, **values})


LEGS = [leg(n) for n in range(TOTAL)]


@pytest.fixture
def full(memory: Database) -> Database:
    def fill(connection: Any) -> None:
        for each in LEGS:
            legs.insert(connection, each)
        legs.insert(connection, leg(3, leg_id="other", application_id="app2"))

    memory.transact(fill)
    return memory


def shown(database: Database, **filters: Any) -> Page:
    asked = {"application_id": "app", "date_start": 0, "page_size": 100, **filters}  # REST always has a start
    return database.transact(lambda connection: legs.list(connection, kind=leg_pages.SHOWN, **asked))


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("size", [1, 2, 7, 23, 24])
def test_every_page_is_right_from_whichever_end_it_is_reached(full: Database, order: str, size: int) -> None:
    wanted = [each.leg_id for each in (LEGS if order == "asc" else LEGS[::-1])]
    for index in range(TOTAL + 3):
        page = shown(full, order=order, page_size=size, record_index=index)
        assert [row.leg_id for row in page.rows] == wanted[index : index + size]
        assert page.total == TOTAL


def test_a_row_of_a_page_has_what_the_leg_has(full: Database) -> None:
    for row, whole in zip(shown(full).rows, LEGS, strict=True):
        assert row._asdict() == {name: getattr(whole, name) for name in leg_pages.Shown._fields}
        assert row.shown_status == whole.shown_status


def test_whole_rows_come_back_as_they_were_stored(full: Database) -> None:
    page = full.transact(lambda c: legs.list(c, account_id="acc", page_size=100, application_id="app"))
    assert page.rows == LEGS


@pytest.mark.parametrize("status", ["answered", "busy", "failed", "completed", "ringing"])
def test_a_status_is_the_one_that_is_shown(full: Database, status: str) -> None:
    wanted = [each.leg_id for each in LEGS if each.shown_status == status]
    page = shown(full, status=status)
    assert [row.leg_id for row in page.rows] == wanted
    assert page.total == len(wanted)


def test_conditions_are_joined(full: Database) -> None:
    page = shown(full, status="busy", date_start=1, date_end=7, conversation_id="CON-3", order="desc")
    wanted = [
        each.leg_id
        for each in LEGS[::-1]
        if each.shown_status == "busy" and 1 <= each.created_at < 7 and each.conversation_id == "CON-3"
    ]
    assert [row.leg_id for row in page.rows] == wanted
    assert wanted


def test_what_only_pythons_json_reads_is_shown_too(full: Database) -> None:
    odd = {"type": "sip", "uri": "sip:\udcff@x", "n": 10**400}
    full.transact(lambda connection: legs.change(connection, "leg04", to=odd))
    assert shown(full).rows[4].to == odd


@pytest.fixture
def plans(full: Database) -> Iterator[list[str]]:
    """How SQLite goes about every SELECT, in its words."""
    found: list[str] = []
    asking = False

    def explain(_c: Any, cursor: Any, statement: str, values: Any, _x: Any, _m: bool) -> None:
        nonlocal asking
        if statement.startswith("SELECT") and not asking:
            asking = True
            explained = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            found.extend(row[3] for row in explained.fetchall())
            asking = False

    event.listen(full._write_engine, "before_cursor_execute", explain)
    yield found
    event.remove(full._write_engine, "before_cursor_execute", explain)


INDEX = "USING COVERING INDEX ix_legs_application_id_created_at_leg_id (application_id=? AND created_at>?"


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("index", [0, 15])
def test_an_index_counts_and_leads_to_the_page_and_no_table_is_scanned(
    full: Database, plans: list[str], order: str, index: int
) -> None:
    shown(full, order=order, record_index=index, page_size=5)
    ways = [step for step in plans if "legs" in step]
    assert len([step for step in ways if INDEX in step]) == 2  # the count, and the keys of the page
    assert not [step for step in plans if step.startswith("SCAN legs")]
    # What is sorted is the rows of the page alone: the keys come in the order of the index.
    assert sum("TEMP B-TREE" in step for step in plans) <= 1


@pytest.mark.parametrize(
    "filters", [{"status": "busy"}, {"conversation_id": "CON-1"}, {"date_end": 5}, {"status": "completed"}]
)
def test_no_condition_leads_to_a_scan(full: Database, plans: list[str], filters: dict[str, Any]) -> None:
    shown(full, **filters)
    assert plans
    assert not [step for step in plans if step.startswith("SCAN legs")]
