"""`offhook kpn clients`: made, shown, changed and deleted, with their secrets and quotas."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from offhook.cli import accounts, init, kpn
from offhook.cli.context import workspace
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.security.passwords import matches
from offhook.storage import clients, quotas


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("OFFHOOK_KPN__QUOTA_LIMIT", "77")
    CliRunner().invoke(init.command(), ["--json"], catch_exceptions=False)


def run(*arguments: str, plain: bool = False) -> Any:
    more = [] if plain else ["--json"]
    done = CliRunner().invoke(kpn.command(), ["clients", *arguments, *more], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output if plain else json.loads(done.output)


def test_a_client_from_first_to_last() -> None:
    assert run("list") == []
    made = run("create", "shop")
    assert len(made["client_id"]) == len(made["client_secret"]) == 32
    assert made["token_url"].endswith("/oauth/client_credential/accesstoken")
    assert made["quota"] == "77 in 1 day"
    shown = run("show", "shop")
    assert shown["client_id"] == made["client_id"]
    assert shown["quota_used"] == 0
    assert "client_secret" not in shown
    assert [each["name"] for each in run("list")] == ["shop"]
    assert run("update", made["client_id"], "--name", "desk", "--disable")["enabled"] is False
    assert run("update", "desk", "--enable")["enabled"] is True
    assert run("delete", "desk", "--yes", plain=True).startswith("Deleted ")
    assert run("list") == []


def test_credentials_that_programs_have_already() -> None:
    made = run("create", "shop", "--client-id", "A1b2C3d4", "--client-secret", "s3cret.of~old")
    assert (made["client_id"], made["client_secret"]) == ("A1b2C3d4", "s3cret.of~old")
    with workspace() as here:
        stored = here.database.transact(lambda c: clients.get(c, "A1b2C3d4"))
    assert stored is not None
    assert matches("s3cret.of~old", stored.secret_hash)


def test_a_new_secret_ends_the_tokens() -> None:
    made = run("create", "shop")

    def token(*, given: str) -> bool:
        with workspace() as here:
            now = here.clock.wall()
            return here.database.transact(lambda c: clients.by_token(c, given, now)) is not None

    with workspace() as here:
        client = kpn.find(here, "shop")
        now = here.clock.wall()
        far = now + 10**9
        here.database.transact(lambda c: clients.add_token(c, client, "t0ken", wall=now, expires_at=far))
    assert token(given="t0ken")
    changed = run("update", "shop", "--new-secret")
    assert changed["client_secret"] != made["client_secret"]
    assert not token(given="t0ken")


def test_quotas() -> None:
    run("create", "shop", "--limit", "5", "--interval", "2", "--unit", "hour")
    with workspace() as here:
        client = kpn.find(here, "shop")
        now = here.clock.wall()
        here.database.transact(lambda c: quotas.take(c, client.client_id, client.rule, now))
    shown = run("quota", "shop")
    assert (shown["quota_used"], shown["quota_limit"], shown["quota_interval"]) == (1, 5, 2)
    assert run("quota", "shop", "--limit", "9")["quota_used"] == 1
    assert run("quota", "shop", "--reset")["quota_used"] == 0
    moved = run("quota", "shop", "--unit", "month", "--interval", "1")
    assert (moved["quota_unit"], moved["quota_used"], moved["quota_limit"]) == ("month", 0, 9)


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (["show", "nobody"], NotFound, "offhook kpn clients list"),
        (["create", "shop"], Conflict, "already"),
        (["create", " "], Invalid, "NAME"),
        (["create", "b", "--client-id", "short"], Invalid, "--client-id"),
        (["create", "b", "--client-secret", "with space"], Invalid, "--client-secret"),
        (["create", "b", "--limit", "0"], Invalid, "--limit"),
        (["quota", "shop", "--interval", "0"], Invalid, "--interval"),
    ],
)
def test_what_is_refused(arguments: list[str], error: type[Exception], sentence: str) -> None:
    run("create", "shop")
    with pytest.raises(error, match=sentence):
        run(*arguments)


def test_clients_of_another_account_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    run("create", "shop")
    made = CliRunner().invoke(
        accounts.command(), ["create", "--name", "other", "--json"], catch_exceptions=False
    )
    monkeypatch.setenv("OFFHOOK_ACCOUNT", json.loads(made.output)["api_key"])
    assert run("list") == []
    assert run("create", "shop")["name"] == "shop"
