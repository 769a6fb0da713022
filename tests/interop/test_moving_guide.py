"""The commands of the guide for moving from Vonage, run as a newcomer would: one shell, top to bottom."""

import re
from pathlib import Path

import pytest
from tests.interop.guides import ROOT, blocks, run

PAGE = ROOT / "docs" / "guides" / "moving-from-vonage.md"
PATIENCE = 90

pytestmark = [pytest.mark.interop, pytest.mark.needs("curl")]


@pytest.mark.timeout(150)
def test_the_three_ways(tmp_path: Path) -> None:
    told = run(tmp_path, blocks(PAGE), PATIENCE, OFFHOOK_HTTP__TLS_NAMES=setting("OFFHOOK_HTTP__TLS_NAMES"))
    identifier = re.search(r"^application_id +([0-9a-f-]{36})$", told, re.MULTILINE)
    assert identifier is not None, told
    assert told.count('"_embedded"') == 3, "by the host option, by exec with curl, and by DNS"
    assert f"200 {identifier[1]}\n" in told, "by exec with Python"


def setting(name: str) -> str:
    """A setting as the guide shows it."""
    found = re.search(rf"^{name}=(.*)$", PAGE.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]
