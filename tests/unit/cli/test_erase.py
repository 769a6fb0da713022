"""`offhook erase`: everything of a call or of a number goes, and nothing of anybody else."""

import fcntl
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from offhook.cli import erase as module
from offhook.cli.context import Workspace, workspace
from offhook.cli.init import NUMBER, ensure
from offhook.core.clock import SystemClock
from offhook.core.errors import Conflict, NotFound
from offhook.core.journal_file import FileJournal
from offhook.storage import conversations, deliveries, erasure, legs, recordings
from offhook.storage.records import Conversation, Delivery, Leg, Recording

ALICE, BOB = "15550100777", "15550100888"
MASKED = "x" * 11


class Scene:
    """Alice called the platform, which connected her to Bob; Bob called on his own; a room has her number."""

    def __init__(self, here: Workspace) -> None:
        self.here = here
        self.data_dir = here.settings.data_dir
        self.a = self.leg("leg-a", "CON-1", ALICE, NUMBER)
        self.b = self.leg("leg-b", "CON-1", NUMBER, BOB, event_url=f"http://app.test/e?about=%2B{ALICE}")
        self.c = self.leg("leg-c", "CON-2", BOB, NUMBER)
        self.talk("CON-1")
        self.talk("CON-2", name=f"room-{ALICE}")
        self.recording("rec-1", "CON-1")
        self.recording("rec-2", "CON-2")
        self.delivery(1, "leg:leg-a", {"from": ALICE})
        self.delivery(2, "leg:leg-b", {"from": NUMBER, "note": f"for {ALICE}"})
        self.delivery(3, "leg:leg-c", {"from": BOB, "id": f"9{ALICE}"})
        self.delivery(4, "leg:leg-c", {"asked": int(ALICE)})
        self.delivery(5, "leg:leg-c", {"asked": ALICE}, state="pending")
        self.journal = FileJournal(here.settings.journal_dir, SystemClock())
        self.journal.write(1, "leg-a", "CON-1", "x", {"from": ALICE})
        self.journal.write(2, "leg-b", "CON-1", "x", {"for": ALICE})
        self.journal.write(3, None, "CON-1", "x", {"for": ALICE})
        self.journal.write(4, "leg-c", "CON-2", "x", {"from": BOB})

    def leg(self, name: str, talk: str, caller: str, callee: str, **more: Any) -> Leg:
        to, from_ = {"type": "phone", "number": callee}, {"type": "phone", "number": caller}
        row = Leg(name, "a", "app", talk, "inbound", to, from_, "completed", 1, ended_at=2, **more)
        self.here.database.transact(lambda c: legs.insert(c, row))
        return row

    def talk(self, talk: str, **more: Any) -> None:
        row = replace(Conversation(talk, "a", "app", None, 1, 2), **more)
        self.here.database.transact(lambda c: conversations.insert(c, row))

    def recording(self, name: str, talk: str) -> None:
        path = f"recordings/{name}.mp3"
        (self.data_dir / path).write_bytes(b"sound")
        row = Recording(name, f"file-{name}", "a", "app", talk, None, "ready", "mp3", 1, 1, size=5, path=path)
        self.here.database.transact(lambda c: recordings.insert(c, row))

    def delivery(self, number: int, key: str, body: Any, state: str = "delivered") -> None:
        row = Delivery(
            f"hook-{number}", "a", "app", key, number, "status", "POST", "http://app.test/e", body,
            True, 1, 1, False, state, 1, 1,
        )  # fmt: skip
        self.here.database.transact(lambda c: deliveries.insert(c, row))

    @property
    def left(self) -> dict[str, list[str]]:
        def read(connection: Any) -> dict[str, list[str]]:
            return {
                "legs": sorted(row.leg_id for row in legs.list(connection).rows),
                "talks": sorted(row.conversation_id for row in conversations.list(connection).rows),
                "recordings": sorted(row.recording_id for row in recordings.list(connection).rows),
                "hooks": sorted(row.delivery_id for row in deliveries.list(connection).rows),
            }

        return self.here.database.look(read)

    def body(self, number: int) -> Any:
        row = self.here.database.look(lambda c: deliveries.get(c, f"hook-{number}"))
        return row and row.body

    @property
    def bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.data_dir.rglob("*")) if path.is_file())


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Scene]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(erasure, "PORTION", 1)
    with workspace() as here:
        ensure(here)
        made = Scene(here)
        yield made
        made.journal.close()


def run(*options: str) -> Result:
    return CliRunner().invoke(module.command(), options)


def told(*options: str) -> dict[str, Any]:
    done = run(*options, "--yes", "--json")
    assert done.exit_code == 0, done.output
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_number_goes_with_everything_of_it(scene: Scene) -> None:
    report = told("--number", "+1 (555) 010-0777")
    assert report == {
        "dry_run": False,
        "calls": 1,
        "conversations": 0,
        "recordings": 1,
        "recorded_bytes": 5,
        "webhooks": 1,
        "masked_rows": {"legs": 1, "conversations": 1, "deliveries": 2},
        "journal_lines": 1,
        "journal_lines_masked": 2,
        "journal_files": 1,
        "database_log_emptied": True,
    }
    assert scene.left == {
        "legs": ["leg-b", "leg-c"],
        "talks": ["CON-1", "CON-2"],
        "recordings": ["rec-2"],
        "hooks": ["hook-2", "hook-3", "hook-4", "hook-5"],
    }
    assert scene.body(2) == {"from": NUMBER, "note": f"for {MASKED}"}
    assert scene.body(3) == {"from": BOB, "id": f"9{ALICE}"}
    assert scene.body(4) == {"erased": True}
    assert scene.body(5) == {"asked": ALICE}, "it still has to be delivered"
    kept = scene.here.database.look(lambda c: legs.get(c, "leg-b"))
    assert kept is not None
    assert kept.event_url == f"http://app.test/e?about=%2B{MASKED}"
    room = scene.here.database.look(lambda c: conversations.get(c, "CON-2"))
    assert room is not None
    assert room.name == f"room-{MASKED}"
    assert [line.data for line in scene.journal.read("leg-b")] == [{"for": MASKED}]
    assert scene.journal.read("leg-a") == []
    assert [path.name for path in (scene.data_dir / "recordings").iterdir()] == ["rec-2.mp3"]


def test_not_a_byte_of_the_number_is_left_in_the_data_directory(scene: Scene) -> None:
    scene.here.database.transact(lambda c: deliveries.change(c, "hook-5", state="delivered"))
    scene.here.database.transact(lambda c: deliveries.change(c, "hook-3", body={}))
    assert ALICE.encode() in scene.bytes
    told("--number", ALICE)
    assert ALICE.encode() not in scene.bytes
    assert BOB.encode() in scene.bytes


def test_one_call_goes_and_the_others_stay(scene: Scene) -> None:
    report = told("--call", "leg-c")
    assert (report["calls"], report["conversations"], report["recordings"]) == (1, 1, 1)
    assert (report["webhooks"], report["masked_rows"], report["journal_lines"]) == (3, {}, 1)
    assert scene.left == {
        "legs": ["leg-a", "leg-b"],
        "talks": ["CON-1"],
        "recordings": ["rec-1"],
        "hooks": ["hook-1", "hook-2"],
    }
    assert scene.journal.read("leg-c") == []
    assert len(scene.journal.read("leg-a")) == 1


def test_a_conversation_stays_for_those_who_were_in_it(scene: Scene) -> None:
    report = told("--call", "leg-a")
    assert (report["conversations"], report["recordings"]) == (0, 1)
    assert scene.left["talks"] == ["CON-1", "CON-2"]
    assert told("--call", "leg-b")["conversations"] == 1
    assert scene.left["talks"] == ["CON-2"]
    assert scene.journal.read("CON-1") == []


def test_a_dry_run_tells_the_same_and_changes_nothing(scene: Scene) -> None:
    before, left = scene.left, scene.journal.read("leg-a")
    done = run("--number", ALICE, "--dry-run", "--json")
    assert (scene.left, scene.journal.read("leg-a")) == (before, left)
    foretold = json.loads(done.stdout)
    report = told("--number", ALICE)
    assert foretold == report | {"dry_run": True, "database_log_emptied": None}
    again = told("--number", ALICE)
    assert (again["calls"], again["masked_rows"], again["journal_lines_masked"]) == (0, {}, 0)


def test_what_is_live_is_not_erased(scene: Scene) -> None:
    scene.here.database.transact(lambda c: legs.change(c, "leg-a", status="answered"))
    done = run("--number", ALICE, "--yes")
    assert isinstance(done.exception, Conflict)
    assert str(done.exception).startswith("1 calls or recordings are not over yet: leg-a; end them first")
    scene.here.database.transact(lambda c: legs.change(c, "leg-a", status="completed"))
    scene.here.database.transact(lambda c: recordings.change(c, "rec-1", status="finalising"))
    assert "rec-1" in str(run("--call", "leg-a", "--yes").exception)
    assert "leg-a" in scene.left["legs"]


@pytest.fixture
def server(scene: Scene) -> Iterator[None]:
    """Holds the data directory as a running server does."""
    path = scene.data_dir / "run" / "lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.usefixtures("server")
def test_webhooks_that_a_server_has_still_to_send_are_waited_for(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.delivery(6, "leg:leg-a", {"from": ALICE}, state="pending")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            scene.here.database.transact(lambda c: deliveries.change(c, "hook-6", state="delivered"))

    monkeypatch.setattr("offhook.cli.erase.sleep", wait)
    assert json.loads(run("--number", ALICE, "--dry-run", "--json").output)["webhooks"] == 2
    assert waits == []
    assert run("--number", ALICE, "--yes").exit_code == 0
    assert len(waits) == 3
    assert scene.left["hooks"] == ["hook-2", "hook-3", "hook-4", "hook-5"]


@pytest.mark.usefixtures("server")
def test_but_not_for_ever(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.delivery(6, "leg:leg-a", {"from": ALICE}, state="pending")
    monkeypatch.setattr(module, "PATIENCE_S", -1.0)
    done = run("--call", "leg-a", "--yes")
    assert isinstance(done.exception, Conflict)
    assert str(done.exception).startswith("1 webhooks of it are still being sent: hook-6; run this again")
    assert "hook-6" in scene.left["hooks"]


def test_without_a_server_nobody_sends_them(scene: Scene) -> None:
    scene.delivery(6, "leg:leg-a", {"from": ALICE}, state="pending")
    assert run("--call", "leg-a", "--yes").exit_code == 0
    assert "hook-6" not in scene.left["hooks"]


def test_a_number_of_the_installation_needs_a_word_more(scene: Scene) -> None:
    done = run("--number", NUMBER, "--yes")
    assert isinstance(done.exception, Conflict)
    assert "give --own" in str(done.exception)
    assert told("--number", NUMBER, "--own")["calls"] == 3
    assert scene.left["legs"] == []


def test_nothing_goes_unasked(scene: Scene) -> None:
    done = run("--number", ALICE)
    assert done.exit_code == 2
    assert "give --yes, or --dry-run" in done.stderr
    assert "leg-a" in scene.left["legs"]


def test_wrong_use_is_told(scene: Scene) -> None:
    assert run().exit_code == run("--number", ALICE, "--call", "leg-a").exit_code == 2
    assert isinstance(run("--call", "nobody", "--yes").exception, NotFound)
    assert "--number" in str(run("--number", "12", "--yes").exception)
