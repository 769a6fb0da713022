"""The commands of the conference guide, run as a newcomer would: one shell, top to bottom."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.interop.test_readme import ROOT, blocks, free_port, stop_server

APP_PORT = 5001
PATIENCE = 150

pytestmark = pytest.mark.interop


@pytest.mark.timeout(200)
def test_the_meeting_of_the_guide(tmp_path: Path) -> None:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", APP_PORT)) == 0
    assert not taken, f"port {APP_PORT} is in use; the guide needs it"
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(tmp_path / "var"),
        "OFFHOOK_HTTP__PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_PORT": str(free_port()),
        "OFFHOOK_SIP__PORT": str(free_port()),
        "OFFHOOK_SIP__TLS_PORT": str(free_port()),
    }
    script = "set -e\n" + blocks(ROOT / "docs" / "guides" / "conferences.md", "Run it")
    script += f"\ncurl -s http://127.0.0.1:{APP_PORT}/\noffhook calls list --json\n"
    output = tmp_path / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(PATIENCE)
        finally:
            stop_server(tmp_path / "var" / "run" / "supervisor.pid")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    told = output.read_text()
    assert status == 0, told
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
