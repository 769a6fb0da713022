"""The reference pages in a real browser: what they show, whom they ask, and what can be done from them."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.interop.exec.conftest import installed
from tests.interop.exec.conftest import node as node
from tests.interop.sdk.scene import over
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.http.apis import APIS
from offhook.http.openapi.documents import shown
from offhook.http.openapi.tidy import operations
from offhook.simulator.behaviour import Answers

pytestmark = [pytest.mark.interop, pytest.mark.needs("chromium"), pytest.mark.timeout(300)]
PROGRAM = "browse.cjs"
NUMBER = "15550620001"
NAMES = [api.name for api in APIS]
Seen = dict[str, Any]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage(OFFHOOK_SHUTDOWN__GRACE="0")
    try:
        yield made
    finally:
        status = made.close()
    assert status == 0


class Browser:
    """Chromium with an empty profile for each job; `shots` is a directory for pictures, or None."""

    def __init__(self, node: str, directory: Path, shots: str | None) -> None:
        self._command = [node, str(installed(Path(__file__).parent / "node" / "browser") / PROGRAM)]
        self._profile = directory / "profile"
        self._shots = shots

    def visit(self, *pages: dict[str, Any]) -> list[Seen]:
        """What was seen on each page, in order."""
        job = {"chromium": shutil.which("chromium"), "profile": str(self._profile), "shots": self._shots}
        shutil.rmtree(self._profile, ignore_errors=True)
        done = subprocess.run(
            self._command,
            input=json.dumps(job | {"pages": pages}),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
            env={name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        )
        assert done.returncode == 0, done.stderr
        seen: list[Seen] = json.loads(done.stdout)
        return seen


@pytest.fixture(scope="module")
def browser(node: str, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    return Browser(node, tmp_path_factory.mktemp("browser"), os.environ.get("OFFHOOK_TEST_SHOTS"))


@pytest.fixture(scope="module")
def read(stage: Stage, browser: Browser) -> dict[str, Seen]:
    """Every page as somebody sees it who only looks; the one that leads to the others is ""."""
    places = [{"name": name, "address": f"{stage.place.public_url}/openapi/{name}"} for name in NAMES]
    front = {"name": "", "address": f"{stage.place.public_url}/openapi"}
    return dict(zip(["", *NAMES], browser.visit(front, *places), strict=True))


def quiet(seen: Seen, origin: str) -> None:
    """The browser had nothing to complain of, and asked nobody but the server."""
    assert seen["complaints"] == []
    assert seen["requests"]
    strangers = [url for url in seen["requests"] if not url.startswith((f"{origin}/", "data:"))]
    assert strangers == []


def test_the_front_page_leads_to_all(stage: Stage, read: dict[str, Seen]) -> None:
    quiet(read[""], stage.place.public_url)
    assert {f"{stage.place.public_url}/openapi/{name}" for name in NAMES} <= set(read[""]["links"])


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_every_operation(stage: Stage, read: dict[str, Seen], name: str) -> None:
    quiet(read[name], stage.place.public_url)
    document = shown(next(api for api in APIS if api.name == name), stage.place.public_url)
    expected = [(method.upper(), path) for path, method, _ in operations(document)]
    assert sorted((method, path) for method, path, _ in read[name]["operations"]) == sorted(expected)
    assert all(path == words for _, path, words in read[name]["operations"])
    assert read[name]["title"] == f"{document['info']['title']} · Offhook"


def test_a_call_is_placed_from_the_page(stage: Stage, browser: Browser) -> None:
    """With a token, from a page that came by another name than the document's server has."""
    phone = stage.run(stage.phone(NUMBER, Answers(0.3)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(200), stage._loop)
    origin = f"http://localhost:{stage.place.http_port}"
    talk = {"action": "talk", "text": "This sentence is spoken until somebody stops it.", "loop": 0}
    body = {
        "to": [{"type": "phone", "number": NUMBER}],
        "from": {"type": "phone", "number": stage.known["number"]},
        "ncco": [talk],
    }
    [seen] = browser.visit(
        {
            "name": "voice_v1",
            "address": f"{origin}/openapi/voice_v1",
            "fields": {"auth-bearer-value": token(stage)},
            "operation": {"method": "POST", "path": "/v1/calls", "body": body},
        }
    )
    quiet(seen, origin)
    assert (seen["refused"], seen["answer"]["status"]) == ([], "201")
    made = json.loads(seen["answer"]["shown"])
    assert (made["status"], made["direction"]) == ("started", "outbound")
    assert f"{origin}/v1/calls" in seen["answer"]["command"]
    line = Line(coming.result(30))
    stage.run(line.answered(45))
    prompt = stage.run(stage.played.number(made["uuid"], 1))
    assert stage.run(line.hear(prompt.pcm, 0, 1_500, 20.0)).heard
    stage.rest("PUT", f"/v1/calls/{made['uuid']}", {"action": "hangup"})
    over(stage, made["uuid"], line)


def test_an_application_is_made_over_https_with_key_and_secret(stage: Stage, browser: Browser) -> None:
    """With the example that the page shows."""
    origin = stage.known["https_url"]
    fields = {
        "auth-basic-username": stage.known["api_key"],
        "auth-basic-password": stage.known["api_secret"],
    }
    [seen] = browser.visit(
        {
            "name": "applications",
            "address": f"{origin}/openapi/applications",
            "fields": fields,
            "operation": {"method": "POST", "path": "/v2/applications"},
        }
    )
    quiet(seen, origin)
    assert (seen["refused"], seen["answer"]["status"]) == ([], "201")
    made = json.loads(seen["answer"]["shown"])
    with workspace() as here:
        assert apps.find(here, made["id"]).name == made["name"]


def test_a_client_of_the_wrapper_lists_its_numbers(stage: Stage, browser: Browser) -> None:
    """The page gets the access token for id and secret by itself."""
    client = json.loads(offhook("kpn", "clients", "create", "reader", "--json"))
    origin = stage.place.public_url
    [seen] = browser.visit(
        {
            "name": "kpn",
            "address": f"{origin}/openapi/kpn",
            "fields": {
                "client_id_clientCredentials": client["client_id"],
                "client_secret_clientCredentials": client["client_secret"],
            },
            "operation": {"method": "GET", "path": "/communication/nexmo/phone-numbers/account/numbers"},
        }
    )
    quiet(seen, origin)
    assert (seen["refused"], seen["answer"]["status"]) == ([], "200")
    assert "numbers" in json.loads(seen["answer"]["shown"])


def token(stage: Stage) -> str:
    """As a person gets one for the page."""
    return offhook("apps", "token", stage.known["application_id"]).strip()


def offhook(*words: str) -> str:
    program = str(Path(sys.executable).with_name("offhook"))
    done = subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout
