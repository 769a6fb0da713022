"""Schemathesis holds a whole instance to each of its OpenAPI documents (docs/decisions/schemathesis.md)."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.real import Stage

from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.http.apis import APIS
from offhook.http.kpn.parts import TOKEN
from offhook.http.openapi.documents import shown
from offhook.security import jwt

pytestmark = [pytest.mark.interop, pytest.mark.timeout(240)]
HOOKS = Path(__file__).with_name("hooks.py")
EXAMPLES = 4
"""Requests made up for each operation, beside those that cover its document."""
TOO_STRICT = ["negative_data_rejection", "positive_data_acceptance"]
AMBIGUOUS = {"kpn": ["allow_header_conformance"]}
"""The wrapper has a path `…/applications/v2` beside `…/applications/{uuid}`: OPTIONS names both."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    made = Stage(OFFHOOK_SHUTDOWN__GRACE="0", OFFHOOK_MEDIA__WARM_PORTS="512")
    try:
        yield made
    finally:
        status = made.close()
    assert status == 0


@pytest.fixture(scope="module")
def credentials(stage: Stage) -> dict[str, list[str]]:
    """What opens each API: headers for every request."""
    known = stage.known
    with workspace() as here:
        token = jwt.make_token(
            Path(known["private_key"]).read_text(),
            known["application_id"],
            wall=here.clock.wall(),
            ids=here.ids,
            life_s=3600,
        )
    basic = b64encode(f"{known['api_key']}:{known['api_secret']}".encode()).decode()
    bearer = [f"Authorization: Bearer {token}"]
    account = [f"Authorization: Basic {basic}"]
    client = [f"Authorization: Bearer {kpn_token(stage)}", f"ApplicationId: {known['application_id']}"]
    accounts = dict.fromkeys(("applications", "applications_v1", "numbers"), account)
    return {**dict.fromkeys((api.name for api in APIS), bearer), **accounts, "kpn": client, "operation": []}


def kpn_token(stage: Stage) -> str:
    """An access token of a client with a quota that does not end."""
    made = subprocess.run(
        [
            Path(sys.executable).with_name("offhook"),
            "kpn",
            "clients",
            "create",
            "judge",
            "--limit",
            "1000000",
            "--json",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **stage.environment},
    )
    client = json.loads(made.stdout)
    form = {"grant_type": "client_credentials", **{n: client[n] for n in ("client_id", "client_secret")}}
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(stage.place.public_url + TOKEN, data, timeout=15) as answer:
        token: str = json.load(answer)["access_token"]
        return token


@pytest.mark.parametrize("name", [api.name for api in APIS])
def test_the_platform_does_what_its_document_says(
    stage: Stage, credentials: dict[str, list[str]], name: str, tmp_path: Path
) -> None:
    """All checks that apply, all phases: examples, coverage, made-up requests, sequences along links."""
    document = f"{stage.place.public_url}/openapi/{name}.json"
    checks = ",".join(TOO_STRICT + AMBIGUOUS.get(name, []))
    report = tmp_path / "report.ndjson"
    told = judge(stage, document, credentials[name], report, "--exclude-checks", checks)
    assert told.returncode == 0, told.stdout[-20_000:] + told.stderr[-4_000:]
    assert statuses(report) & {"200", "201", "202", "204", "206"} or name == "files", "nothing got through"
    assert stage.rest("GET", "/v1/calls")["count"] >= 0  # the credentials were good to the end


def test_a_document_that_is_not_true_is_found_out(
    stage: Stage, credentials: dict[str, list[str]], tmp_path: Path
) -> None:
    """Else the tests above would say nothing."""
    document = shown(next(api for api in APIS if api.name == "voice_v1"), stage.place.public_url)
    del document["paths"]["/v1/calls/{uuid}"]["get"]["responses"]["404"]
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(document))
    only = ("--include-operation-id", "show", "--phases", "fuzzing")
    told = judge(stage, str(path), credentials["voice_v1"], tmp_path / "report.ndjson", *only)
    assert told.returncode == 1
    assert "Received: 404" in told.stdout


def judge(
    stage: Stage, document: str, headers: list[str], report: Path, *more: str
) -> subprocess.CompletedProcess[str]:
    """Run Schemathesis against the platform. The same document gives the same requests."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", document, "--url", stage.place.public_url),
            *("--checks", "all", "--max-examples", str(EXAMPLES), "--generation-deterministic"),
            *("--report", "ndjson", "--report-ndjson-path", str(report)),
            *("--no-shrink", "--continue-on-failure", "--warnings", "off", "--no-color"),
            *(part for header in headers for part in ("--header", header)),
            *more,
        ],
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
        cwd=report.parent,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HOOKS),
            "OFFHOOK_TEST_APP": stage.place.app_url,
            "OFFHOOK_TEST_KEPT": stage.known["application_id"],
            "OFFHOOK_TEST_PUBLIC_KEY": public_key(stage),
        },
    )


def public_key(stage: Stage) -> str:
    with workspace() as here:
        return apps.find(here, stage.known["application_id"]).public_key


def statuses(report: Path) -> set[str]:
    """Every status that was answered in a run."""
    found = set()
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for each in recorder.get("interactions", {}).values():
            found.add(str((each.get("response") or {}).get("status_code")))
    return found
