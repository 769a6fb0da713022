"""What is over goes after its time, in portions; what is not over stays, and 0 keeps everything."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from offhook.core.ids import SeededIds
from offhook.storage import applications, conversations, legs, recordings, retention
from offhook.storage.database import Database
from offhook.storage.records import Application, Conversation, Leg, Recording
from offhook.storage.retention import US_PER_DAY, Retention, RetentionSettings
from offhook.testing.loop import VirtualLoop


class Kept:
    """A database and files with things of different ages, and a keeper over them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loop = VirtualLoop()
        self.wall = self.loop.clock.wall()
        self.database = Database(f"sqlite:///{path / 'calls.db'}", inline=True)
        self.database.migrate()
        (path / "recordings").mkdir()
        (path / "spool").mkdir()

    def call(self, name: str, days: int, status: str = "completed", application: str = "app") -> None:
        at = self.wall - days * US_PER_DAY
        over = at + 5 if status != "answered" else None
        leg = Leg(name, "a", application, f"CON-{name}", "inbound", {}, {}, status, at, ended_at=over)
        talk = Conversation(f"CON-{name}", "a", application, None, at, over)
        self.database.transact(lambda c: legs.insert(c, leg))
        self.database.transact(lambda c: conversations.insert(c, talk))

    def application(self, name: str, capabilities: dict[str, Any]) -> None:
        row = Application(name, "a", name, "key", capabilities, {}, 0, 0)
        self.database.transact(lambda c: applications.insert(c, row))

    def recording(self, ids: SeededIds, days: int, status: str = "ready", **more: Any) -> Recording:
        at = self.wall - days * US_PER_DAY
        key, file = ids.uuid(), ids.uuid()
        row = Recording(key, file, "a", "app", "CON", None, status, "mp3", 1, at - 9, ended_at=at)
        if status == "ready":
            row = replace(row, path=f"recordings/{file}.mp3")
            (self.path / f"recordings/{file}.mp3").write_bytes(b"audio")
        row = replace(row, **more)
        self.database.transact(lambda c: recordings.insert(c, row))
        return row

    def spool(self, name: str, days: int) -> Path:
        path = self.path / "spool" / f"{name}.pcm"
        path.write_bytes(b"spooled")
        at = (self.wall - days * US_PER_DAY) * 1000
        os.utime(path, ns=(at, at))
        return path

    def keeper(self, **settings: Any) -> Retention:
        return Retention(self.database, self.loop.clock, RetentionSettings(self.path, **settings))

    def purge(self, **settings: Any) -> dict[str, int]:
        return self.loop.run_until_complete(self.keeper(**settings).purge(self.wall))

    def run(self, keeper: Retention, seconds: float) -> None:
        async def work() -> None:
            keeper.start()
            await asyncio.sleep(seconds)
            await keeper.close()

        self.loop.run_until_complete(work())

    @property
    def calls(self) -> list[str]:
        kept = [row.leg_id for row in self.database.transact(lambda c: legs.list(c, page_size=100)).rows]
        talks = [
            row.conversation_id
            for row in self.database.transact(lambda c: conversations.list(c, page_size=100)).rows
        ]
        assert sorted(talks) == sorted(f"CON-{name}" for name in kept)
        return sorted(kept)

    @property
    def recordings(self) -> set[str]:
        return {row.recording_id for row in self.database.transact(recordings.list).rows}

    @property
    def audio(self) -> set[str]:
        return {path.stem for path in (self.path / "recordings").iterdir()}


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    monkeypatch.setattr(retention, "PORTION", 1)
    made = Kept(tmp_path)
    yield made
    made.database.close_now()
    made.loop.close()


@pytest.mark.parametrize(("days", "left"), [(30, ["new", "talks"]), (0, ["new", "old", "older", "talks"])])
def test_what_is_over_for_long_goes_at_start(days: int, left: list[str], kept: Kept) -> None:
    kept.call("older", 40)
    kept.call("old", 35, "rejected")
    kept.call("talks", 40, "answered")
    kept.call("new", 1)
    kept.run(kept.keeper(call_days=days), 1)
    assert kept.calls == left


def test_what_becomes_old_goes_within_the_hour(kept: Kept) -> None:
    kept.call("old", 31)
    kept.wall += 60 * 1_000_000
    kept.call("nearly", 30)
    keeper = kept.keeper(call_days=30)
    kept.run(keeper, 1)
    assert kept.calls == ["nearly"]
    kept.run(keeper, retention.EVERY_S + 1)
    assert kept.calls == []


def test_an_application_says_how_long_its_calls_are_kept(kept: Kept) -> None:
    kept.application("short", {"voice": {"leg_persistence_time": 1}})
    kept.application("long", {"voice": {"leg_persistence_time": 31}})
    kept.application("silent", {})
    for days in (0, 2, 3, 20, 31):
        for application in ("short", "long", "silent", "deleted"):
            kept.call(f"{application}-{days}", days, application=application)
    kept.call("short-talks", 9, "answered", "short")
    kept.purge(call_days=25)
    by_application = {
        "short": ["short-0", "short-talks"],
        "long": ["long-0", "long-2", "long-3", "long-20"],
        "silent": ["silent-0", "silent-2"],
        "deleted": ["deleted-0", "deleted-2", "deleted-3", "deleted-20"],
    }
    assert kept.calls == sorted(name for names in by_application.values() for name in names)


def test_the_operator_can_keep_what_the_application_no_longer_sees(kept: Kept) -> None:
    kept.application("short", {"voice": {"leg_persistence_time": 1}})
    kept.call("seen", 0, application="short")
    kept.call("unseen", 20, application="short")
    kept.call("old", 31, application="short")
    kept.purge(call_days=30, by_application=False)
    assert kept.calls == ["seen", "unseen"]


def test_recordings_go_with_their_audio(kept: Kept) -> None:
    ids, other = SeededIds(1), SeededIds(2, node=7)
    old = kept.recording(ids, 31)
    failed = kept.recording(ids, 31, "failed")
    kept.spool(failed.recording_id, 0)
    stay = [
        kept.recording(ids, 29),
        kept.recording(ids, 31, "finalising", path=None),
        kept.recording(other, 31),
        kept.recording(ids, 31, path="../../outside"),
    ]
    assert kept.purge()["recordings"] == 2
    assert kept.recordings == {row.recording_id for row in stay}
    assert old.file_id not in kept.audio
    assert {stay[0].file_id, stay[2].file_id} <= kept.audio
    assert list((kept.path / "spool").iterdir()) == []
    assert kept.purge(recording_days=0)["recordings"] == 0


def test_a_recording_whose_audio_is_gone_already_goes(kept: Kept) -> None:
    row = kept.recording(SeededIds(1), 31)
    (kept.path / str(row.path)).unlink()
    assert kept.purge()["recordings"] == 1
    assert kept.recordings == set()


def test_forgotten_spools_go_and_those_that_are_waited_for_stay(kept: Kept) -> None:
    busy = kept.recording(SeededIds(1), 9, "recording")
    spools = {name: kept.spool(name, days) for name, days in (("old", 8), ("new", 6))}
    waited = kept.spool(busy.recording_id, 8)
    assert kept.purge(spool_days=0)["spooled recordings"] == 0
    assert kept.purge()["spooled recordings"] == 1
    assert (spools["old"].exists(), spools["new"].exists(), waited.exists()) == (False, True, True)


def test_a_kind_that_fails_is_tried_again_and_holds_up_no_other(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    kept.call("old", 40)
    keeper = kept.keeper(call_days=30)
    asked: list[int] = []

    async def broken(wall: int) -> int:
        asked.append(wall)
        raise OSError("no space left")

    keeper.add("things", broken)
    keeper.add("calls again", keeper._calls)
    kept.run(keeper, retention.EVERY_S + 1)
    assert [after - asked[0] for after in asked] == [0, int(retention.EVERY_S) * 1_000_000]
    assert "old things could not be removed" in caplog.text
    assert kept.calls == []
