"""One instance for programs that were not written for it, and how they are started."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.interop.sdk.conftest import files as files
from tests.real import Stage

from offhook.exec.hosts import is_loopback

OFFHOOK = (sys.executable, "-c", "from offhook.cli import main; main()")
PROGRAMS = Path(__file__).parent / "programs"
OF_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SECONDS = 60
CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage(
        OFFHOOK_SHUTDOWN__GRACE="1",
        OFFHOOK_RECORDING_URL_TEMPLATE="https://api.nexmo.com/v1/files/{id}",
    )
    with pytest.MonkeyPatch.context() as environment:
        for name in OF_PROXIES:
            environment.delenv(name, raising=False)
            environment.delenv(name.upper(), raising=False)
        try:
            yield made
        finally:
            status = made.close()
    assert status == 0


@pytest.fixture
def credentials(stage: Stage) -> dict[str, str]:
    """What a program is given to work with."""
    return {"VONAGE_API_KEY": stage.known["api_key"], "VONAGE_API_SECRET": stage.known["api_secret"]}


@pytest.fixture(scope="session")
def node() -> str:
    """Node of the system, or of the package that `scripts/_peers.sh` puts into the environment."""
    own = Path(sys.executable).with_name("node")
    found = shutil.which("node") or (str(own) if own.exists() else None)
    if found is None:
        pytest.skip("NOT RUN: node is not installed (scripts/test --interop --install)")
    return found


def packages(name: str) -> Path:
    """The folder of these tests' committed lock file of this name."""
    return installed(Path(__file__).parent / "node" / name)


def installed(folder: Path) -> Path:
    """A folder with a committed lock file whose packages `scripts/_peers.sh` has installed."""
    if not (folder / "node_modules" / ".package-lock.json").exists():
        pytest.skip(f"NOT RUN: npm ci was not run in {folder} (scripts/test --interop --install)")
    return folder


def arguments(*command: str, others: str = "refuse") -> list[str]:
    return [*OFFHOOK, "exec", "--others", others, "--", *command]


def run(
    *command: str,
    others: str = "refuse",
    variables: Mapping[str, str] | None = None,
    before: tuple[str, ...] = (),
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """`offhook exec` with a command, to its end. `before` is put in front of it all."""
    return subprocess.run(
        [*before, *arguments(*command, others=others)],
        env={**os.environ, **(variables or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def watched(
    tmp_path: Path, *command: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`run`, and a judgement on the system calls of `offhook exec` and of everything that it started: every
    address connected to or sent to is loopback.
    """
    trace = tmp_path / "trace"
    watcher = ("strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(trace))
    done = run(*command, variables=variables, before=watcher)
    found = {one or other for one, other in ADDRESS.findall(trace.read_text())}
    assert found, f"nothing was traced; {done.stderr}"
    assert {address for address in found if not is_loopback(address)} == set(), done.stderr
    return done
