"""The commands of the README's first call, run as a newcomer would: one shell, top to bottom."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP_PORT = 5000
PATIENCE = 90

pytestmark = pytest.mark.interop


def blocks(page: Path, heading: str) -> str:
    """The shell blocks of one section, as one script."""
    section = page.read_text().split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("usual_ports")
def test_the_first_call_of_the_readme(tmp_path: Path) -> None:
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", APP_PORT)) != 0, (
            f"port {APP_PORT} is in use; the README needs it"
        )
    (tmp_path / ".venv").symlink_to(sys.prefix)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(tmp_path / "var"),
        "OFFHOOK_HTTP__PORT": str(free_port()),
        "OFFHOOK_HTTP__TLS_PORT": str(free_port()),
        "OFFHOOK_SIP__PORT": str(free_port()),
    }
    script = "set -e\n" + blocks(ROOT / "README.md", "Your first call")
    script += "\noffhook calls list --json\n"
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
    assert "200 OK" in told
    assert '"status": "completed"' in told
    heard = re.search(r"heard (\d+\.\d) s of sound", told)
    assert heard is not None, told
    assert 1.0 < float(heard[1]) < 6.0


def stop_server(pid_file: Path) -> None:
    if pid_file.exists():
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
