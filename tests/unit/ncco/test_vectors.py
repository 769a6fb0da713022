"""Whole documents in files: what is accepted means this, what is refused is refused with these words."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.unit.ncco.harness import errors, warnings

from offhook.core.errors import NccoError
from offhook.ncco.document import parse

VECTORS = Path(__file__).parents[2] / "vectors" / "ncco"
GOOD = sorted((VECTORS / "good").glob("*.json"))
BAD = sorted((VECTORS / "bad").glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def part_of(whole: Any, wanted: Any) -> Any:
    """`whole` cut down to the keys that `wanted` names, so that a difference shows what is unlike."""
    if isinstance(whole, dict) and isinstance(wanted, dict):
        return {key: part_of(whole.get(key), value) for key, value in wanted.items()}
    return whole


def test_there_are_vectors() -> None:
    assert GOOD
    assert BAD


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good(path: Path) -> None:
    case = load(path)
    assert errors(case["ncco"]) == []
    assert [found for found, _ in warnings(case["ncco"])] == case["warnings"]
    dumped = json.loads(json.dumps(parse(case["ncco"]).dump()))
    assert len(dumped) == len(case["actions"])
    for action, wanted in zip(dumped, case["actions"], strict=True):
        assert part_of(action, wanted) == wanted


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad(path: Path) -> None:
    case = load(path)
    assert [list(error) for error in errors(case["ncco"])] == case["errors"]
    with pytest.raises(NccoError) as caught:
        parse(case["ncco"])
    assert [caught.value.path, caught.value.problem] == case["errors"][0]
