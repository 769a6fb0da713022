"""The settings of what is kept reach what removes it: in a service, and in a control process."""

from pathlib import Path

import pytest

from offhook.config import Storage
from offhook.control import _journal_keeper
from offhook.core.journal_file import FileJournal
from offhook.storage import legs, recordings
from offhook.storage.records import Leg, Recording
from offhook.storage.retention import US_PER_DAY
from offhook.testing.loop import VirtualLoop
from offhook.testing.world import World


@pytest.mark.parametrize(
    ("storage", "calls", "sounds"),
    [
        (Storage(), 1, 0),
        (Storage(call_records="application"), 0, 0),
        (Storage(call_days=9), 0, 0),
        (Storage(recording_days=90), 1, 1),
    ],
)
def test_a_start_removes_what_is_old(storage: Storage, calls: int, sounds: int) -> None:
    with World(seed=1, durable=True, settings={"storage": storage}) as world:
        owner, old = world.provisioned.application, world.clock.wall() - 31 * US_PER_DAY
        leg = Leg("leg", owner.account_id, owner.application_id, "CON", "inbound", {}, {}, "completed", old)
        row = Recording(
            world.ids.uuid(), "file", owner.account_id, owner.application_id, "CON", None, "ready", "mp3", 1,
            old, ended_at=old, path="recordings/file.mp3",
        )  # fmt: skip
        audio = world.settings.recordings_dir / "file.mp3"
        audio.write_bytes(b"sound")
        world.database.transact(lambda c: legs.insert(c, leg))
        world.database.transact(lambda c: legs.change(c, "leg", ended_at=old))
        world.database.transact(lambda c: recordings.insert(c, row))
        world.kill_control()
        world.wait(1.0)
        assert world.database.transact(legs.list).total == calls
        assert world.database.transact(recordings.list).total == sounds
        assert audio.exists() == bool(sounds)


def test_control_removes_journal_segments_that_are_old(tmp_path: Path) -> None:
    loop = VirtualLoop()
    journal = FileJournal(tmp_path, loop.clock)
    journal.write(1, "leg", None, "x", {})
    journal.close()
    later = FileJournal(tmp_path, loop.clock)
    keep = _journal_keeper(later, 3)
    wall = loop.clock.wall()
    assert loop.run_until_complete(keep(wall + 2 * US_PER_DAY)) == 0
    assert loop.run_until_complete(keep(wall + 4 * US_PER_DAY)) == 1
    assert later.read("leg") == []
    later.close()
    loop.close()
