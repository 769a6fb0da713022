"""Version 2, legs and regions on a real instance: what a phone hears and an application is told."""

import asyncio
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.real import Stage

from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.security import jwt
from offhook.simulator.behaviour import Answers

pytestmark = pytest.mark.interop
NUMBER = "15550200021"
OWN = "15550100001"
WAIT = {"action": "wait", "timeout": 60}
HERE, ELSEWHERE = "api-eu-3.vonage.com", "api-us-3.vonage.com"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A node in the west of Europe."""
    made = Stage(
        OFFHOOK_REGION__NAME="eu-west",
        OFFHOOK_CALLS__ANSWER_DETAILS="true",
        OFFHOOK_MEDIA__WORKERS="1",
        OFFHOOK_SHUTDOWN__GRACE="1",
    )
    yield made
    assert made.close() == 0


def ask(stage: Stage, host: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request of the application with this Host header."""
    with workspace() as here:
        known = here.remembered()
        key = Path(known["private_key"]).read_text()
        token = jwt.make_token(key, known["application_id"], wall=here.clock.wall(), ids=here.ids)
    connection = http.client.HTTPConnection("127.0.0.1", stage.place.http_port, timeout=15)
    headers = {"Host": host, "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(data) if data else None


def test_a_call_of_version_2_is_told_heard_listed_and_ended(stage: Stage) -> None:
    stage.app.serve("/talk", [{"action": "talk", "text": "This is the second version."}, WAIT])
    phone = stage.run(stage.phone(NUMBER, Answers(0.5)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    body = {
        "to": [{"type": "phone", "number": NUMBER}],
        "from": {"type": "phone", "number": f"sip:{OWN}@sip.example.com"},
        "answer_url": [stage.url("/talk")],
        "advanced_machine_detection": {"mode": "detect_beep", "beep_timeout": 30},
        "client_ref": "parcel 7",
    }
    status, answer = ask(stage, ELSEWHERE, "POST", "/v2/calls", body)
    assert (status, answer["title"]) == (404, "Not Found")
    assert ask(stage, HERE, "POST", "/v2/calls", body) == (202, {})
    started = stage.run(stage.app.wait_for(lambda hook: hook.fields.get("client_ref") == "parcel 7", 15))
    uuid = started.fields["uuid"]

    async def scene() -> None:
        line = Line(await asyncio.wrap_future(coming))
        await line.answered(45)
        prompt = await stage.played.number(uuid, 1)
        found = await line.hear(prompt.pcm, 0, 60_000)
        assert found.alike > 0.95

    stage.run(scene())
    (asked,) = stage.app.at("/talk")
    assert asked.fields["region_url"] == stage.place.public_url
    assert asked.fields["endpoint_type"] == "phone"
    reasons = [hook.fields["reason"] for hook in stage.app.webhooks if "reason" in hook.fields]
    assert ["goes on without" in reason for reason in reasons] == [True]
    for path in (f"/v1/calls/{uuid}", "/v1/calls", "/v0.1/legs"):
        assert ask(stage, ELSEWHERE, "GET", path)[0] == 404
        assert ask(stage, f"{HERE}:443", "GET", path)[0] == 200
    _, page = ask(stage, "127.0.0.1", "GET", "/v0.1/legs?status=answered")
    (leg,) = page["_embedded"]["legs"]
    assert (leg["uuid"], leg["from"]) == (uuid, {"type": "phone", "number": OWN})
    assert ask(stage, ELSEWHERE, "DELETE", f"/v0.1/legs/{uuid}")[0] == 404
    assert ask(stage, HERE, "DELETE", f"/v0.1/legs/{uuid}") == (204, None)
    stage.run(stage.told(uuid))
    assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]
