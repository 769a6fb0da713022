"""The commands of the guide to numbers and accounts, run as an operator would: one shell, top to bottom."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.interop.test_readme import ROOT, blocks, free_port, stop_server

PATIENCE = 400

pytestmark = pytest.mark.interop


@pytest.mark.timeout(450)
def test_numbers_are_offered_bought_forwarded_and_given_back(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(tmp_path / "var"),
        "OFFHOOK_HTTP__PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_PORT": str(free_port()),
        "OFFHOOK_SIP__PORT": str(free_port()),
        "OFFHOOK_SIP__TLS_PORT": str(free_port()),
    }
    script = "set -e\n" + blocks(ROOT / "docs" / "guides" / "numbers-and-accounts.md", "Run it")
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
    assert "2 of 2 numbers were added" in told
    assert "10 of 10 numbers were added" in told
    search = re.search(r'\{"count":1,"numbers":\[\{[^]]*"msisdn":"31970105001"[^\n]*"cost":"1.25"', told)
    assert search is not None, told
    assert told.count('"error-code":"200"') == 2, "bought and linked"
    heard = [float(seconds) for seconds in re.findall(r"heard (\d+\.\d) s of sound", told)]
    assert max(heard) > 0.8, "the caller hears the phone that the number is forwarded to"
    assert "\n401\n" in told, "a revoked secret"
    assert told.count('"msisdn":"31207650003"') == 2, "the bakery's number, by both of its secrets"
    assert "Front desk" in told
    assert "31970105001 can be bought again." in told
