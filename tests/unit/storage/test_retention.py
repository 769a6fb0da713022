"""Old calls go after their time, in portions; what is not over stays, and 0 keeps everything."""

import asyncio
from pathlib import Path

import pytest

from offhook.storage import conversations, legs, retention
from offhook.storage.database import Database
from offhook.storage.records import Conversation, Leg
from offhook.storage.retention import US_PER_DAY, Retention
from offhook.testing.loop import VirtualLoop


def filled(path: Path, wall: int) -> Database:
    database = Database(f"sqlite:///{path / 'calls.db'}", inline=True)
    database.migrate()
    for number, (days, status) in enumerate(
        [(40, "completed"), (35, "rejected"), (40, "answered"), (1, "completed")]
    ):
        at = wall - days * US_PER_DAY
        over = at + 5 if status != "answered" else None
        leg = Leg(f"leg{number}", "a", "app", f"CON-{number}", "inbound", {}, {}, status, at, ended_at=over)
        talk = Conversation(f"CON-{number}", "a", "app", None, at, over)
        database.transact(lambda c, leg=leg: legs.insert(c, leg))  # type: ignore[misc]
        database.transact(lambda c, talk=talk: conversations.insert(c, talk))  # type: ignore[misc]
    return database


def left(database: Database) -> tuple[list[str], list[str]]:
    kept = database.transact(legs.list).rows, database.transact(conversations.list).rows
    return sorted(row.leg_id for row in kept[0]), sorted(row.conversation_id for row in kept[1])


@pytest.mark.parametrize("days", [30, 0])
def test_what_is_over_for_long_goes_within_the_hour(
    days: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PORTION", 1)
    loop = VirtualLoop()
    database = filled(tmp_path, loop.clock.wall())

    async def work() -> None:
        keeper = Retention(database, loop.clock, days)
        keeper.start()
        await asyncio.sleep(retention.EVERY_S + 1)
        await keeper.close()

    loop.run_until_complete(work())
    wanted = ["2", "3"] if days else ["0", "1", "2", "3"]
    assert left(database) == ([f"leg{n}" for n in wanted], [f"CON-{n}" for n in wanted])
    database.close_now()
    loop.close()


def test_a_database_that_refuses_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loop = VirtualLoop()
    database = filled(tmp_path, loop.clock.wall())

    async def work() -> None:
        keeper = Retention(database, loop.clock, 30)
        whole, broken = keeper.purge, [True]

        async def purge(before: int) -> int:
            if broken.pop() if broken else False:
                raise OSError("no space left")
            return await whole(before)

        keeper.purge = purge  # type: ignore[method-assign]
        keeper.start()
        await asyncio.sleep(2 * retention.EVERY_S + 2)
        await keeper.close()

    loop.run_until_complete(work())
    assert "could not be removed" in caplog.text
    assert left(database)[0] == ["leg2", "leg3"]
    database.close_now()
    loop.close()
