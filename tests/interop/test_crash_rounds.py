"""`scripts/crash` in short: every process dies once in the middle of many calls, and everything holds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = 5
pytestmark = pytest.mark.interop


def test_every_process_dies_once(tmp_path: Path) -> None:
    output = tmp_path / "result.json"
    arguments = [
        "--rounds",
        str(ROUNDS),
        "--calls",
        "18",
        "--in-turn",
        "--seed",
        "5",
        "--output",
        str(output),
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "scripts.crashes.run", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result = json.loads(output.read_text())
    rounds = result["rounds"]
    assert [each["victim"] for each in rounds] == ["control", "media", "audio", "speech", "supervisor"]
    assert sum(each["legs"] for each in rounds) > 0
    assert sum(each["webhooks"] for each in rounds) > sum(each["legs"] for each in rounds)
