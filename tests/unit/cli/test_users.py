"""`offhook users`: the users of an application."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from offhook.cli import apps, init, users
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.http.errors import InvalidFields


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    done = CliRunner().invoke(init.command(), ["--json"], catch_exceptions=False)
    found: dict[str, Any] = json.loads(done.output)
    return found


def run(*arguments: str) -> Any:
    done = CliRunner().invoke(users.command(), [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_a_user_from_its_making_to_its_end(known: dict[str, Any]) -> None:
    channels = {"sip": [{"uri": "sip:jan@example.com", "password": "p"}]}
    made = run(
        "create", "--name", "jan", "--display-name", "Jan", "--ttl", "60", "--custom-data", '{"a": 1}',
        "--channels", json.dumps(channels), "--image-url", "https://example.com/j.png",
    )  # fmt: skip
    assert made["id"].startswith("USR-")
    assert made["application_id"] == known["application_id"]
    assert made["channels"] == channels
    assert made["properties"] == {"custom_data": {"a": 1}, "ttl": 60}
    assert run("show", "jan") == run("show", made["id"]) == made
    assert run("list") == [{"id": made["id"], "name": "jan", "display_name": "Jan"}]
    changed = run("update", "jan", "--name", "johan", "--ttl", "61", "--channels", "{}")
    assert (changed["name"], changed["display_name"], changed["channels"]) == ("johan", "Jan", {})
    assert changed["properties"] == {"custom_data": {"a": 1}, "ttl": 61}
    assert run("list", "--name", "jan") == []
    done = CliRunner().invoke(users.command(), ["delete", "johan"], catch_exceptions=False)
    assert made["id"] in done.output
    assert run("list") == []


def test_users_of_another_application() -> None:
    made = CliRunner().invoke(apps.command(), ["create", "--name", "B", "--json"], catch_exceptions=False)
    other = json.loads(made.output)["id"]
    run("create", "--name", "jan")
    run("create", "--name", "jan", "--app-id", other)
    assert len(run("list", "--app-id", other)) == 1
    with pytest.raises(NotFound, match="offhook users list"):
        run("show", "nobody", "--app-id", other)
    with pytest.raises(NotFound, match="--app-id"):
        run("list", "--app-id", "nothing")


def test_a_listing_is_longer_than_one_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "PORTION", 2)
    names = [run("create")["name"] for _ in range(5)]
    assert all(name.startswith("NAM-") for name in names)
    assert [each["name"] for each in run("list")] == names


@pytest.mark.parametrize(
    ("options", "kind", "word"),
    [
        (["--custom-data", "{"], Invalid, "--custom-data"),
        (["--custom-data", "[]"], InvalidFields, "custom_data"),
        (["--custom-data", '{"a": NaN}'], Invalid, "--custom-data: is not valid JSON: NaN"),
        (["--custom-data", '{"a": "\\ud800"}'], Invalid, "--custom-data: a holds half of a surrogate pair"),
        (["--custom-data", "[" * 100_000], Invalid, "--custom-data"),
        (
            ["--channels", '{"sip": ' + "[" * 100 + "]" * 100 + "}"],
            Invalid,
            "--channels: is nested more than",
        ),
        (["--channels", '{"pstn": [{}]}'], InvalidFields, "channels.pstn"),
        (["--ttl", "-1"], InvalidFields, "ttl"),
        (["--name", ""], InvalidFields, "name"),
        (["--name", "jan"], Conflict, "unique"),
    ],
)
def test_what_cannot_be_made(options: list[str], kind: type[Exception], word: str) -> None:
    run("create", "--name", "jan")
    with pytest.raises(kind, match=word):
        run("create", *options)
