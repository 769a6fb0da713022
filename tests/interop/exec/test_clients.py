"""Clients of several languages, each as its manual shows it, make an application at `api.nexmo.com`.

The proof is the row in the platform's database. What left the machine is judged by the system calls of
`offhook exec` and everything that it started: every address connected to or sent to is loopback.
"""

import re
import sys
import uuid
from pathlib import Path

import pytest
from tests.interop.exec.conftest import PROGRAMS, run
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.exec.hosts import is_loopback

pytestmark = [pytest.mark.interop, pytest.mark.needs("strace")]
CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
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
    """Run a command that gets a name as its last argument and prints the id of what it made."""
    name, trace = f"made by {uuid.uuid4()}", tmp_path / "trace"
    watcher = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(trace))
    done = run(*command, name, variables=credentials, before=watcher)
    assert done.returncode == 0, done.stderr
    with workspace() as here:
        assert apps.find(here, done.stdout.strip()).name == name
    assert left_the_machine(trace) == set()


def left_the_machine(trace: Path) -> set[str]:
    """Addresses in traced calls that are not loopback."""
    found = {one or other for one, other in ADDRESS.findall(trace.read_text())}
    assert found, "nothing was traced"
    return {address for address in found if not is_loopback(address)}


@pytest.mark.parametrize("client", PYTHON)
def test_python(client: str, stage: Stage, tmp_path: Path, credentials: dict[str, str]) -> None:
    judge(tmp_path, credentials, sys.executable, str(PROGRAMS / "python_client.py"), client)


@pytest.mark.parametrize("client", NODE)
def test_node(client: str, stage: Stage, tmp_path: Path, credentials: dict[str, str], node: str) -> None:
    judge(tmp_path, credentials, node, str(PROGRAMS / "node_client.mjs"), client)


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
