"""`offhook trunks`: who may be dialled, and why not."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from offhook.cli import init, trunks
from offhook.core.errors import Invalid


@pytest.fixture(autouse=True)
def _data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("OFFHOOK_SIMULATOR", "false")
    CliRunner().invoke(init.command(), ["--json"], catch_exceptions=False)


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(trunks.command(), [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output)
    return found


def test_who_may_be_dialled() -> None:
    run("create", "carrier", "--host", "c.example", "--prefix", "+44", "--prefix", "!447")
    assert run("show", "carrier")["dials"] == "numbers that begin with 44; not with 447"
    assert run("route", "+44 (20) 7123-4567")["trunks"] == "carrier"
    assert run("route", "447912345678")["rule"] == "no-route"
    refused = run("route", "112")
    assert refused["rule"] == "emergency"
    assert "never dials" in refused["reason"]
    assert "give 442071234567" in run("route", "00442071234567")["reason"]


def test_destination_rules_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_DESTINATIONS__ALLOW", "44,31")
    monkeypatch.setenv("OFFHOOK_DESTINATIONS__DENY", "3190")
    run("create", "carrier", "--host", "c.example")
    assert run("route", "31201234567")["trunks"] == "carrier"
    assert run("route", "31901234567")["rule"] == "destination:deny:3190"
    assert run("route", "33612345678")["rule"] == "destination:not-allowed"


@pytest.mark.parametrize("prefix", ["044", "!", "4x", "!!44"])
def test_a_prefix_that_is_none(prefix: str) -> None:
    with pytest.raises(Invalid, match="not the beginning of an international number"):
        run("create", "carrier", "--host", "c.example", "--prefix", prefix)


def test_wrong_rules_stop_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_DESTINATIONS__DENY", "0044")
    with pytest.raises(Invalid, match="OFFHOOK_DESTINATIONS__DENY"):
        run("route", "31201234567")


def test_a_trunk_says_its_transport() -> None:
    assert run("create", "carrier", "--host", "c.example")["transport"] == "udp"
    assert run("update", "carrier", "--transport", "tcp")["transport"] == "tcp"
    assert run("update", "carrier", "--port", "5070")["transport"] == "tcp"
    wrong = ["create", "two", "--host", "c.example", "--transport", "tls"]
    done = CliRunner().invoke(trunks.command(), wrong)
    assert done.exit_code == 2
    assert "'tls' is not one of 'udp', 'tcp'" in done.output
