"""Vonage's command line tool, which has no option for a host, manages applications and numbers of this one.

It keeps its configuration below the home directory; the test gives it one of its own. Two of its faults are
gone around: it takes its options for key and secret for JSON, and its `numbers:cancel` buys.
"""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.interop.exec.conftest import OFFHOOK, SECONDS, packages, run
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.core.errors import NotFound

pytestmark = [pytest.mark.interop, pytest.mark.timeout(400)]
NUMBER = "31201230009"
Tool = Callable[..., str]


@pytest.fixture
def tool(stage: Stage, node: str, tmp_path: Path) -> Tool:
    """Run the tool under `offhook exec`; gives what it prints."""
    program = str(packages("cli") / "node_modules" / ".bin" / "vonage")

    def vonage(*words: str) -> str:
        done = run(node, program, *words, variables={"HOME": str(tmp_path)}, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    vonage("config:set", f"--apiKey={stage.known['api_key']}", f"--apiSecret={stage.known['api_secret']}")
    return vonage


def offhook(*words: str) -> str:
    done = subprocess.run(
        [*OFFHOOK, *words], env=os.environ, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    return done.stdout


def test_applications(tool: Tool, tmp_path: Path) -> None:
    urls = ("--voice_answer_url=https://a.example/answer", "--voice_event_url=https://a.example/event")
    assert "Voice Settings" in tool("apps:create", "made by the tool", *urls)
    made = next(
        each for each in json.loads(tool("apps", "--output=json")) if each["name"] == "made by the tool"
    )
    with workspace() as here:
        voice = apps.find(here, made["id"]).capabilities["voice"]
    assert voice["webhooks"]["answer_url"]["address"] == "https://a.example/answer"
    keys = [path.read_text() for path in tmp_path.glob("*.key")]
    assert len(keys) == 1
    assert keys[0].startswith("-----BEGIN PRIVATE KEY-----")
    assert "https://a.example/event" in tool("apps:show", made["id"])
    tool("apps:update", made["id"], "--voice_answer_url=https://b.example/answer")
    assert "https://b.example/answer" in tool("apps:show", made["id"])
    tool("apps:delete", made["id"])
    with workspace() as here, pytest.raises(NotFound):
        apps.find(here, made["id"])


def test_numbers(tool: Tool, stage: Stage) -> None:
    offhook("numbers", "range", NUMBER, NUMBER, "--country", "NL")
    assert NUMBER in tool("numbers:search", "NL", f"--startsWith={NUMBER}")
    assert "has been purchased" in tool("numbers:buy", NUMBER, "NL")
    assert NUMBER not in tool("numbers:search", "NL")
    application = stage.known["application_id"]
    tool("apps:link", application, f"--number={NUMBER}")
    owned = {each["msisdn"]: each for each in json.loads(tool("numbers", "--output=json"))}
    assert owned[NUMBER]["app_id"] == application
    assert json.loads(offhook("numbers", "show", NUMBER, "--json"))["app_id"] == application
    tool("numbers:update", NUMBER, "NL", "--url=https://a.example/inbound")
    tool("apps:unlink", f"--number={NUMBER}")
    assert json.loads(offhook("numbers", "show", NUMBER, "--json"))["app_id"] is None
    offhook("numbers", "cancel", NUMBER)
    assert NUMBER not in tool("numbers", "--output=json")
    offhook("numbers", "withdraw", NUMBER)
