"""The commands of the conference guide, run as a newcomer would: one shell, top to bottom."""

import re
from pathlib import Path

import pytest
from tests.interop.guides import ROOT, blocks, needs_port, run

APP_PORT = 5001
PATIENCE = 150

pytestmark = pytest.mark.interop


@pytest.mark.timeout(200)
def test_the_meeting_of_the_guide(tmp_path: Path) -> None:
    needs_port(APP_PORT)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    script = blocks(ROOT / "docs" / "guides" / "conferences.md", "Run it")
    script += f"\ncurl -s http://127.0.0.1:{APP_PORT}/\noffhook calls list --json\n"
    told = run(tmp_path, script, PATIENCE)
    assert told.count("200 OK") >= 3
    heard = sorted(float(seconds) for seconds in re.findall(r"heard (\d+\.\d) s of sound", told))
    assert len(heard) == 3, told
    assert heard[0] < 6.0, "the moderator hears the greeting"
    assert heard[1] > heard[0] + 2.0, "the others hear their greeting, the music and the moderator"
    assert "GET /hold.wav" in told
    assert '"present":[]' in told
    assert "/v1/files/" in told
    assert told.count('"status": "completed"') == 3
    assert "ready" in told
