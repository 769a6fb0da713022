"""`offhook drain` on a real instance: a call goes on, new ones are refused, it ends after the last."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from tests.real import Stage

from offhook.cli.demonstration.caller import Line

pytestmark = pytest.mark.interop
FOREVER = [{"action": "wait", "timeout": 600}]


def begin(stage: Stage, *arguments: str) -> "subprocess.Popen[str]":
    """`offhook drain`, running."""
    command = [str(Path(sys.executable).with_name("offhook")), "drain", *arguments]
    environment = stage.environment | {"PATH": os.environ["PATH"]}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def drain(stage: Stage, *arguments: str) -> tuple[int, str]:
    """`offhook drain` to its end: exit status and output."""
    return finish(begin(stage, *arguments))


def finish(running: "subprocess.Popen[str]") -> tuple[int, str]:
    try:
        output, _ = running.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        running.kill()
        output, _ = running.communicate()
        pytest.fail(f"offhook drain did not end: {output}")
    return running.returncode, output


def until_draining(stage: Stage) -> None:
    """The signal is on its way: `/ready` tells when it has arrived."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{stage.place.public_url}/ready", timeout=10).close()
        except urllib.error.HTTPError as answer:
            with answer:
                if b"draining" in answer.read():
                    return
        time.sleep(0.05)
    pytest.fail("the server is not draining")


async def over(line: Line) -> str:
    """Who ended a call."""
    report = await line.call.done
    return "" if report.ending is None else report.ending.by


async def hang_up(line: Line) -> str:
    line.call.hang_up()
    return await over(line)


def test_calls_are_finished_and_then_the_server_ends() -> None:
    stage = Stage(OFFHOOK_SHUTDOWN__GRACE="1")
    try:
        stage.app.serve("/answer", FOREVER)
        line = stage.run(stage.call_in())
        other = stage.run(stage.phone("15550100010"))
        assert drain(stage, "--no-wait")[0] == 0

        async def status() -> int | None:
            report = await other.call(stage.known["number"], stage.platform).done
            return None if report.ending is None else report.ending.status

        async def taken() -> Line:
            made = Line(other.call(stage.known["number"], stage.platform))
            await made.answered(30.0)
            return made

        until_draining(stage)
        assert stage.run(status()) == 503
        assert drain(stage, "--undo")[0] == 0
        assert drain(stage, "--undo") == (1, "offhook: the server is not being drained\n")
        second = stage.run(taken())
        waiting = begin(stage)
        assert stage.run(hang_up(second)) == "phone"
        assert stage.run(hang_up(line)) == "phone"
        code, output = finish(waiting)
        assert code == 0, output
        assert "draining, " in output
        assert output.endswith("The server has ended.\n")
        code, output = drain(stage)
        assert code == 1
        assert "no server runs" in output
    finally:
        ended = stage.close()
    assert ended == 0


def test_a_time_ends_the_calls_that_are_still_up() -> None:
    stage = Stage(OFFHOOK_SHUTDOWN__GRACE="1")
    try:
        stage.app.serve("/answer", FOREVER)
        line = stage.run(stage.call_in())
        code, output = drain(stage, "--timeout", "1")
        assert code == 0, output
        assert stage.run(over(line)) == "far end"
    finally:
        ended = stage.close()
    assert ended == 0
