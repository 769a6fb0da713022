"""One instance, and the snippets of examples/snippets run against it by `offhook exec`, unmodified."""

import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from tests.interop.exec.conftest import OF_PROXIES, OFFHOOK
from tests.interop.sdk.conftest import files as files
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.cli.demonstration.places import any_port
from offhook.storage import applications

SNIPPETS = Path(__file__).parents[3] / "examples" / "snippets"
PATIENCE = 60.0
"""Seconds for a program to start and to be done, on a busy machine."""


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


class Program:
    """A snippet that runs, and what it has printed."""

    def __init__(self, stage: Stage, name: str, variables: dict[str, str]) -> None:
        self.printed = ""
        known = {
            "PYTHONUNBUFFERED": "1",
            "VONAGE_APPLICATION_ID": stage.known["application_id"],
            "VONAGE_PRIVATE_KEY": stage.known["private_key"],
            "VONAGE_NUMBER": stage.known["number"],
        }
        command = ["exec", "--others", "refuse", "--", sys.executable, str(SNIPPETS / f"{name}.py")]
        self.process = subprocess.Popen(
            [*OFFHOOK, *command],
            env={**os.environ, **known, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def wait_for(self, pattern: str) -> str:
        """Until it has printed something like this; gives what that was."""
        self._until(lambda: re.search(pattern, self.printed) is not None, f"{pattern!r} was not printed")
        found = re.search(pattern, self.printed)
        assert found is not None
        return found[0]

    def enter(self) -> None:
        """Press Enter."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def done(self) -> str:
        """Until it ends, well; gives what it has printed."""
        self._until(lambda: False, "the program did not end", to_the_end=True)
        assert self.process.wait(PATIENCE) == 0, self.printed
        return self.printed

    def served(self, port: int) -> None:
        """Until it listens."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self._until(lambda: False, "", to_the_end=True)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        pytest.fail(f"nothing listens on {port}: {self.printed}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def _until(self, enough: Callable[[], bool], otherwise: str, *, to_the_end: bool = False) -> str:
        assert self.process.stdout is not None
        deadline = time.monotonic() + PATIENCE
        while not enough():
            left = deadline - time.monotonic()
            readable, _, _ = select.select([self.process.stdout], [], [], max(0.0, left))
            read = os.read(self.process.stdout.fileno(), 65_536) if readable else b""
            if not read:
                if to_the_end and readable:
                    break
                pytest.fail(f"{otherwise}; printed: {self.printed}")
            self.printed += read.decode()
        return self.printed


Start = Callable[..., Program]


@pytest.fixture
def start(stage: Stage) -> Iterator[Start]:
    """Begin a snippet by its name, with variables of its environment."""
    with ExitStack() as stack:

        def begin(name: str, **variables: str) -> Program:
            program = Program(stage, name, variables)
            stack.callback(program.stop)
            return program

        yield begin


@pytest.fixture
def serve(stage: Stage, start: Start) -> Iterator[Start]:
    """Begin a snippet that answers webhooks; the application's answer URL leads to it meanwhile."""

    def begin(name: str, **variables: str) -> Program:
        port = any_port(socket.SOCK_STREAM)
        program = start(name, PORT=str(port), **variables)
        program.served(port)
        point(stage, f"http://127.0.0.1:{port}/answer")
        return program

    yield begin
    point(stage, stage.url("/answer"))


def point(stage: Stage, answer_url: str) -> None:
    """Let the application's calls be answered by `answer_url`; its events stay with the stage."""
    with workspace() as here:
        before = apps.find(here, stage.known["application_id"])
        hooks = {"answer_url": answer_url, "event_url": stage.url("/events")}
        voice = apps.voice(before.capabilities.get("voice") or {}, hooks)
        changed = replace(before, capabilities={**before.capabilities, "voice": voice})
        here.database.transact(lambda c: applications.update(c, changed))
