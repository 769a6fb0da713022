"""The commands of the guide to the KPN wrapper, run as an operator would: one shell, top to bottom."""

import re
from pathlib import Path

import pytest
from tests.interop.guides import ROOT, blocks, run

PATIENCE = 240

pytestmark = pytest.mark.interop


@pytest.mark.timeout(290)
def test_a_client_calls_a_phone(tmp_path: Path) -> None:
    told = run(tmp_path, blocks(ROOT / "docs" / "guides" / "kpn.md", "Run it"), PATIENCE)
    heard = re.search(r"heard (\d+\.\d) s of sound", told)
    assert heard is not None, told
    assert float(heard[1]) > 0.5
    assert '"status":"completed"' in told
    headers = told.lower()
    for line in ("quota-limit: 1000", "quota-used: 3", "quota-time-unit: hour", "sunset: n/a"):
        assert line in headers, told
    assert re.search(r"quota_used +3\b", told), told
