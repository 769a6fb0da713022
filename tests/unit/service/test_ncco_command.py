"""`offhook ncco check`: findings, exit status, unreadable input."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from offhook.cli.ncco import group
from offhook.core.errors import Invalid


def check(tmp_path: Path, text: str, *options: str) -> tuple[int, str]:
    file = tmp_path / "ncco.json"
    file.write_text(text)
    result = CliRunner().invoke(group, ["check", str(file), *options], catch_exceptions=False)
    return result.exit_code, result.output


def test_a_good_document(tmp_path: Path) -> None:
    assert check(tmp_path, '[{"action": "talk", "text": "Hello"}]') == (0, "The NCCO is good.\n")


def test_an_error_is_named_with_its_path(tmp_path: Path) -> None:
    code, output = check(tmp_path, '[{"action": "tlak", "text": "Hello"}]')
    assert code == 1
    assert output.startswith("error: [0].action: ")


def test_a_warning_is_no_failure(tmp_path: Path) -> None:
    text = '[{"action": "record", "eventUrl": "https://app.example/r"}]'
    code, output = check(tmp_path, text, "--json")
    assert code == 0
    assert [finding["severity"] for finding in json.loads(output)] == ["warning"]


@pytest.mark.parametrize("text", ["", "not json", "[1,", "[" * 100_000])
def test_what_is_not_json_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="not valid JSON"):
        check(tmp_path, text)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        CliRunner().invoke(group, ["check", str(tmp_path / "gone.json")], catch_exceptions=False)
