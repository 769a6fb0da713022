"""`offhook apps`: changes beside a running server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jwt import decode
from sqlalchemy import Connection

from offhook.cli import apps, init
from offhook.cli.context import workspace
from offhook.core.errors import NotFound
from offhook.storage import applications
from offhook.testing.provision import key_pair


def run(group: Any, *arguments: str) -> Any:
    done = CliRunner().invoke(group, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_what_a_server_changes_meanwhile_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    id = run(init.command())["application_id"]
    pem = tmp_path / "public.key"
    pem.write_text(key_pair().public_key)

    def renamed(connection: Connection) -> None:
        found = applications.get(connection, id)
        assert found is not None
        applications.update(connection, replace(found, name="renamed"))

    def looked(*arguments: Any) -> str:
        with workspace() as here:
            here.database.transact(renamed)
        return key_pair().public_key

    monkeypatch.setattr(apps, "public_key_from", looked)
    run(apps.command(), "update", id, "--public-key", str(pem), "--answer-url", "https://app.example/answer")
    shown = run(apps.command(), "show", id)
    assert shown["name"] == "renamed"
    assert shown["capabilities"]["voice"]["webhooks"]["answer_url"]["address"] == "https://app.example/answer"


def test_a_token_speaks_for_an_application(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first one, or the one that is named, where its private key is here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    first = run(init.command())["application_id"]
    other = run(apps.command(), "create", "--name", "other")["id"]
    for words, id, life in (([], first, 900), ([other], other, 900), ([first, "--minutes", "2"], first, 120)):
        done = CliRunner().invoke(apps.command(), ["token", *words], catch_exceptions=False)
        with workspace() as here:
            application = apps.find(here, id)
            claims = decode(done.output.strip(), application.public_key, algorithms=["RS256"])
        assert (claims["application_id"], claims["exp"] - claims["iat"]) == (id, life)
    with pytest.raises(NotFound, match="there is no application nobody"):
        CliRunner().invoke(apps.command(), ["token", "nobody"], catch_exceptions=False)
