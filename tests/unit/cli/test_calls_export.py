"""`offhook calls export`: every record once, in order, filtered, as CSV or JSON, a portion at a time."""

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from offhook.cli import calls, calls_export
from offhook.cli.calls_export import COLUMNS, FORMULA
from offhook.cli.context import workspace
from offhook.cli.init import ensure
from offhook.storage import legs
from offhook.storage.records import Leg

DAY = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""
ALICE = "15550100777"


def leg(number: int, account: str, **changed: Any) -> Leg:
    given: dict[str, Any] = {
        "leg_id": f"leg-{number:03d}",
        "account_id": account,
        "application_id": "app",
        "conversation_id": "CON-1",
        "direction": "inbound",
        "to": {"type": "phone", "number": "15550100001"},
        "from_": {"type": "phone", "number": f"155501{number:05d}"},
        "status": "completed",
        "created_at": DAY + number // 2 * 1_000_000,
        "started_at": DAY + number * 1_000_000,
        "ended_at": DAY + number * 1_000_000 + 2_500_000,
        "price": 123_000_000,
    }
    return Leg(**(given | changed))


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setattr(calls_export, "PORTION", 3)
    with workspace() as here:
        ensure(here)
        account = here.account().account_id
        rows = [leg(number, account) for number in range(10)]
        rows += [
            leg(10, account, from_={"type": "sip", "uri": f"sip:{ALICE}@example.com"}, application_id="b"),
            leg(11, account, to={"type": "phone", "number": ALICE}, status="completed", cause="busy"),
            leg(12, account, from_={"type": "phone", "number": f"9{ALICE}"}, started_at=None),
            leg(13, account, from_={"type": "sip", "uri": '=cmd|" /C calc"!A0'}, detail="-1+2"),
            leg(14, "another account"),
        ]
        here.database.transact(lambda c: [legs.insert(c, row) for row in rows])


def run(*options: str) -> Result:
    return CliRunner().invoke(calls.command(), ["export", *options])


def uuids(*options: str) -> list[str]:
    return [record["uuid"] for record in json.loads(run("--format", "json", *options).stdout)]


def test_everything_as_csv() -> None:
    done = run()
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["uuid"] for row in rows] == [f"leg-{number:03d}" for number in range(14)]
    assert tuple(rows[0]) == COLUMNS
    assert rows[2] == {
        "uuid": "leg-002",
        "conversation_uuid": "CON-1",
        "application_id": "app",
        "direction": "inbound",
        "from": "15550100002",
        "to": "15550100001",
        "status": "completed",
        "detail": "",
        "sip_code": "",
        "disconnected_by": "",
        "created": "2026-01-01T00:00:01.000Z",
        "answered": "2026-01-01T00:00:02.000Z",
        "ended": "2026-01-01T00:00:04.500Z",
        "seconds": "2.5",
        "rate": "0.00000000",
        "price": "1.23000000",
        "network": "",
    }
    assert done.stderr == "14 calls exported.\n"


def test_what_a_caller_chose_is_no_formula() -> None:
    rows = list(csv.DictReader(io.StringIO(run().stdout)))
    assert (rows[13]["from"], rows[13]["detail"]) == ('\'=cmd|" /C calc"!A0', "'-1+2")


def test_the_same_as_json() -> None:
    records = json.loads(run("--format", "json").stdout)
    assert len(records) == 14
    assert (records[11]["status"], records[12]["seconds"], records[2]["seconds"]) == ("busy", None, 2.5)
    assert records[13]["from"].startswith("=cmd")
    assert json.loads(run("--format", "json", "--application-id", "none").stdout) == []


def test_filters() -> None:
    assert uuids("--application-id", "b") == ["leg-010"]
    assert uuids("--number", "+1 555 010-0777") == ["leg-010", "leg-011"]
    assert uuids("--date-start", "2026-01-01T00:00:06") == ["leg-012", "leg-013"]
    assert uuids("--date-end", "2026-01-01T01:00:01+01:00") == ["leg-000", "leg-001"]
    assert uuids("--date-start", "2026-01-02") == []
    assert uuids("--date-start", "2026-01-01", "--date-end", "2026-01-01T00:00:02", "--number", ALICE) == []


def test_a_file_is_there_when_it_is_whole_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.csv"
    assert run("--output", str(path)).exit_code == 0
    assert path.read_text() == run().stdout
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    monkeypatch.setattr(calls_export, "record", lambda leg: 1 / 0)
    assert run("--output", str(path)).exit_code == 1
    assert path.read_text() == before
    assert [each.name for each in tmp_path.glob("*.part")] == []


def test_few_rows_are_held_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    whole = legs.after

    def counted(*arguments: Any, **named: Any) -> Any:
        portion = whole(*arguments, **named)
        sizes.append(len(portion))
        return portion

    monkeypatch.setattr(legs, "after", counted)
    assert len(uuids()) == 14
    assert sizes == [3, 3, 3, 3, 2]


def test_a_wrong_date_is_named() -> None:
    done = run("--date-start", "yesterday")
    assert done.exit_code == 2
    assert "--date-start: 'yesterday' is not a date such as 2026-11-01" in done.stderr


def test_a_range_that_ends_before_it_begins_is_told() -> None:
    for end in ("2026-01-01", "2025-12-31"):
        done = run("--date-start", "2026-01-01", "--date-end", end)
        assert done.exit_code == 2
        assert "--date-end: must come after --date-start" in done.stderr


@pytest.mark.parametrize("first", [*FORMULA, " =", "\r=", "\n =", "\r\n@"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(first: str) -> None:
    for text in (f"{first}cmd|'/C calc'!A0", first):
        file = io.StringIO(newline="")
        calls_export._write_csv(file, iter([{"from": text, "seconds": -1.5}]))
        file.seek(0)
        assert "\r" not in file.getvalue()
        assert list(csv.reader(file))[1:] == [["'" + re.sub("[\r\n]", " ", text), "-1.5"]]


@pytest.mark.parametrize("between", ["\r", "\n", "\r\n"])
def test_a_break_in_a_cell_begins_no_row(between: str) -> None:
    file = io.StringIO(newline="")
    calls_export._write_csv(file, iter([{"from": f"sip:a{between}=cmd", "to": "b"}]))
    assert file.getvalue().splitlines()[1:] == [f"sip:a{' ' * len(between)}=cmd,b"]


def test_a_person_sees_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with workspace() as here:
        account = here.account().account_id
        rows = list(calls_export._told(leg(number, account) for number in range(7)))
    assert len(rows) == 7
    told = capsys.readouterr().err
    assert told == (
        "\r3 calls, up to 2026-01-01T00:00:01.000Z"
        "\r6 calls, up to 2026-01-01T00:00:02.000Z"
        "\r7 calls exported.\n"
    )
