"""docs/rfc.toml says what is true: files exist, statuses are known, partial ones say what is missing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
RFCS: list[dict[str, Any]] = tomllib.loads((ROOT / "docs" / "rfc.toml").read_text())["rfc"]


@pytest.mark.parametrize("rfc", RFCS, ids=lambda rfc: str(rfc["number"]))
def test_entry(rfc: dict[str, Any]) -> None:
    assert rfc["status"] in ("full", "partial", "planned")
    assert rfc["status"] == "full" or rfc["note"]
    for name in (*rfc["code"], *rfc["evidence"]):
        assert (ROOT / name).is_file(), f"RFC {rfc['number']} names {name}, which does not exist"


def test_numbers_are_unique() -> None:
    numbers = [rfc["number"] for rfc in RFCS]
    assert len(numbers) == len(set(numbers))
