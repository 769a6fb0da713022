"""`offhook webhooks`: what was told and what could not be, read and asked for again without a server."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from offhook.cli import webhooks
from offhook.cli.context import workspace
from offhook.cli.init import ensure
from offhook.storage import deliveries
from offhook.storage.records import Delivery

REASON = "Received HTTP status 500."


def delivery(number: int, account: str, state: str, **changed: Any) -> Delivery:
    given: dict[str, Any] = {
        "delivery_id": f"00000000-0000-4000-8000-00000000000{number}",
        "account_id": account,
        "application_id": "app",
        "order_key": f"leg:leg-{number % 2}",
        "sequence": number,
        "kind": "status",
        "method": "POST",
        "url": "http://app.test/event",
        "body": {"uuid": f"leg-{number % 2}", "status": "completed"},
        "signed": True,
        "connect_timeout_ms": 1000,
        "socket_timeout_ms": 1000,
        "expects_ncco": False,
        "state": state,
        "attempts": 2,
        "created_at": 1_000_000 + number,
        "last_error": REASON if state == "failed" else None,
        "last_status": 500 if state == "failed" else None,
        "finished_at": 2_000_000,
    }
    return Delivery(**{**given, **changed})


@pytest.fixture(autouse=True)
def _installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    with workspace() as here:
        ensure(here)
        account = here.account().account_id
        for row in (
            delivery(1, account, "delivered"),
            delivery(2, account, "failed"),
            delivery(3, account, "failed"),
            delivery(4, account, "failed", expects_ncco=True, kind="input", body={"dtmf": "1"}),
            delivery(5, "somebody-else", "failed"),
        ):
            here.database.transact(lambda c, row=row: deliveries.insert(c, row))  # type: ignore[misc]


def run(*arguments: str) -> Any:
    result = CliRunner().invoke(webhooks.command(), list(arguments))
    assert result.exception is None, result.output
    return result.output


def ids(output: str) -> list[str]:
    return [row["id"][-1] for row in json.loads(output)]


def state(number: int) -> Delivery:
    with workspace() as here:
        found = here.database.transact(
            lambda c: deliveries.get(c, f"00000000-0000-4000-8000-00000000000{number}")
        )
        assert found is not None
        return found


def test_lists_are_the_accounts_own_the_newest_first() -> None:
    assert ids(run("list", "--json")) == ["4", "3", "2", "1"]
    assert ids(run("list", "--json", "--state", "delivered")) == ["1"]
    assert ids(run("list", "--json", "--uuid", "leg-1")) == ["3", "1"]
    assert "http://app.test/event" in run("list")


def test_failed_ones_are_shown_with_their_reason() -> None:
    found = json.loads(run("failed", "--json"))
    assert [row["id"][-1] for row in found] == ["4", "3", "2"]
    assert {row["error"] for row in found} == {REASON}
    assert REASON in run("failed")


def test_one_is_shown_with_its_body() -> None:
    found = json.loads(run("show", state(2).delivery_id, "--json"))
    assert (found["state"], found["error"], found["http_status"]) == ("failed", REASON, 500)
    assert found["body"] == {"uuid": "leg-0", "status": "completed"}
    missing = CliRunner().invoke(webhooks.command(), ["show", "nothing"])
    assert "there is no webhook nothing" in str(missing.exception)


def test_a_resent_one_waits_under_the_id_it_has() -> None:
    assert "within a second" in run("resend", state(2).delivery_id)
    after = state(2)
    assert (after.state, after.last_error, after.attempts) == ("pending", None, 2)
    assert after.requeued_at is not None
    again = CliRunner().invoke(webhooks.command(), ["resend", after.delivery_id])
    assert "is pending" in str(again.exception)


def test_all_that_can_be_sent_again() -> None:
    run("resend", "--all")
    assert [state(number).state for number in (2, 3, 4, 5)] == ["pending", "pending", "failed", "failed"]
    assert state(2).requeued_at == state(3).requeued_at
    assert "No webhook has failed." in run("resend", "--all")


@pytest.mark.parametrize("arguments", [["resend"], ["resend", "--all", "one"]])
def test_either_names_or_all(arguments: list[str]) -> None:
    result = CliRunner().invoke(webhooks.command(), arguments)
    assert result.exit_code == 2
    assert "give --all" in result.output


def test_one_whose_call_waited_for_an_ncco_is_refused() -> None:
    result = CliRunner().invoke(webhooks.command(), ["resend", state(4).delivery_id])
    assert "no longer waits" in str(result.exception)
    assert state(4).state == "failed"
