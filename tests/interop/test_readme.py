"""The commands of the README's first call, run as a newcomer would: one shell, top to bottom."""

import re
from pathlib import Path

import pytest
from tests.interop.guides import ROOT, blocks, needs_port, run

APP_PORT = 5000
PATIENCE = 90

pytestmark = pytest.mark.interop


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("usual_ports")
def test_the_first_call_of_the_readme(tmp_path: Path) -> None:
    needs_port(APP_PORT)
    script = blocks(ROOT / "README.md", "Your first call") + "\noffhook calls list --json\n"
    told = run(tmp_path, script, PATIENCE)
    assert "200 OK" in told
    assert '"status": "completed"' in told
    heard = re.search(r"heard (\d+\.\d) s of sound", told)
    assert heard is not None, told
    assert 1.0 < float(heard[1]) < 6.0
