"""The media bench: what it makes of figures, and that it runs, with and without a compiler."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripts.benches.rig.gaps import Gaps, Heard, LegHeard, parse_leg, summarise
from scripts.benches.rig.machine import describe_machine
from scripts.benches.rig.ramp import Ramp, Step, distinct
from scripts.benches.rig.report import Result, as_json, as_text, ratio

ROOT = Path(__file__).parents[3]
GOOD = Gaps(100, 100, 0.0, 1.0, 21.0, 22.0, 25.0, 0, 0, 0.1)


def leg(received: int = 100, expected: int = 100, longest: float = 25.0, over_60: int = 0) -> LegHeard:
    return LegHeard(received, expected, received, 20.0, 21.0, longest, over_60, over_60)


def ramp(name: str, *steps: tuple[int, float, Gaps]) -> Ramp:
    return Ramp(name, "normal", [Step(legs, cpu, gaps) for legs, cpu, gaps in steps], 0.5)


def test_a_line_of_the_generator() -> None:
    words = ["leg", "3", "149", "150", "148", "148", "20000", "21500", "41000", "1", "0"]
    assert parse_leg(words) == LegHeard(149, 150, 148, 20.0, 21.5, 41.0, 1, 0)


def test_a_line_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="where a leg was expected"):
        parse_leg(["ports", "1"])


def test_loss_is_what_legs_miss_and_not_made_good_by_others() -> None:
    gaps = summarise(Heard([leg(received=99), leg(received=101)], 0, 0, 0))
    assert gaps.loss == pytest.approx(0.005)
    assert not gaps.held


def test_a_leg_that_hears_nothing_is_no_success() -> None:
    assert not summarise(Heard([], 0, 0, 0)).held
    assert summarise(Heard([leg()], 0, 0, 0)).held
    assert not summarise(Heard([leg(longest=60.1, over_60=1)], 0, 0, 0)).held
    silent = LegHeard(100, 100, 0, 20.0, 21.0, 25.0, 0, 0)
    assert not summarise(Heard([silent], 0, 0, 0)).held


def test_cost_legs_per_core_and_the_share_of_the_limit() -> None:
    step = Step(1000, 0.5, GOOD)
    assert step.us_per_leg == pytest.approx(10.0)
    assert step.legs_per_core == 2000
    limit = ramp("kernel limit", (500, 0.4, GOOD), (1000, 0.25, GOOD))
    assert ratio(step, limit) == pytest.approx(0.5)


def test_the_largest_step_that_held_counts() -> None:
    bad = Gaps(90, 100, 0.1, 1.0, 21.0, 22.0, 90.0, 9, 9, 0.1)
    case = ramp("pairs", (400, 0.2, GOOD), (800, 0.4, GOOD), (1200, 0.9, bad))
    result = Result(describe_machine(), "not pinned", "load.c", 1.0, 0.5, [case], None)
    assert as_json(result)["cases"][0]["largest_held"] == 800
    assert "pairs: 800 legs held, 10.00 µs" in as_text(result)


def test_the_limit_is_measured_once_for_nearly_equal_numbers_of_legs() -> None:
    assert distinct([1000, 999, 400, 1000]) == [400, 1000]
    assert distinct([6]) == [6]


def run(seconds: str, legs: str, path: str) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "scripts/benches/media.py"), "--json"]
    done = subprocess.run(
        [*command, "--seconds", seconds, "--legs", legs],
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PATH": path},
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@pytest.mark.interop
@pytest.mark.parametrize("path", [os.environ["PATH"], "/nowhere"], ids=["compiler", "no-compiler"])
def test_a_small_run(path: str) -> None:
    measured = run("0.5", "6", path)
    for case in [*measured["cases"], measured["kernel_limit"]]:
        (step,) = case["steps"]
        assert step["legs"] == 6
        assert step["received"] > 6 * 15
        assert step["audible"] > 0.5 or case is measured["kernel_limit"]
    assert ("Python" in measured["generator"]) == (path == "/nowhere")
