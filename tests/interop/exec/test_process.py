"""`offhook exec` as a process: statuses, signals, files, other hosts, and what it says without a server."""

import contextlib
import http.server
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.interop.exec.conftest import OFFHOOK, SECONDS, arguments, run
from tests.real import Stage

from offhook.cli.demonstration.places import any_port
from offhook.exec.kit import PREFIX

pytestmark = [pytest.mark.interop, pytest.mark.needs("curl")]
CURL = ("curl", "-sS", "-m", "20")


def kits() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def gone(paths: set[Path]) -> bool:
    """Whether files that the process beside the program removes are gone, now or soon."""
    deadline = time.monotonic() + 20
    while any(path.exists() for path in paths) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(path.exists() for path in paths)


@pytest.mark.parametrize("status", [0, 7])
def test_the_status_is_the_programs(stage: Stage, status: int) -> None:
    assert run("sh", "-c", f"exit {status}").returncode == status


def test_a_command_that_does_not_exist(stage: Stage, tmp_path: Path) -> None:
    before = kits()
    missing = run("no-such-program")
    assert (missing.returncode, missing.stderr) == (
        127,
        "offhook exec: there is no command no-such-program; see PATH\n",
    )
    file = tmp_path / "text"
    file.write_text("words")
    refused = run(str(file))
    assert (refused.returncode, refused.stderr) == (
        126,
        f"offhook exec: {file} cannot be run: Permission denied\n",
    )
    assert gone(kits() - before)


def test_no_server(stage: Stage, tmp_path: Path) -> None:
    done = run("true", variables={"OFFHOOK_DATA_DIR": str(tmp_path), "OFFHOOK_HTTP__PORT": "1"})
    assert done.returncode == 1
    assert done.stderr == (
        f"offhook: no server of {tmp_path} is ready at http://127.0.0.1:1; start one: offhook serve "
        "(a server elsewhere: give OFFHOOK_DATA_DIR and OFFHOOK_HTTP__PORT as it has them)\n"
    )


def test_no_command_is_a_usage_error(stage: Stage) -> None:
    assert run().returncode == 2


@contextlib.contextmanager
def running(script: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program under `offhook exec` that has printed its first line, in a group of its own."""
    process = subprocess.Popen(
        arguments(sys.executable, "-c", script),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], SECONDS)[0]
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.communicate(timeout=SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_signals_reach_the_program_itself(stage: Stage, number: signal.Signals) -> None:
    script = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.SIG_DFL)\n"
        "print(os.environ['SSL_CERT_FILE'], os.getpid(), flush=True)\n"
        "time.sleep(60)"
    )
    with running(script) as process:
        assert process.stdout is not None
        bundle, pid = process.stdout.readline().split()
        assert int(pid) == process.pid
        assert Path(bundle).is_file()
        process.send_signal(number)
        assert process.wait(SECONDS) == -number
    assert gone({Path(bundle).parent})


def test_ctrl_c_leaves_the_proxy_to_the_program(stage: Stage) -> None:
    script = (
        "import signal, urllib.request, urllib.error\n"
        "class Stop(Exception): pass\n"
        "def stop(*_): raise Stop\n"
        "signal.signal(signal.SIGINT, stop)\n"
        "try:\n"
        "    print('up', flush=True)\n"
        "    signal.pause()\n"
        "except Stop:\n"
        "    try: urllib.request.urlopen('https://api.nexmo.com/v1/calls')\n"
        "    except urllib.error.HTTPError as error: print(error.code, flush=True)\n"
    )
    with running(script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "401\n"
        assert process.wait(SECONDS) == 0


def test_the_program_has_no_children_that_it_did_not_start(stage: Stage) -> None:
    script = "import os\ntry: os.wait()\nexcept ChildProcessError: print('none')"
    done = run(sys.executable, "-c", script)
    assert (done.stdout, done.stderr, done.returncode) == ("none\n", "", 0)


def test_the_environment_outside_is_as_before(stage: Stage) -> None:
    before = (dict(os.environ), kits())
    assert run("true").returncode == 0
    assert gone(kits() - before[1])
    assert dict(os.environ) == before[0]


# ── other hosts ─────────────────────────────────────────────────────────────────────────────────


class Quiet(http.server.BaseHTTPRequestHandler):
    """Answers every GET with what it was asked; as a proxy, every CONNECT with 403."""

    def do_GET(self) -> None:
        body = json.dumps([self.path, self.headers["Host"]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        self.send_error(403, f"not to {self.path}")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def other() -> Iterator[str]:
    """A server that is not the platform: `127.0.0.1:port`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_this_machine_is_reached_past_the_proxy_and_through_it(stage: Stage, other: str) -> None:
    """Also by a client that heeds no NO_PROXY."""
    expected = json.dumps(["/x", other])
    assert run(*CURL, f"http://{other}/x").stdout == expected
    assert run(*CURL, f"http://{other}/x", variables={"NO_PROXY": "example.com"}).stdout == expected
    assert run("sh", "-c", f'curl -sS --noproxy "" http://{other}/x').stdout == expected
    assert run("sh", "-c", f'curl -sS --noproxy "" -p -x "$http_proxy" http://{other}/x').stdout == expected


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_others_are_refused_with_a_sentence(stage: Stage, scheme: str) -> None:
    done = run(*CURL, "-i", f"{scheme}://example.org/x")
    sentence = (
        "offhook exec refuses example.org: only Vonage's hosts are answered; "
        "use --others pass to let others through"
    )
    assert f"HTTP/1.1 403 {sentence}" in done.stdout
    assert sentence in done.stderr
    assert (done.returncode != 0) == (scheme == "https")


def test_others_pass_through_the_proxy_that_was_there_before(stage: Stage, other: str) -> None:
    before = {"http_proxy": f"http://{other}", "https_proxy": f"http://{other}", "no_proxy": "kept.example,*"}
    plain = {**before, "no_proxy": "kept.example"}
    done = run(*CURL, "http://example.org/x", others="pass", variables=plain)
    assert done.stdout == json.dumps(["http://example.org/x", "example.org"])
    done = run(*CURL, "-i", "https://example.org/x", others="pass", variables=plain)
    assert "HTTP/1.1 502" in done.stdout
    assert "403 not to example.org:443" in done.stdout
    served = run(*CURL, "-o", "/dev/null", "-w", "%{http_code}", "https://api.nexmo.com/", variables=before)
    assert served.stdout == "404", "an entry of NO_PROXY for everything does not let served hosts out"


def test_a_setting_decides_about_others(stage: Stage) -> None:
    done = subprocess.run(
        [*OFFHOOK, "exec", "--", *CURL, "http://example.org/"],
        env={**os.environ, "OFFHOOK_EXEC__OTHERS": "refuse"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert "refuses example.org" in done.stderr


def test_the_host_header_is_the_one_that_was_asked_for(stage: Stage, other: str) -> None:
    """A stand-in for the platform shows what it gets."""
    host, _, port = other.rpartition(":")
    script = (
        "import asyncio, socket, sys\n"
        "from offhook.exec.head import Destination\n"
        "from offhook.exec.leaves import Leaves\n"
        "from offhook.exec.outbound import Outbound\n"
        "from offhook.exec.proxy import Proxy\n"
        "from offhook.cli.exec import say\n"
        "from offhook.config import load\n"
        "from offhook.core.clock import SystemClock\n"
        "from offhook.security.certificate_store import issue_for\n"
        "async def main():\n"
        "    issue = lambda name, wall: issue_for(load().data_dir, [name], wall)\n"
        f"    place = Destination('{host}', {port})\n"
        "    proxy = Proxy(place, Leaves(issue, SystemClock().wall, say), Outbound({}), 'refuse', say)\n"
        "    sock = socket.create_server(('127.0.0.1', 0))\n"
        "    await proxy.start(sock)\n"
        "    print(sock.getsockname()[1], flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        proxy = f"http://127.0.0.1:{int(process.stdout.readline())}"
        for url in ("https://api-eu-3.vonage.com/v1/calls?a=1", "http://api-us-4.vonage.com/v1/calls?a=1"):
            command = [*CURL, "-x", proxy, "--cacert", stage.known["ca_certificate"], url]
            shown = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
            assert json.loads(shown.stdout) == ["/v1/calls?a=1", url.split("/")[2]]
    finally:
        process.kill()
        process.communicate()


def test_the_platform_ends_while_the_program_runs(stage: Stage) -> None:
    """What is served is still not let out: the program is told what is wrong."""
    port = any_port(socket.SOCK_STREAM)
    with socket.create_server(("127.0.0.1", port)) as listener:

        def answer_once() -> None:
            taken, _ = listener.accept()
            with taken:
                taken.recv(65536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=answer_once)
        thread.start()
        variables = {"OFFHOOK_HTTP__PORT": str(port)}
        script = "sleep 2; " + " ".join(CURL) + " -i https://api.nexmo.com/v1/calls"
        process = subprocess.Popen(
            arguments("sh", "-c", script),
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            text=True,
        )
        thread.join(SECONDS)
    output, _ = process.communicate(timeout=SECONDS)
    assert "HTTP/1.1 503" in output
    assert f"no Offhook server answers at http://127.0.0.1:{port}; start one: offhook serve" in output
