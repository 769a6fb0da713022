"""Each repository: what goes in comes out; filters, pages, order, ownership, conflicts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from offhook.core.errors import Conflict, LocalStateError, NotFound
from offhook.storage import (
    accounts,
    applications,
    checkpoints,
    conversations,
    deliveries,
    inventory,
    legs,
    numbers,
    recordings,
    trunks,
    users,
)
from offhook.storage.accounts import ApiSecret
from offhook.storage.database import Database
from offhook.storage.records import (
    Account,
    Application,
    AvailableNumber,
    Checkpoint,
    Conversation,
    Delivery,
    Leg,
    Number,
    Recording,
    Trunk,
    User,
)

T = TypeVar("T")


def call(work: Callable[..., T], *values: Any, **named: Any) -> Callable[[Connection], T]:
    """`work(connection, …)` with these values, bound now and not when it runs."""
    return lambda connection: work(connection, *values, **named)


ACCOUNT = Account("acc", "abcd1234", "Me", b"\x00sealed\xff", 1)
APPLICATION = Application(
    "app", "acc", "Demo", "PEM", {"voice": {"z": 1, "a": None}}, {"improve_ai": True}, 1, 2
)
NUMBER = Number(
    "31201234567", "acc", "app", "NL", "landline", ("VOICE", "SMS"), 1, "tel", "4420", "u", {"a": "b"}, 1, 2
)
TRUNK = Trunk(
    "t1",
    "acc",
    "carrier",
    False,
    "sip.example",
    5060,
    "udp",
    "me",
    b"s",
    ("192.0.2.0/24",),
    ("31",),
    5,
    True,
    1,
)
LEG = Leg(
    "leg",
    "acc",
    "app",
    "CON-1",
    "inbound",
    {"type": "phone", "number": "1"},
    {"type": "app", "user": "ü"},
    "started",
    1,
)
CONVERSATION = Conversation("CON-1", "acc", "app", "room", 1)
RECORDING = Recording("rec", "file", "acc", "app", "CON-1", "leg", "recording", "mp3", 1, 1)
DELIVERY = Delivery(
    "d1", "acc", "app", "leg:1", 1, "status", "POST", "https://e.example/", {"b": 1, "a": {"\udcff": "\x00"}},
    True, 1000, 5000, False, "pending", 0, 1,
)  # fmt: skip
AVAILABLE = AvailableNumber("31201234568", None, "NL", "landline", ("VOICE",), 0, 125_000_000, 1)
USER = User("USR-1", "acc", "app", "jan", None, None, {"custom_data": {"ü": 1}}, b"\x00sealed", 1, 2)
CHECKPOINT = Checkpoint("leg", "acc", "app", "session", b"\x00\x01", 1)

ALL: list[tuple[Any, Any, str]] = [
    (accounts, ACCOUNT, "acc"),
    (applications, APPLICATION, "app"),
    (numbers, NUMBER, "31201234567"),
    (trunks, TRUNK, "t1"),
    (legs, LEG, "leg"),
    (conversations, CONVERSATION, "CON-1"),
    (recordings, RECORDING, "rec"),
    (deliveries, DELIVERY, "d1"),
    (checkpoints, CHECKPOINT, "leg"),
    (inventory, AVAILABLE, "31201234568"),
    (users, USER, "USR-1"),
]


@pytest.mark.parametrize(("module", "record", "key"), ALL, ids=[row[0].__name__ for row in ALL])
def test_what_goes_in_comes_out(memory: Database, module: Any, record: Any, key: str) -> None:
    memory.transact(lambda c: module.insert(c, record))
    assert memory.transact(lambda c: module.get(c, key)) == record
    with pytest.raises(Conflict):
        memory.transact(lambda c: module.insert(c, record))
    memory.transact(lambda c: module.update(c, record))
    assert memory.transact(lambda c: module.get(c, "other")) is None


def test_json_keeps_its_order(memory: Database) -> None:
    memory.transact(lambda c: deliveries.insert(c, DELIVERY))
    found = memory.transact(lambda c: deliveries.get(c, "d1"))
    assert found is not None
    assert list(found.body) == ["b", "a"]


def test_update_and_change(memory: Database) -> None:
    memory.transact(lambda c: legs.insert(c, LEG))
    memory.transact(lambda c: legs.update(c, replace(LEG, status="answered", started_at=5)))
    memory.transact(lambda c: legs.change(c, "leg", price=52_500))
    found = memory.transact(lambda c: legs.get(c, "leg"))
    assert found == replace(LEG, status="answered", started_at=5, price=52_500)
    with pytest.raises(NotFound, match="no call other"):
        memory.transact(lambda c: legs.update(c, replace(LEG, leg_id="other")))
    with pytest.raises(NotFound):
        memory.transact(lambda c: legs.change(c, "other", price=1))
    with pytest.raises(LocalStateError):
        memory.transact(lambda c: legs.change(c, "leg", prize=1))


def test_a_row_of_somebody_else_is_not_found(memory: Database) -> None:
    memory.transact(lambda c: legs.insert(c, LEG))
    assert memory.transact(lambda c: legs.get(c, "leg", application_id="app")) == LEG
    assert memory.transact(lambda c: legs.get(c, "leg", application_id="other")) is None
    memory.transact(lambda c: recordings.insert(c, RECORDING))
    assert memory.transact(lambda c: recordings.by_file(c, "file", "other")) is None
    assert memory.transact(lambda c: recordings.by_file(c, "file", "app")) == RECORDING


def leg(n: int, **values: Any) -> Leg:
    return replace(LEG, leg_id=f"leg{n:02}", created_at=n, **values)


@pytest.fixture
def many(memory: Database) -> Database:
    def fill(connection: Any) -> None:
        for n in range(10):
            status = "completed" if n % 2 else "answered"
            legs.insert(connection, leg(n, status=status, conversation_id=f"CON-{n // 5}"))
        legs.insert(connection, replace(LEG, leg_id="foreign", application_id="app2", created_at=3))

    memory.transact(fill)
    return memory


@pytest.mark.parametrize(
    ("filters", "wanted", "total"),
    [
        ({}, range(10), 10),
        ({"order": "desc"}, range(9, -1, -1), 10),
        ({"status": "completed"}, [1, 3, 5, 7, 9], 5),
        ({"date_start": 3, "date_end": 6}, [3, 4, 5], 3),
        ({"conversation_id": "CON-1"}, range(5, 10), 5),
        ({"page_size": 3, "record_index": 4}, [4, 5, 6], 10),
        ({"page_size": 3, "record_index": 9}, [9], 10),
        ({"page_size": 3, "record_index": 30}, [], 10),
        ({"status": "completed", "conversation_id": "CON-1", "order": "desc", "page_size": 1}, [9], 3),
    ],
)
def test_legs_are_filtered_paged_and_ordered(
    many: Database, filters: dict[str, Any], wanted: Any, total: int
) -> None:
    page = many.transact(lambda c: legs.list(c, application_id="app", **{"page_size": 100, **filters}))
    assert [row.leg_id for row in page.rows] == [f"leg{n:02}" for n in wanted]
    assert page.total == total


def test_unfinished_and_purge(many: Database) -> None:
    for n in range(6):
        last = "rejected" if n == 5 else "completed"
        many.transact(call(legs.change, f"leg{n:02}", status=last, created_at=n, ended_at=n + 1))
    many.transact(call(legs.change, "leg06", status="busy", ended_at=7))  # its `completed` is missing
    for n in range(7, 10):
        many.transact(call(legs.change, f"leg{n:02}", status="answered"))
    assert {row.leg_id for row in many.transact(legs.unfinished)} == {
        "leg06",
        "leg07",
        "leg08",
        "leg09",
        "foreign",
    }
    assert many.transact(lambda c: legs.purge(c, 4)) == 3
    assert many.transact(lambda c: legs.list(c, application_id="app")).total == 7


def test_two_secrets_at_most_one_at_least(memory: Database) -> None:
    memory.transact(lambda c: accounts.insert(c, ACCOUNT))
    for n in range(2):
        memory.transact(call(accounts.add_secret, ApiSecret(f"s{n}", "acc", "hash", n)))
    with pytest.raises(Conflict, match="at most 2"):
        memory.transact(lambda c: accounts.add_secret(c, ApiSecret("s3", "acc", "hash", 3)))
    memory.transact(lambda c: accounts.revoke_secret(c, "acc", "s0"))
    assert [s.secret_id for s in memory.transact(lambda c: accounts.secrets(c, "acc"))] == ["s1"]
    with pytest.raises(Conflict, match="only API secret"):
        memory.transact(lambda c: accounts.revoke_secret(c, "acc", "s1"))
    with pytest.raises(NotFound):
        memory.transact(lambda c: accounts.add_secret(c, ApiSecret("s4", "nobody", "hash", 3)))
    assert memory.transact(lambda c: accounts.by_api_key(c, "abcd1234")) == ACCOUNT
    assert memory.transact(accounts.list) == (ACCOUNT,)


def test_deleting_an_application_unlinks_its_numbers(memory: Database) -> None:
    memory.transact(lambda c: applications.insert(c, APPLICATION))
    memory.transact(lambda c: numbers.insert(c, NUMBER))
    assert memory.transact(lambda c: applications.delete(c, "app"))
    assert not memory.transact(lambda c: applications.delete(c, "app"))
    assert memory.transact(lambda c: numbers.get(c, NUMBER.msisdn)) == replace(NUMBER, application_id=None)


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"pattern": "312"}, {"31201", "31202"}),
        ({"pattern": "20", "search_pattern": numbers.CONTAINS}, {"31201", "31202", "4420"}),
        ({"pattern": "20", "search_pattern": numbers.ENDS}, {"4420"}),
        ({"pattern": "%"}, set()),
        ({"has_application": True}, {"31201"}),
        ({"has_application": False}, {"31202", "4420"}),
        ({"country": "GB"}, {"4420"}),
        ({"application_id": "app"}, {"31201"}),
        ({"account_id": "other"}, set()),
    ],
)
def test_numbers_are_searched(memory: Database, filters: dict[str, Any], wanted: set[str]) -> None:
    rows = [("31201", "NL", "app"), ("31202", "NL", None), ("4420", "GB", None)]
    for msisdn, country, application in rows:
        record = replace(NUMBER, msisdn=msisdn, country=country, application_id=application)
        memory.transact(call(numbers.insert, record))
    page = memory.transact(lambda c: numbers.list(c, **filters))
    assert {row.msisdn for row in page.rows} == wanted
    assert page.total == len(wanted)


def test_trunks_come_in_the_order_they_are_tried(memory: Database) -> None:
    for n, priority in enumerate([9, 1, 5]):
        record = replace(TRUNK, trunk_id=f"t{n}", name=f"n{n}", priority=priority, enabled=n != 2)
        memory.transact(call(trunks.insert, record))
    assert [t.trunk_id for t in memory.transact(trunks.list)] == ["t1", "t2", "t0"]
    assert [t.trunk_id for t in memory.transact(lambda c: trunks.list(c, enabled=True))] == ["t1", "t0"]
    with pytest.raises(Conflict):
        memory.transact(lambda c: trunks.insert(c, replace(TRUNK, trunk_id="t9", name="n1")))
    found = memory.transact(lambda c: trunks.by_name(c, "acc", "n1"))
    assert found is not None
    assert found.trunk_id == "t1"


def test_a_conversation_name_is_free_again_after_its_end(memory: Database) -> None:
    memory.transact(lambda c: conversations.insert(c, CONVERSATION))
    memory.transact(lambda c: conversations.end(c, "CON-1", 9))
    memory.transact(lambda c: conversations.end(c, "CON-1", 10))
    assert memory.transact(lambda c: conversations.get(c, "CON-1")) == replace(CONVERSATION, ended_at=9)
    memory.transact(lambda c: conversations.insert(c, replace(CONVERSATION, conversation_id="CON-2")))
    assert memory.transact(lambda c: conversations.list(c, application_id="app", order="desc")).total == 2


def test_recordings_by_state(memory: Database) -> None:
    for n, status in enumerate(["recording", "finalising", "ready", "failed"]):
        record = replace(RECORDING, recording_id=f"r{n}", file_id=f"f{n}", status=status, started_at=n)
        memory.transact(call(recordings.insert, record))
    assert [r.recording_id for r in memory.transact(recordings.unfinished)] == ["r0", "r1"]
    page = memory.transact(lambda c: recordings.list(c, conversation_id="CON-1", order="desc", page_size=2))
    assert ([r.recording_id for r in page.rows], page.total) == (["r3", "r2"], 4)


def test_checkpoints_are_replaced(memory: Database) -> None:
    memory.transact(lambda c: checkpoints.save(c, CHECKPOINT))
    memory.transact(lambda c: checkpoints.save(c, replace(CHECKPOINT, dialog=b"new", updated_at=2)))
    assert [row.dialog for row in memory.transact(checkpoints.list)] == [b"new"]
    assert memory.transact(lambda c: checkpoints.delete(c, "leg"))
    assert not memory.transact(lambda c: checkpoints.delete(c, "leg"))


def test_deliveries_are_numbered_requeued_and_purged(memory: Database) -> None:
    def fill(connection: Any) -> None:
        for n in range(4):
            key = f"leg:{n % 2}"
            number = deliveries.last_sequence(connection) + 1
            assert number == 1 + n
            state = "failed" if n else "pending"
            row = replace(
                DELIVERY, delivery_id=f"d{n}", order_key=key, sequence=number, state=state, finished_at=n
            )
            deliveries.insert(connection, row)

    memory.transact(fill)
    assert memory.transact(lambda c: deliveries.requeue(c, "d2", 5)).state == "pending"
    with pytest.raises(Conflict, match="is pending"):
        memory.transact(lambda c: deliveries.requeue(c, "d2", 5))
    with pytest.raises(NotFound):
        memory.transact(lambda c: deliveries.requeue(c, "d9", 5))
    memory.transact(lambda c: deliveries.change(c, "d3", expects_ncco=True))
    with pytest.raises(Conflict, match="not sent again"):
        memory.transact(lambda c: deliveries.requeue(c, "d3", 5))
    assert [d.delivery_id for d in memory.transact(deliveries.pending)] == ["d0", "d2"]
    assert [d.delivery_id for d in memory.transact(lambda c: deliveries.pending(c, after=("leg:0", 1)))] == [
        "d2"
    ]
    assert memory.transact(lambda c: deliveries.list(c, state="failed")).total == 2
    assert memory.transact(lambda c: deliveries.purge(c, 100)) == 2
    assert memory.transact(lambda c: deliveries.list(c)).total == 2
