"""Bad neighbours in virtual time: what the application is told, and that the call goes on."""

import asyncio
import os
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from offhook.audio import tones
from offhook.testing.world import World

A, B = "15550100777", "15550100778"


def reasons(world: World) -> list[str]:
    return [hook.json["reason"] for hook in world.app.at("/event") if "reason" in hook.json]


def test_a_recording_that_the_disk_does_not_take_ends_and_is_told(
    world: World, errors: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.pwrite

    def pwrite(handle: int, data: bytes, offset: int) -> int:
        if offset > 20_000:
            raise OSError(28, "No space left on device")
        return write(handle, data, offset)

    monkeypatch.setattr(os, "pwrite", pwrite)
    record = {"action": "record", "endOnKey": "#", "timeOut": 60, "eventUrl": ["http://app.test/recorded"]}
    world.application({"/answer": [record, {"action": "talk", "text": "Sorry."}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Sorry."]
    assert report.ending is not None
    assert report.ending.at_ms < 10_000
    (reason,) = reasons(world)
    assert reason.startswith("The recording could not be saved: ")
    assert "No space left on device; free some space" in reason
    assert world.app.at("/recorded") == []
    assert len(errors.lines) == 2  # the audio worker's and control's
    errors.lines.clear()
    monkeypatch.undo()
    for left in world.settings.spool_dir.iterdir():  # kept for whoever repairs the disk
        left.unlink()


@pytest.mark.parametrize(
    ("served", "text"),
    [
        ({"delay": 60.0}, "No NCCO: Connection timed out."),
        ({"fail_times": 9, "fail_status": 500}, "No NCCO: Received HTTP status 500."),
    ],
)
def test_a_webhook_that_gives_no_ncco_is_told(world: World, served: dict[str, Any], text: str) -> None:
    world.app.serve("/answer", [{"action": "talk", "text": "never"}], **served)
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    (reason,) = reasons(world)
    assert reason.startswith(text)
    assert "fallback_answer_url" in reason


def test_calls_that_begin_together_share_a_download(world: World) -> None:
    url = world.audio_file("/tone.wav", tones.sine(800.0, 500, 8_000.0))
    world.application({"/answer": [{"action": "stream", "streamUrl": [url]}]})
    asked = 0
    request = world.web.request

    async def counted(method: str, address: str, *rest: Any) -> Any:
        nonlocal asked
        asked += address == url
        return await request(method, address, *rest)

    world.web.request = counted  # type: ignore[method-assign, assignment]
    calls = [world.dial(caller, world.number, "wait-hangup") for caller in (A, B)]

    async def over() -> list[Any]:
        return await asyncio.gather(*(call.done for call in calls))

    for report in world.run(over()):
        assert [round(tone.hertz) for tone in report.tones] == [800]
    assert asked == 1


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({}, "no-route"),
        ({"destinations": {"deny": "4420"}}, "destination:deny:4420"),
        ({"destinations": {"allow": "31"}}, "destination:not-allowed"),
    ],
)
def test_a_number_that_no_real_trunk_may_dial_fails_with_the_rule(
    make_world: Any, settings: dict[str, Any], rule: str
) -> None:
    world = make_world(settings={"simulator": False, **settings})
    body = {
        "to": [{"type": "phone", "number": "442071234567"}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "talk", "text": "never"}],
    }
    status, made = world.request("POST", "/v1/calls", body)
    assert status == 201
    world.wait(1.0)
    (reason,) = reasons(world)
    assert f"(rule {rule})" in reason
    statuses = [(e.get("status"), e.get("detail")) for e in world.scenario.events if "status" in e]
    assert statuses == [("started", None), ("failed", "cannot_route"), ("completed", None)]
    assert world.request("GET", f"/v1/calls/{made['uuid']}")[1]["status"] == "failed"


@pytest.mark.parametrize(("number", "rule"), [("112", "emergency"), ("4409012345678", "premium:GB-09")])
def test_rest_refuses_the_floor_at_once(world: World, number: str, rule: str) -> None:
    body = {
        "to": [{"type": "phone", "number": number}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [{"action": "talk", "text": "never"}],
    }
    status, answer = world.request("POST", "/v1/calls", body)
    assert status == 400
    (wrong,) = answer["invalid_parameters"]
    assert wrong["name"] == "to[0].number"
    assert f"(rule {rule})" in wrong["reason"]


def test_a_database_that_cannot_be_written_for_a_while(world: World, errors: Any) -> None:
    """The call goes on; its webhooks come late and in order; a new call is told to come again."""
    full = False

    def refuse(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if full and not statement.lstrip().upper().startswith("SELECT"):
            raise OperationalError(statement, {}, Exception("database or disk is full"))

    event.listen(world.database._write_engine, "before_cursor_execute", refuse)
    world.application({"/answer": [{"action": "talk", "text": "One two three four five six seven."}]})
    first = world.dial(A, world.number, "wait-hangup")
    world.wait(0.05)
    full = True
    report = world.run(first.done)
    assert world.heard(report) == ["One two three four five six seven."]
    refused = world.run(world.dial(B, world.number, "wait-hangup").done)
    assert refused.ending is not None
    assert refused.ending.status == 503
    assert "disk is full" in str(world.service.missing())
    told = len(world.scenario.events)
    full = False
    world.wait(3.0)
    events = world.scenario.events
    assert len(events) > told
    assert [e["status"] for e in events] == ["started", "ringing", "answered", "completed"]
    assert world.service.missing() == []
    assert any("calls go on without the database" in line for line in errors.lines)
    errors.lines.clear()
