"""`offhook numbers`: numbers of an account, and the inventory they are bought from."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, event

from offhook.cli import accounts, init, numbers
from offhook.cli.context import Workspace
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.storage import inventory

OWN = "31201234567"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    done = CliRunner().invoke(init.command(), ["--json"], catch_exceptions=False)
    found: dict[str, Any] = json.loads(done.output)
    return found


def say(*arguments: str) -> str:
    done = CliRunner().invoke(numbers.command(), list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def run(*arguments: str) -> Any:
    return json.loads(say(*arguments, "--json"))


def offered(**options: str) -> list[str]:
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [each["msisdn"] for each in run("available", *arguments)]


def test_a_number_from_its_making_to_its_end(known: dict[str, Any]) -> None:
    made = run("create", "+31 (20) 123-4567", "--type", "mobile-lvn", "--features", "sms,voice")
    assert made == {
        "msisdn": OWN,
        "country": "NL",
        "type": "mobile-lvn",
        "features": "VOICE,SMS",
        "app_id": known["application_id"],
        "voice_callback_type": None,
        "voice_callback_value": None,
        "voice_status_callback": None,
    }
    assert run("update", OWN, "--app-id", "", "--country", "be")["app_id"] is None
    assert run("show", OWN)["country"] == "BE"
    assert [each["msisdn"] for each in run("list", "--pattern", "31")] == [OWN]
    assert [each["msisdn"] for each in run("list", "--country", "BE")] == [OWN]
    assert "Deleted" in say("delete", OWN)
    with pytest.raises(NotFound, match="offhook numbers list"):
        run("show", OWN)


def test_forwarding_is_set_changed_and_taken_away() -> None:
    run("create", OWN, "--app-id", "")
    status = ["--voice-status-callback", "https://app.example/ended"]
    to_phone = ["--voice-callback-type", "tel", "--voice-callback-value", "15550100742"]
    shown = run("update", OWN, *to_phone, *status)
    assert (shown["voice_callback_type"], shown["voice_callback_value"]) == ("tel", "15550100742")
    assert shown["voice_status_callback"] == "https://app.example/ended"
    assert (
        run("update", OWN, "--voice-callback-value", "15550100743")["voice_callback_value"] == "15550100743"
    )
    assert run("update", OWN, "--voice-callback-type", "")["voice_callback_value"] is None


def test_a_number_that_is_sold_meanwhile_is_not_taken_back(
    known: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running server gives it to another account while the command looks for the application."""
    run("create", OWN, "--app-id", "")
    looked = numbers._application

    def sold(here: Workspace, application_id: str) -> str:
        mine = here.account().account_id
        here.database.transact(lambda c: inventory.cancel(c, OWN, account_id=mine, now=1))
        here.database.transact(lambda c: inventory.buy(c, OWN, account_id="another", now=2))
        return looked(here, application_id)

    monkeypatch.setattr(numbers, "_application", sold)
    with pytest.raises(NotFound, match="not a number of this account"):
        run("update", OWN, "--app-id", known["application_id"])
    with pytest.raises(NotFound):
        run("show", OWN)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--voice-callback-value", "15550100742"], "stand together"),
        (["--voice-callback-type", "tel"], "stand together"),
        (["--voice-callback-type", "tel", "--voice-callback-value", "112"], "digits"),
        (["--voice-callback-type", "tel", "--voice-callback-value", OWN], "itself"),
        (["--voice-callback-type", "sip", "--voice-callback-value", "bob"], "SIP URI"),
        (["--voice-status-callback", "app.example"], "http"),
        (["--features", "FAX"], "VOICE, SMS, MMS"),
        (["--country", "NLD"], "two letters"),
    ],
)
def test_what_cannot_be_set(options: list[str], word: str) -> None:
    run("create", OWN)
    before = run("show", OWN)
    with pytest.raises(Invalid, match=word):
        run("update", OWN, *options)
    assert run("show", OWN) == before


def test_a_file_is_offered(tmp_path: Path) -> None:
    account = CliRunner().invoke(
        accounts.command(), ["create", "--name", "B", "--json"], catch_exceptions=False
    )
    key = json.loads(account.output)["api_key"]
    file = tmp_path / "numbers.csv"
    file.write_text(
        "msisdn,country,type,features,initial_price,monthly_price,account\n"
        "+31 97 0001 001,NL,mobile-lvn,VOICE;SMS,1.00,1.25,\n"
        f"442071838750,,,,,,{key}\n"
    )
    assert "2 of 2" in say("import", str(file), "--monthly-price", "0.5")
    assert run("available") == [
        {
            "msisdn": "31970001001",
            "country": "NL",
            "type": "mobile-lvn",
            "features": "VOICE,SMS",
            "initial_price": "1.00",
            "monthly_price": "1.25",
            "kept_for": None,
        },
        {
            "msisdn": "442071838750",
            "country": "GB",
            "type": "landline",
            "features": "VOICE",
            "initial_price": "0.00",
            "monthly_price": "0.50",
            "kept_for": key,
        },
    ]
    assert offered(country="gb") == ["442071838750"]
    assert offered(features="SMS,VOICE") == ["31970001001"]
    assert offered(type="landline", pattern="31") == []
    with pytest.raises(Conflict, match="in the inventory already"):
        say("import", str(file))
    assert "0 of 2" in say("import", str(file), "--skip-existing")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("number\n31970001001\n", "name columns out of: msisdn"),
        ("msisdn,colour\n31970001001,red\n", "name columns out of: msisdn"),
        ("", "name columns out of: msisdn"),
        ("msisdn\n31970001001\n0612345678\n", "line 3: msisdn: must begin with the country code"),
        ("msisdn,type\n31970001001,satellite\n", "line 2: type"),
        ("msisdn,features\n31970001001,FAX\n", "line 2: features"),
        ("msisdn,monthly_price\n31970001001,cheap\n", "line 2: monthly price"),
        ("msisdn,account\n31970001001,nobody\n", "line 2: account"),
        ("msisdn,country\n31970001001,NLD\n", "line 2: country"),
    ],
)
def test_a_file_with_a_mistake_is_not_taken_at_all(tmp_path: Path, text: str, word: str) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text(text)
    with pytest.raises(Invalid, match=word):
        say("import", str(file))
    assert offered() == []


@pytest.mark.parametrize("data", [b"msisdn\n\xff31970001001\n", b'msisdn\n"' + b"3" * 200_000 + b'"\n'])
def test_a_file_that_is_no_csv(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "numbers.csv"
    file.write_bytes(data)
    with pytest.raises(Invalid, match="must be CSV in UTF-8"):
        say("import", str(file))


def test_a_file_that_names_a_number_twice(tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("msisdn\n31970001001\n31970001002\n+31 97000 1001\n")
    with pytest.raises(Conflict, match="31970001001 is in the inventory already"):
        say("import", str(file))
    assert offered() == []
    assert "2 of 3" in say("import", str(file), "--skip-existing")


def test_listings_are_longer_than_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "PAGE", 2)
    say("range", "31970001000", "31970001003")
    assert offered() == [f"3197000100{each}" for each in range(4)]
    for each in range(3):
        run("buy", f"3197000100{each}")
    assert [each["msisdn"] for each in run("list", "--pattern", "3197")] == [
        f"3197000100{each}" for each in range(3)
    ]
    assert offered() == ["31970001003"]


def test_a_large_offer_keeps_other_writers_waiting_for_few_statements() -> None:
    statements: list[str] = []

    def counted(*arguments: Any) -> None:
        statements.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", counted)
    try:
        assert "1200 of 1200" in say("range", "31970001000", "31970002199")
    finally:
        event.remove(Engine, "before_cursor_execute", counted)
    assert sum("available_numbers" in each for each in statements) < 20


def test_a_range_is_offered_bought_given_back_and_withdrawn(known: dict[str, Any]) -> None:
    assert "3 of 3" in say("range", "31970001000", "31970001002", "--initial-price", "2")
    assert offered() == ["31970001000", "31970001001", "31970001002"]
    bought = run("buy", "31970001001", "--app-id", known["application_id"])
    assert (bought["msisdn"], bought["app_id"]) == ("31970001001", known["application_id"])
    assert offered() == ["31970001000", "31970001002"]
    with pytest.raises(NotFound, match="not available"):
        run("buy", "31970001001")
    with pytest.raises(Conflict, match="belongs to an account"):
        say("range", "31970001001", "31970001001")
    assert "can be bought again" in say("cancel", "31970001001")
    assert run("available", "--pattern", "31970001001")[0]["initial_price"] == "2.00"
    assert "2 of 3" in say("withdraw", "31970001000", "31970001001", "31970009999")
    assert offered() == ["31970001002"]


@pytest.mark.parametrize(
    ("first", "last"),
    [("31970001002", "31970001001"), ("31970001", "319700012"), ("31970000000", "31970100000")],
)
def test_a_range_that_is_none(first: str, last: str) -> None:
    with pytest.raises(Invalid, match="LAST"):
        say("range", first, last)


def test_a_number_of_the_inventory_is_bought_and_not_made() -> None:
    say("range", OWN, OWN)
    with pytest.raises(Conflict, match="offhook numbers buy"):
        run("create", OWN)
    with pytest.raises(Invalid, match="no application of this account"):
        run("buy", OWN, "--app-id", "nobody")
    assert offered() == [OWN]
