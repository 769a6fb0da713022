"""Programs in Ruby, PHP, Go and Java, each with a client of its language, place a call at `api.nexmo.com`.

They sign as Vonage's manuals say, with a token in VONAGE_JWT, and read the call back. The proof is what the
phone that they call hears; no system call of theirs reaches for another machine.
"""

import asyncio
import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.interop.exec.conftest import PROGRAMS, SECONDS, run, watched
from tests.interop.sdk.scene import over
from tests.real import Stage

from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.security import jwt
from offhook.simulator.behaviour import Answers

pytestmark = [pytest.mark.interop, pytest.mark.needs("strace"), pytest.mark.timeout(240)]
NCCO = [{"action": "talk", "text": "This sentence is spoken until somebody stops it.", "loop": 0}]
JARS = ("httpclient", "httpcore", "commons-logging", "commons-codec")
NUMBERS = itertools.count(15550610000)


def judge(stage: Stage, tmp_path: Path, *command: str) -> None:
    """Run a command that gets a number as its last argument, calls it, and prints the call as it reads it."""
    number = str(next(NUMBERS))
    phone = stage.run(stage.phone(number, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(SECONDS), stage._loop)
    variables = {
        "VONAGE_JWT": token(stage),
        "VONAGE_NUMBER": stage.known["number"],
        "NCCO": json.dumps(NCCO),
    }
    done = watched(tmp_path, *command, number, variables=variables)
    assert done.returncode == 0, done.stdout + done.stderr
    read = json.loads(done.stdout)
    assert (read["direction"], read["from"]["number"]) == ("outbound", stage.known["number"])
    assert read["to"] == {"type": "phone", "number": number}
    line = Line(coming.result(65))
    stage.run(line.answered(45))
    prompt = stage.run(stage.played.number(read["uuid"], 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_500, 20.0)).heard
    stage.rest("PUT", f"/v1/calls/{read['uuid']}", {"action": "hangup"})
    over(stage, read["uuid"], line)


def token(stage: Stage) -> str:
    with workspace() as here:
        return jwt.make_token(
            Path(stage.known["private_key"]).read_text(),
            stage.known["application_id"],
            wall=here.clock.wall(),
            ids=here.ids,
            life_s=900,
        )


@pytest.mark.needs("ruby")
@pytest.mark.parametrize("client", ["net_http", "no_proxy", "open_uri", "a_socket"])
def test_ruby(client: str, stage: Stage, tmp_path: Path) -> None:
    judge(stage, tmp_path, "ruby", str(PROGRAMS / "client.rb"), client)


@pytest.mark.needs("ruby")
def test_ruby_is_refused_other_hosts_with_a_sentence(stage: Stage) -> None:
    """Also where the client is told to use no proxy; this machine is reached as ever."""
    there = f"Net::HTTP.new('127.0.0.1', {stage.place.http_port}, nil).get('/health').code"
    script = f"puts {there}; Net::HTTP.new('example.org', 443, nil).get('/')"
    done = run("ruby", "-rnet/http", "-e", script)
    assert (done.stdout, done.returncode) == ("200\n", 1)
    assert "offhook exec refuses example.org: only Vonage's hosts are answered" in done.stderr


@pytest.mark.needs("php")
@pytest.mark.parametrize("client", ["curl", "stream"])
def test_php(client: str, stage: Stage, tmp_path: Path) -> None:
    judge(stage, tmp_path, "php", str(PROGRAMS / "client.php"), client)


@pytest.mark.needs("go")
def test_go(stage: Stage, tmp_path: Path) -> None:
    program = tmp_path / "client"
    subprocess.run(
        ["go", "build", "-o", program, PROGRAMS / "client.go"],
        env={**os.environ, "GOCACHE": str(tmp_path / "cache"), "GOFLAGS": "", "GOTOOLCHAIN": "local"},
        cwd=tmp_path,
        check=True,
        timeout=180,
    )
    judge(stage, tmp_path, str(program), "net_http")


@pytest.mark.needs("java")
def test_java(stage: Stage, tmp_path: Path) -> None:
    """Apache's client as Vonage's library for Java makes it."""
    jars = [Path("/usr/share/java", f"{name}.jar") for name in JARS]
    if missing := [str(jar) for jar in jars if not jar.exists()]:
        pytest.skip(f"NOT RUN: there is no {', '.join(missing)} (scripts/test --interop --install)")
    program = str(PROGRAMS / "CallClient.java")
    judge(stage, tmp_path, "java", "-cp", os.pathsep.join(map(str, jars)), program, "apache")
