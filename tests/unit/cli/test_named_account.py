"""`--account`: with it, ids of other accounts are nobody's; without it, an id is good wherever it belongs."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from offhook.cli import accounts as accounts_command
from offhook.cli import apps, call, calls, erase, init, inspect, numbers, recordings, rest, webhooks
from offhook.cli.context import Workspace, workspace
from offhook.core.clock import SystemClock
from offhook.core.errors import Conflict, NotFound, OffhookError
from offhook.core.journal_file import FileJournal
from offhook.core.journal_reader import read
from offhook.security.keys import make_pair
from offhook.storage import application_keys, conversations, deliveries, legs
from offhook.storage import recordings as recording_rows
from offhook.storage.application_keys import ApplicationKey
from offhook.storage.records import Conversation, Delivery, Leg, Recording

ALICE = "15550100777"


@dataclass(frozen=True)
class Two:
    """The account of the installation and a second one; `leg-a`, `rec-a` … are the first one's."""

    here: Workspace
    first: dict[str, Any]
    second: dict[str, Any]


def run(command: click.Command, *arguments: str) -> Any:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=True)
    if isinstance(done.exception, OffhookError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@contextlib.contextmanager
def installation(place: Path) -> Iterator[Two]:
    """An installation with both accounts, which commands find until the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("OFFHOOK_DATA_DIR", str(place / "var"))
        patch.delenv("OFFHOOK_ACCOUNT", raising=False)
        first = json.loads(run(init.command(), "--json"))
        second = json.loads(run(accounts_command.command(), "create", "--name", "second", "--json"))
        with workspace() as here:
            made = Two(here, first, second)
            fill(made)
            yield made


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """For tests that change nothing."""
    with installation(tmp_path_factory.mktemp("two")) as made:
        yield made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Two]:
    with installation(tmp_path) as made:
        yield made


def fill(two: Two) -> None:
    journal = FileJournal(two.here.settings.journal_dir, SystemClock())
    firsts = two.here.account().account_id
    for number, (mark, account) in enumerate((("a", firsts), ("b", two.second["id"])), 1):
        sides = {"type": "phone", "number": ALICE}, {"type": "phone", "number": "15550109000"}
        talk = f"CON-{mark}"
        leg = Leg(f"leg-{mark}", account, f"app-{mark}", talk, "inbound", *sides, "completed", 1, ended_at=2)
        path = f"recordings/{mark}.mp3"
        (two.here.settings.data_dir / path).write_bytes(b"sound")
        sound = Recording(
            f"rec-{mark}",
            f"file-{mark}",
            account,
            leg.application_id,
            talk,
            None,
            "ready",
            "mp3",
            1,
            1,
            path=path,
        )
        hook = Delivery(
            f"hook-{mark}", account, leg.application_id, f"other:{mark}", number, "status", "POST",
            "http://app.test/e", {"about": ALICE}, True, 1, 1, False, "failed", 1, 1,
        )  # fmt: skip

        def write(connection: Any, leg: Leg = leg, sound: Recording = sound, hook: Delivery = hook) -> None:
            legs.insert(connection, leg)
            room = Conversation(leg.conversation_id, leg.account_id, leg.application_id, None, 1, 2)
            conversations.insert(connection, room)
            conversations.insert(
                connection, replace(room, conversation_id=f"{room.conversation_id}-2", name=f"room {ALICE}")
            )
            recording_rows.insert(connection, sound)
            deliveries.insert(connection, hook)

        two.here.database.transact(write)
        journal.write(number, leg.leg_id, talk, "x", {"from": ALICE})
        journal.write(number + 10, None, f"{talk}-2", "x", {"for": ALICE})
    journal.write(99, None, None, "x", {"nobody": ALICE})
    journal.close()


COMMANDS = [
    (apps, "show APP"),
    (apps, "update APP --name mine"),
    (apps, "delete APP"),
    (calls, "show leg-a"),
    (calls, "hangup leg-a"),
    (recordings, "show rec-a"),
    (recordings, "show file-a"),
    (recordings, "save rec-a copy.mp3"),
    (recordings, "delete rec-a"),
    (webhooks, "show hook-a"),
    (webhooks, "resend hook-a"),
    (inspect, "leg-a"),
    (inspect, "CON-a"),
    (erase, "--call leg-a --yes"),
    (numbers, f"show {init.NUMBER}"),
    (numbers, f"delete {init.NUMBER}"),
]


@pytest.mark.parametrize(
    ("module", "line"), COMMANDS, ids=[f"{module.__name__} {line}" for module, line in COMMANDS]
)
def test_an_id_of_another_account_is_nobodys(
    two: Two, monkeypatch: pytest.MonkeyPatch, module: Any, line: str
) -> None:
    monkeypatch.setenv("OFFHOOK_ACCOUNT", "second")
    theirs = line.replace("APP", two.first["application_id"])
    nobodys = line.replace("APP", "app-x").replace(init.NUMBER, "15550101111").replace("-a", "-x")
    told = []
    for each in (theirs, nobodys):
        with pytest.raises(NotFound) as caught:
            run(module.command(), *each.split())
        told.append(str(caught.value))
    ids = {one: other for one, other in zip(theirs.split(), nobodys.split(), strict=True) if one != other}
    assert len(ids) == 1
    for one, other in ids.items():
        assert told[0].replace(one, other) == told[1]


def test_without_it_ids_of_every_account_are_good(two: Two) -> None:
    assert json.loads(run(calls.command(), "show", "leg-b", "--json"))["uuid"] == "leg-b"
    assert json.loads(run(recordings.command(), "show", "rec-b", "--json"))["file_id"] == "file-b"
    assert json.loads(run(webhooks.command(), "show", "hook-b", "--json"))["id"] == "hook-b"
    assert len(json.loads(run(inspect.command(), "leg-b", "--json"))) == 1


def test_and_with_the_right_one(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_ACCOUNT", two.second["api_key"])
    assert json.loads(run(calls.command(), "show", "leg-b", "--json"))["uuid"] == "leg-b"
    assert len(json.loads(run(inspect.command(), "CON-b-2", "--json"))) == 1
    assert [each["uuid"] for each in json.loads(run(calls.command(), "list", "--json"))] == ["leg-b"]


def test_a_number_is_erased_in_the_account_alone(fresh: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_ACCOUNT", "second")
    foretold = json.loads(run(erase.command(), "--number", ALICE, "--dry-run", "--json"))
    done = json.loads(run(erase.command(), "--number", ALICE, "--yes", "--json"))
    for report in (foretold, done):
        assert (report["calls"], report["recordings"], report["masked_rows"]) == (
            1,
            1,
            {"conversations": 1, "deliveries": 1},
        )
        assert (report["journal_lines"], report["journal_lines_masked"]) == (1, 2)
    assert (fresh.here.settings.data_dir / "recordings/a.mp3").exists()
    assert not (fresh.here.settings.data_dir / "recordings/b.mp3").exists()
    rows = fresh.here.database.look(lambda c: (legs.list(c).rows, conversations.list(c).rows))
    assert [row.leg_id for row in rows[0]] == ["leg-a"]
    assert sorted(str(row.name) for row in rows[1]) == ["None", f"room {ALICE}", "room xxxxxxxxxxx"]
    lines = {key: str(read(fresh.here.settings.journal_dir, key)) for key in ("leg-a", "CON-a-2", "CON-b-2")}
    assert [ALICE in text for text in lines.values()] == [True, True, False]


def test_erased_without_it_the_number_is_nowhere(fresh: Two) -> None:
    done = json.loads(run(erase.command(), "--number", ALICE, "--yes", "--json"))
    assert (done["calls"], done["journal_lines"], done["journal_lines_masked"]) == (2, 2, 3)


def test_whose_call_it_is_and_from_which_number(fresh: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call.first_number(fresh.here) == init.NUMBER
    assert call.first_application(fresh.here) == fresh.first["application_id"]
    monkeypatch.setenv("OFFHOOK_ACCOUNT", "second")
    with pytest.raises(NotFound, match="has no number"):
        call.first_number(fresh.here)
    with pytest.raises(NotFound, match="has no application"):
        call.first_application(fresh.here)
    made = json.loads(run(apps.command(), "create", "--name", "own", "--json"))
    run(numbers.command(), "create", "15550103000", "--app-id", made["id"])
    assert call.first_number(fresh.here) == "15550103000"
    assert call.first_application(fresh.here) == made["id"]
    assert rest.private_key(fresh.here, made["id"]) == Path(made["private_key"]).read_text()


def test_the_key_that_a_command_speaks_with(fresh: Two) -> None:
    pair = make_pair()
    sealed = fresh.here.sealer.seal(pair.private_key.encode())
    kept = ApplicationKey("app-b", fresh.second["id"], pair.public_key, sealed, 1)
    assert rest.private_key(fresh.here, fresh.first["application_id"]).startswith("-----BEGIN PRIVATE KEY")
    with pytest.raises(NotFound, match=r"private-app-b\.key"):
        rest.private_key(fresh.here, "app-b")
    fresh.here.database.transact(lambda c: application_keys.insert(c, kept))
    assert rest.private_key(fresh.here, "app-b") == pair.private_key


def test_a_forwarded_call_is_nobodys_to_hang_up(fresh: Two) -> None:
    leg = fresh.here.database.look(lambda c: legs.get(c, "leg-b"))
    assert leg is not None
    fresh.here.database.transact(lambda c: legs.insert(c, replace(leg, leg_id="leg-f", application_id="")))
    with pytest.raises(Conflict, match="forwarded"):
        run(calls.command(), "hangup", "leg-f")
