"""Runs the commands of a page as its reader would: one shell, top to bottom, in a directory of its own."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

from offhook.cli.demonstration.places import any_port, any_sip_port

ROOT = Path(__file__).parents[2]


def blocks(page: Path, heading: str | None = None) -> str:
    """The shell blocks of one section, or of the whole page, as one script."""
    text = page.read_text()
    if heading is not None:
        text = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))


def needs_port(number: int) -> None:
    """Fails where a port that a page names is in use."""
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", number)) != 0, f"port {number} is in use; the page needs it"


def run(place: Path, script: str, patience: float, **settings: str) -> str:
    """What the script has told once it is through; it fails with its first failing command.

    `settings` are further `OFFHOOK_*` variables. A server that the script started is stopped.
    """
    (place / ".venv").symlink_to(sys.prefix)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        "OFFHOOK_DATA_DIR": str(place / "var"),
        "OFFHOOK_HTTP__PORT": str(any_port(socket.SOCK_STREAM)),
        "OFFHOOK_HTTP__TLS_PORT": str(any_port(socket.SOCK_STREAM)),
        "OFFHOOK_SIP__PORT": str(any_sip_port()),
        **settings,
    }
    output = place / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["bash", "-c", "set -e\n" + script],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(patience)
        finally:
            _stop_server(place / "var" / "run" / "supervisor.pid")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    told = output.read_text()
    assert status == 0, told
    return told


def _stop_server(pid_file: Path) -> None:
    if pid_file.exists():
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
