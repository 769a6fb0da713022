"""S33 and S34 on real sockets: an application that is down, gone, or answers with what cannot run."""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.real import Stage

from offhook.audio.tables import RATE
from offhook.cli import apps
from offhook.cli.context import workspace
from offhook.cli.demonstration.caller import Line
from offhook.cli.demonstration.places import HOST, any_port
from offhook.simulator.app_server import Webhook
from offhook.simulator.behaviour import Answers
from offhook.storage import applications

pytestmark = pytest.mark.interop
SYNTAX = "Syntax error in NCCO. Invalid value type or action."
FIRST = {"action": "talk", "text": "The shop is closed at the moment, please try again tomorrow."}
SECOND = {"action": "talk", "text": "Thank you very much for calling us, and goodbye."}


@pytest.fixture
def fallback(stage: Stage) -> Iterator[str]:
    """The address that is asked when others fail."""
    with workspace() as here:
        before = apps.find(here, stage.known["application_id"])
        url = stage.url("/in-reserve")
        voice = apps.voice(before.capabilities.get("voice") or {}, {"fallback_answer_url": url})
        after = replace(before, capabilities={**before.capabilities, "voice": voice})
        here.database.transact(lambda rows: applications.update(rows, after))
        yield url
        here.database.transact(lambda rows: applications.update(rows, before))


def reserve(webhook: Webhook) -> Any:
    """For an answer the first words and a step that is told; for that event the second words."""
    original = json.loads(webhook.query["original_request"])
    if original["type"] == "event":
        return [SECOND]
    told = original["url"].rpartition("/")[0] + "/step"
    return [FIRST, {"action": "notify", "payload": {"step": 1}, "eventUrl": [told]}]


@pytest.mark.parametrize("trouble", ["down", "gone"])
def test_s33_s34_both_fallbacks_are_heard(stage: Stage, fallback: str, trouble: str) -> None:
    number = {"down": "15550210001", "gone": "15550210002"}[trouble]
    stage.app.serve("/down", fail_times=99)
    stage.app.serve("/in-reserve", reserve)
    stage.app.serve("/step", [{"action": "tlak"}])
    gone = f"http://{HOST}:{any_port(socket.SOCK_STREAM)}/step/answer"
    address = stage.url("/down") if trouble == "down" else gone
    seen = len(stage.app.webhooks)
    phone = stage.run(stage.phone(number, Answers(1.0)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    body = {
        "to": [{"type": "phone", "number": number}],
        "from": {"type": "phone", "number": stage.known["number"]},
        "answer_url": [address],
    }
    uuid = str(stage.rest("POST", "/v1/calls", body)["uuid"])

    async def scene() -> None:
        line = Line(await asyncio.wrap_future(coming))
        await line.answered(45)
        first = await stage.played.number(uuid, 1)
        heard = await line.hear(first.pcm, 0, 60_000, seconds=20)
        assert heard.alike > 0.95
        second = await stage.played.number(uuid, 2, seconds=30)
        after = await line.hear(second.pcm, heard.end * 1000 // RATE, 60_000, seconds=20)
        assert after.alike > 0.95
        report = await asyncio.wait_for(line.call.done, 30)
        assert report.ending is not None
        assert report.ending.by == "far end"
        await stage.told(uuid)

    stage.run(scene())
    hooks = stage.app.webhooks[seen:]
    assert len([hook for hook in hooks if hook.path == "/down"]) == (2 if trouble == "down" else 0)
    reserved = [hook for hook in hooks if hook.path == "/in-reserve"]
    originals = [json.loads(hook.query["original_request"]) for hook in reserved]
    step = address.rpartition("/")[0] + "/step"
    assert originals == [{"url": address, "type": "answer"}, {"url": step, "type": "event"}]
    closed = "Connection closed."
    reasons = ["Received HTTP status 503.", SYNTAX] if trouble == "down" else [closed, closed]
    assert [hook.query["reason"] for hook in reserved] == reasons
    assert reserved[0].query["uuid"] == uuid
    assert reserved[1].query["payload"] == '{"step":1}'
    errors = [hook.fields["reason"] for hook in hooks if hook.path == "/events" and "reason" in hook.fields]
    assert errors == ([SYNTAX] if trouble == "down" else [])
