"""Clients of several languages, each as its manual shows it, make an application at `api.nexmo.com`.

The proof is the row in the platform's database. What left the machine is judged by the system calls of
`offhook exec` and everything that it started: every address connected to or sent to is loopback.
"""

import platform
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from tests.interop.exec.conftest import PROGRAMS, packages, watched
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace

pytestmark = [pytest.mark.interop, pytest.mark.needs("strace")]
PYTHON = (
    "requests",
    "a_requests_session_without_environment",
    "httpx",
    "httpx_async",
    "aiohttp",
    "aiohttp_on_uvloop",
    "urllib3",
    "urllib3_and_certifi",
    "urllib",
    "http_client",
    "plain_http",
)
NODE = ("fetch", "fetch_plain", "https", "https_named", "https_agent", "http")


def judge(tmp_path: Path, credentials: dict[str, str], *command: str) -> None:
    """Run a command that gets a name as its last argument and prints the ids of what it made."""
    name = f"made by {uuid.uuid4()}"
    done = watched(tmp_path, *command, name, variables=credentials)
    assert done.returncode == 0, done.stderr
    made = done.stdout.split()
    assert made
    with workspace() as here:
        assert {apps.find(here, each).name for each in made} == {name}


@pytest.mark.parametrize("client", PYTHON)
def test_python(client: str, stage: Stage, tmp_path: Path, credentials: dict[str, str]) -> None:
    judge(tmp_path, credentials, sys.executable, str(PROGRAMS / "python_client.py"), client)


@pytest.mark.parametrize("client", NODE)
def test_node(client: str, stage: Stage, tmp_path: Path, credentials: dict[str, str], node: str) -> None:
    judge(tmp_path, credentials, node, str(PROGRAMS / "node_client.mjs"), client)


@pytest.mark.parametrize(
    ("version", "told"),
    [("18", {}), ("24", {}), ("24", {"NODE_USE_ENV_PROXY": "1"})],
    ids=["18", "24", "24-told-to-heed-proxies"],
)
def test_node_from_old_to_new(
    version: str, told: dict[str, str], stage: Stage, tmp_path: Path, credentials: dict[str, str]
) -> None:
    """The oldest and the newest version that the guide names."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}[platform.machine()]
    node = packages("versions") / "node_modules" / f"node-{version}-linux-{machine}" / "bin" / "node"
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith(f"v{version}.")
    judge(tmp_path, credentials | told, str(node), str(PROGRAMS / "node_client.mjs"), ",".join(NODE))


@pytest.mark.needs("java")
@pytest.mark.parametrize("client", ["url", "http"])
def test_java(client: str, stage: Stage, tmp_path: Path, credentials: dict[str, str]) -> None:
    judge(tmp_path, credentials, "java", str(PROGRAMS / "Client.java"), client)


@pytest.mark.needs("curl")
def test_curl(stage: Stage, tmp_path: Path, credentials: dict[str, str]) -> None:
    script = (
        'curl -sS -u "$VONAGE_API_KEY:$VONAGE_API_SECRET" --json "{\\"name\\": \\"$1\\"}" '
        'https://api.nexmo.com/v2/applications | sed -E \'s/.*"id":"([^"]+)".*/\\1/\''
    )
    judge(tmp_path, credentials, "sh", "-c", script, "sh")
