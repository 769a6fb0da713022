"""S02 on real sockets: a call created over REST, with an NCCO and with an answer URL, and its refusals."""

import asyncio

import pytest
from tests.real import Stage

from offhook.cli.demonstration.caller import Line
from offhook.simulator.behaviour import Answers

pytestmark = pytest.mark.interop
TALK = [{"action": "talk", "text": "This is a call from the platform."}]


def make(stage: Stage, number: str, **more: object) -> str:
    body = {"to": [{"type": "phone", "number": number}], "from": {"type": "phone", "number": "15550100001"}}
    return str(stage.rest("POST", "/v1/calls", body | more)["uuid"])


@pytest.mark.parametrize("way", ["ncco", "answer_url"])
def test_the_callee_hears_the_talk_after_answering(stage: Stage, way: str) -> None:
    number = {"ncco": "15550200001", "answer_url": "15550200002"}[way]
    stage.app.serve("/talk", TALK)
    phone = stage.run(stage.phone(number, Answers(1.0)))
    coming = asyncio.run_coroutine_threadsafe(phone.next_call(60), stage._loop)
    given = {"ncco": TALK} if way == "ncco" else {"answer_url": [stage.url("/talk")]}
    uuid = make(stage, number, **given)

    async def scene() -> None:
        line = Line(await asyncio.wrap_future(coming))
        await line.answered(45)
        prompt = await stage.played.number(uuid, 1)
        found = await line.hear(prompt.pcm, 0, 60_000)
        assert found.alike > 0.95
        report = await asyncio.wait_for(line.call.done, 45)
        assert report.ending is not None
        assert report.ending.by == "far end"
        over = await stage.told(uuid)
        assert 1 <= int(over["duration"]) <= 6

    stage.run(scene())
    assert stage.statuses(uuid) == ["started", "ringing", "answered", "completed"]
    asked = [h for h in stage.app.at("/talk") if h.fields.get("uuid") == uuid]
    assert len(asked) == (0 if way == "ncco" else 1)


@pytest.mark.parametrize(
    ("number", "status", "more"),
    [
        ("15550200090", "busy", {}),
        ("15550200092", "timeout", {"ringing_timer": 5}),
    ],
)
def test_a_call_that_nobody_takes(stage: Stage, number: str, status: str, more: dict[str, int]) -> None:
    uuid = make(stage, number, ncco=TALK, **more)
    stage.run(stage.told(uuid, status))
    stage.run(stage.told(uuid))
    statuses = stage.statuses(uuid)
    assert statuses[0] == "started"
    assert statuses[-2:] == [status, "completed"]
    assert "answered" not in statuses


def test_a_destination_without_a_way_fails(stage: Stage) -> None:
    body = {
        "to": [{"type": "sip", "uri": "sip:nobody@nowhere.invalid"}],
        "from": {"type": "phone", "number": "15550100001"},
        "ncco": TALK,
    }
    uuid = stage.rest("POST", "/v1/calls", body)["uuid"]
    failed = stage.run(stage.told(uuid, "failed"))
    assert failed["detail"] == "cannot_route"
    stage.run(stage.told(uuid))
    assert "answered" not in stage.statuses(uuid)
