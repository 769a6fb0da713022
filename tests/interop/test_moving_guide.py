"""The commands of the guide for moving from Vonage, run as a newcomer would: one shell, top to bottom."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.interop.test_readme import ROOT, free_port, stop_server

PAGE = ROOT / "docs" / "guides" / "moving-from-vonage.md"
PATIENCE = 90

pytestmark = [pytest.mark.interop, pytest.mark.needs("curl")]


@pytest.mark.timeout(150)
def test_the_three_ways(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(tmp_path / "var"),
        "OFFHOOK_HTTP__PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_NAMES": setting("OFFHOOK_HTTP__TLS_NAMES"),
        "OFFHOOK_SIP__PORT": str(free_port()),
    }
    script = "set -e\n" + "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL))
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
    identifier = re.search(r"^application_id +([0-9a-f-]{36})$", told, re.MULTILINE)
    assert identifier is not None, told
    assert told.count('"_embedded"') == 3, "by the host option, by exec with curl, and by DNS"
    assert f"200 {identifier[1]}\n" in told, "by exec with Python"


def setting(name: str) -> str:
    """A setting as the guide shows it."""
    found = re.search(rf"^{name}=(.*)$", PAGE.read_text(), re.MULTILINE)
    assert found is not None
    return found[1]
