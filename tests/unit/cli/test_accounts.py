"""`offhook accounts`: tenants, their secrets, and what goes with one that is deleted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from offhook.cli import accounts as command
from offhook.cli import apps, init, numbers, trunks
from offhook.cli.context import Workspace, workspace
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.security.passwords import hint_key, hint_of, matches
from offhook.storage import accounts, applications
from offhook.storage import numbers as number_rows


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.delenv("OFFHOOK_ACCOUNT", raising=False)


@pytest.fixture
def first() -> dict[str, Any]:
    """What init made."""
    found: dict[str, Any] = run(init.command())
    return found


@pytest.fixture
def here() -> Iterator[Workspace]:
    with workspace() as opened:
        yield opened


def run(group: click.Command, *arguments: str, json_too: bool = True) -> Any:
    options = ["--json"] if json_too else []
    done = CliRunner().invoke(group, [*arguments, *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output) if json_too else done.output


def made(name: str = "second tenant") -> dict[str, Any]:
    found: dict[str, Any] = run(command.command(), "create", "--name", name)
    return found


def test_a_second_account_and_its_secrets_once(first: dict[str, Any], here: Workspace) -> None:
    shown = made()
    assert shown["status"] == "active"
    assert (len(shown["api_key"]), len(shown["api_secret"])) == (8, 16)
    listed = run(command.command(), "list")
    assert [each["api_key"] for each in listed] == [first["api_key"], shown["api_key"]]
    again = run(command.command(), "show", shown["api_key"])
    assert again["owns"]["applications"] == 0
    assert shown["api_secret"] not in json.dumps([listed, again])
    [stored] = here.database.transact(lambda c: accounts.secrets(c, shown["id"]))
    assert matches(shown["api_secret"], stored.hash)
    assert stored.hint == hint_of(hint_key(here.sealer), shown["api_secret"])


def test_an_account_is_found_by_key_id_or_name_that_is_not_of_several(first: dict[str, Any]) -> None:
    shown = made("tenant")
    for text in (shown["api_key"], shown["id"], "tenant"):
        assert run(command.command(), "show", text)["id"] == shown["id"]
    made("tenant")
    with pytest.raises(Conflict, match="give the API key"):
        run(command.command(), "show", "tenant")
    with pytest.raises(NotFound, match="offhook accounts list"):
        run(command.command(), "show", "nobody")


def test_rename_suspend_and_resume(first: dict[str, Any]) -> None:
    key = made()["api_key"]
    once = run(command.command(), "update", key, "--name", "Another", "--suspend")
    assert (once["name"], once["status"]) == ("Another", "suspended")
    twice = run(command.command(), "update", key, "--suspend")
    assert twice["suspended_at"] == once["suspended_at"]
    back = run(command.command(), "update", key, "--resume")
    assert (back["name"], back["status"], back["suspended_at"]) == ("Another", "active", None)
    with pytest.raises(Invalid, match="--name"):
        run(command.command(), "update", key, "--name", "two\nlines")


def test_secrets_are_replaced_one_by_one(first: dict[str, Any], here: Workspace) -> None:
    shown = made()
    key = shown["api_key"]
    [old] = run(command.command(), "secrets", "list", key)
    with pytest.raises(Conflict, match="only API secret"):
        run(command.command(), "secrets", "revoke", key, old["id"], json_too=False)
    new = run(command.command(), "secrets", "add", key, "--secret", "Chosen4Secret")
    assert new["api_secret"] == "Chosen4Secret"
    with pytest.raises(Conflict, match="at most 2"):
        run(command.command(), "secrets", "add", key)
    run(command.command(), "secrets", "revoke", key, old["id"], json_too=False)
    [left] = here.database.transact(lambda c: accounts.secrets(c, shown["id"]))
    assert matches("Chosen4Secret", left.hash)
    assert not matches(shown["api_secret"], left.hash)
    with pytest.raises(NotFound, match="no API secret"):
        run(command.command(), "secrets", "revoke", key, old["id"], json_too=False)


@pytest.mark.parametrize(
    "weak", ["short1A", "x" * 26 + "A1", "nodigitsHere", "nouppercase1", "NOLOWERCASE1", "Späces1AA"]
)
def test_a_chosen_secret_has_a_form(first: dict[str, Any], weak: str) -> None:
    with pytest.raises(Invalid, match="8 to 25 characters"):
        run(command.command(), "secrets", "add", first["api_key"], "--secret", weak)


def test_init_shows_the_newest_secrets_of_its_account(first: dict[str, Any]) -> None:
    key = first["api_key"]
    added = run(command.command(), "secrets", "add", key)
    turned = run(command.command(), "signature", "rotate", key)
    now = run(init.command())
    assert (now["api_secret"], now["signature_secret"]) == (added["api_secret"], turned["signature_secret"])
    assert now["api_secret"] != first["api_secret"]
    assert now["signature_secret"] != first["signature_secret"]
    assert run(command.command(), "signature", "show", key) == turned
    told = run(command.command(), "secrets", "revoke", key, added["id"], json_too=False)
    assert "cannot show an API secret" in told
    assert run(init.command())["api_secret"] == ""


def test_the_other_accounts_keep_what_init_shows(first: dict[str, Any]) -> None:
    key = made()["api_key"]
    run(command.command(), "secrets", "add", key)
    run(command.command(), "signature", "rotate", key)
    assert run(init.command()) == first


def test_a_deleted_account_takes_along_what_it_owns_and_nothing_else(
    first: dict[str, Any], here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = made()
    monkeypatch.setenv("OFFHOOK_ACCOUNT", shown["api_key"])
    application = run(apps.command(), "create", "--name", "theirs")["id"]
    run(numbers.command(), "create", "15550109999", "--app-id", application)
    run(trunks.command(), "create", "carrier", "--host", "c.example")
    assert [each["id"] for each in run(apps.command(), "list")] == [application]
    assert [each["msisdn"] for each in run(numbers.command(), "list")] == ["15550109999"]
    assert [each["name"] for each in run(trunks.command(), "list")] == ["carrier"]
    owns = run(command.command(), "show", shown["api_key"])["owns"]
    assert (owns["applications"], owns["numbers"], owns["trunks"], owns["api_secrets"]) == (1, 1, 1, 1)
    refused = CliRunner().invoke(command.command(), ["delete", shown["api_key"]], input="n\n")
    assert refused.exit_code == 1
    assert "1 applications" in refused.output
    run(command.command(), "delete", shown["api_key"], "--yes", json_too=False)
    monkeypatch.delenv("OFFHOOK_ACCOUNT")
    assert [each["api_key"] for each in run(command.command(), "list")] == [first["api_key"]]
    gone = here.database.transact(lambda c: accounts.owned(c, shown["id"]))
    assert set(gone.values()) == {0}
    assert here.database.transact(lambda c: applications.get(c, first["application_id"])) is not None
    assert here.database.transact(lambda c: number_rows.get(c, first["number"])) is not None


def test_the_account_of_the_installation_is_not_deleted(first: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="--suspend"):
        run(command.command(), "delete", first["api_key"], "--yes", json_too=False)


def test_commands_name_an_account_that_is_not_there(
    first: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_ACCOUNT", "nobody")
    with pytest.raises(NotFound, match="offhook accounts list"):
        run(apps.command(), "list")
