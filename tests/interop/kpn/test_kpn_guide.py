"""The commands of the guide to the KPN wrapper, run as an operator would: one shell, top to bottom."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.interop.test_readme import ROOT, blocks, free_port, stop_server

PATIENCE = 240

pytestmark = pytest.mark.interop


@pytest.mark.timeout(290)
def test_a_client_calls_a_phone(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(tmp_path / "var"),
        "OFFHOOK_HTTP__PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_PORT": str(free_port()),
        "OFFHOOK_SIP__PORT": str(free_port()),
        "OFFHOOK_SIP__TLS_PORT": str(free_port()),
    }
    script = "set -e\n" + blocks(ROOT / "docs" / "guides" / "kpn.md", "Run it")
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
    heard = re.search(r"heard (\d+\.\d) s of sound", told)
    assert heard is not None, told
    assert float(heard[1]) > 0.5
    assert '"status":"completed"' in told
    headers = told.lower()
    for line in ("quota-limit: 1000", "quota-used: 3", "quota-time-unit: hour", "sunset: n/a"):
        assert line in headers, told
    assert re.search(r"quota_used +3\b", told), told
