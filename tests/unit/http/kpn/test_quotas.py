"""Quotas: what an interval is, that exactly so many requests are granted, and that they are kept."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from offhook.core.errors import Invalid
from offhook.storage import clients, quotas
from offhook.storage.database import Database, sqlite_url
from offhook.storage.quotas import Rule
from offhook.testing.world import World


def wall(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("interval", "unit", "at", "start", "end"),
    [
        (1, "minute", "2026-03-01T10:20:59", "2026-03-01T10:20:00", "2026-03-01T10:21:00"),
        (5, "minute", "2026-03-01T10:23:00", "2026-03-01T10:20:00", "2026-03-01T10:25:00"),
        (1, "hour", "2026-03-01T10:00:00", "2026-03-01T10:00:00", "2026-03-01T11:00:00"),
        (24, "hour", "2026-03-01T10:23:00", "2026-03-01T00:00:00", "2026-03-02T00:00:00"),
        (1, "day", "2026-02-28T23:59:59", "2026-02-28T00:00:00", "2026-03-01T00:00:00"),
        (1, "week", "2026-03-01T23:59:59", "2026-02-23T00:00:00", "2026-03-02T00:00:00"),
        (1, "week", "2026-03-02T00:00:00", "2026-03-02T00:00:00", "2026-03-09T00:00:00"),
        (1, "month", "2024-02-29T12:00:00", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
        (3, "month", "2026-11-21T00:00:00", "2026-10-01T00:00:00", "2027-01-01T00:00:00"),
        (12, "month", "2026-11-21T00:00:00", "2026-01-01T00:00:00", "2027-01-01T00:00:00"),
    ],
)
def test_intervals(interval: int, unit: str, at: str, start: str, end: str) -> None:
    assert quotas.window(Rule(interval, unit, 1), wall(at)) == (wall(start), wall(end))


@pytest.mark.parametrize(
    ("rule", "field"),
    [((0, "day", 1), "interval"), ((1, "year", 1), "unit"), ((1, "day", 0), "limit")],
)
def test_rules_that_make_no_sense(rule: tuple[int, str, int], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        Rule(*rule)
    assert raised.value.field == field


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(sqlite_url(tmp_path / "quota.db"))
    database.migrate()
    database.transact(lambda c: quotas.add(c, "client", "account"))
    return database


def test_connections_share_what_is_left(database: Database, tmp_path: Path) -> None:
    """As two processes over one database: each has its own connection, none of the limit is given twice."""
    others = [database, *(Database(sqlite_url(tmp_path / "quota.db")) for _ in range(3))]
    rule, now = Rule(1, "day", 50), wall("2026-03-01T10:00:00")

    def take(number: int) -> bool:
        granted, _ = others[number % 4].transact(lambda c: quotas.take(c, "client", rule, now))
        return granted

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(take, range(120)))
    assert told.count(True) == 50
    assert database.transact(lambda c: quotas.read(c, "client", rule, now)).used == 50
    for each in others:
        each.close_now()


def test_a_clock_that_lags_does_not_give_anything_back(database: Database) -> None:
    rule, late = Rule(1, "day", 2), wall("2026-03-02T00:00:01")
    early = wall("2026-03-01T23:59:59")

    def take(at: int) -> bool:
        granted, _ = database.transact(lambda c: quotas.take(c, "client", rule, at))
        return granted

    assert [take(at) for at in (late, early, early, late)] == [True, True, False, False]
    database.close_now()


def test_a_lower_limit_counts_at_once(database: Database) -> None:
    now = wall("2026-03-01T10:00:00")
    for _ in range(3):
        database.transact(lambda c: quotas.take(c, "client", Rule(1, "day", 9), now))
    granted, quota = database.transact(lambda c: quotas.take(c, "client", Rule(1, "day", 2), now))
    assert (granted, quota.used) == (False, 3)
    database.transact(lambda c: quotas.reset(c, "client"))
    granted, quota = database.transact(lambda c: quotas.take(c, "client", Rule(1, "day", 2), now))
    assert (granted, quota.used) == (True, 1)
    database.close_now()


def test_used_up(kpn_of: Any) -> None:
    with World(seed=11) as world:
        kpn = kpn_of(world, limit=3, unit="minute")
        kpn.login()
        used = []
        for path in ("/applications", "/applications/none", "/applications"):
            used.append(kpn("GET", path).headers["quota-used"])
        assert used == ["1", "2", "3"], "a 404 counts as well, a token does not"
        world.wait(20)
        refused = kpn("GET", "/applications")
        assert refused.status == 429
        assert refused.json["name"] == "Too Many Requests"
        assert refused.headers["quota-used"] == refused.headers["quota-limit"] == "3"
        left = int(refused.headers["retry-after"])
        assert 30 <= left <= 40
        assert kpn.login(), "a token can be had all the same"
        assert kpn.send("OPTIONS", "/applications").status == 200
        world.wait(left)
        again = kpn("GET", "/applications")
        assert (again.status, again.headers["quota-used"]) == (200, "1")


def test_at_once(kpn_of: Any) -> None:
    with World(seed=12) as world:
        kpn = kpn_of(world, limit=20)
        headers = kpn.bearer()

        async def all_of_them() -> list[Any]:
            return await asyncio.gather(
                *(kpn.sending("GET", "/applications/none", None, headers) for _ in range(50))
            )

        told = world.run(all_of_them())
        assert sorted(each.status for each in told) == [404] * 20 + [429] * 30
        assert {int(each.headers["quota-used"]) for each in told if each.status == 404} == set(range(1, 21))


def test_kept_across_a_restart(kpn_of: Any) -> None:
    with World(seed=13, durable=True) as world:
        kpn = kpn_of(world, limit=3)
        kpn.login()
        assert [kpn("GET", "/applications").status for _ in range(2)] == [200, 200]
        world.kill_control()
        assert kpn("GET", "/applications").headers["quota-used"] == "3"
        assert kpn("GET", "/applications").status == 429


def test_two_clients_count_for_themselves(kpn_of: Any) -> None:
    with World(seed=14) as world:
        kpn = kpn_of(world, limit=1)
        second = replace(kpn.client, client_id="kpn-client-0002", name="desk")
        world.database.transact(lambda c: clients.insert(c, second))
        assert kpn("GET", "/applications").status == 200
        assert kpn("GET", "/applications").status == 429
        form = "grant_type=client_credentials&client_id=kpn-client-0002&client_secret=kpn-secret-of-a-client"
        token = kpn.send("POST", "/oauth/client_credential/accesstoken", form).json["access_token"]
        answer = kpn.send("GET", "/applications", None, {"authorization": f"Bearer {token}"})
        assert (answer.status, answer.headers["quota-used"]) == (200, "1")
