"""Control dies while a call is being set up: nobody rings for ever, nobody is left in a call alone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offhook.simulator.behaviour import Answers, Rings
from offhook.storage import checkpoints, legs
from offhook.testing.world import World

A, B = "15550100777", "15550100742"
CONNECT = {"action": "connect", "from": World.number, "endpoint": [{"type": "phone", "number": B}]}
FOR_EVER = [{"action": "wait", "timeout": 600}]


def completed(world: World) -> list[dict[str, Any]]:
    return [event for event in world.scenario.events if event.get("status") == "completed"]


def stored(world: World) -> tuple[Any, ...]:
    return tuple(world.run(world.database.read(checkpoints.list)))


def stored_now(world: World) -> list[Any]:
    """The same at this very instant."""
    return list(world.database.transact(checkpoints.list))


def test_a_callee_who_still_rings_gets_a_cancel(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    phone = world.scenario.phone(B, Rings())
    world.application({"/answer": [CONNECT]})
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    assert phone.calls[0].report.ending is None
    world.kill_control()
    world.wait(3)
    for report in (call.report, phone.calls[0].report):
        assert report.ending is not None
        assert report.ending.by == "far end"
    assert phone.calls[0].report.answered_ms is None
    assert len(completed(world)) == 2
    world.wait(40)
    assert stored(world) == ()
    errors.lines.clear()


def test_a_callee_who_answers_while_nobody_is_there_gets_a_bye(
    make_world: Callable[..., World], errors: Any
) -> None:
    world = make_world(durable=True)
    phone = world.scenario.phone(B, Answers(after=3.0, script=()))
    world.application({"/answer": [CONNECT]})
    world.dial(A, world.number, "wait-hangup")
    world.wait(2.5)  # the carrier's 200 is on its way when the new process starts
    world.kill_control()
    world.wait(5)
    report = phone.calls[0].report
    assert report.ending is not None
    assert report.ending.by == "far end"
    assert len(completed(world)) == 2
    errors.lines.clear()


def test_a_caller_who_still_waits_gets_a_final_answer(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    world.application({"/answer": FOR_EVER})
    world.app.serve("/answer", FOR_EVER, delay=30.0)
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    assert not call.done.done()
    assert len(stored(world)) == 1
    world.kill_control()
    world.wait(2)
    ending = call.report.ending
    assert ending is not None
    assert (ending.by, ending.status) == ("far end", 503)
    assert [event["sip_code"] for event in completed(world)] == [500]
    world.wait(40)
    assert stored(world) == ()
    errors.lines.clear()


def slow_lookups(world: World, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """The database takes its time to say where a call belongs."""
    read = world.database.read

    async def later(work: Callable[[Any], Any]) -> Any:
        await asyncio.sleep(seconds)
        return await read(work)

    monkeypatch.setattr(world.database, "read", later)


def test_a_caller_who_got_only_our_100_gets_a_final_answer(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(durable=True)
    world.application({"/answer": FOR_EVER})
    slow_lookups(world, monkeypatch, 5.0)
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(0.15)
    assert stored_now(world) == []
    world.wait(1)
    assert len(stored_now(world)) == 1
    assert not call.done.done()
    world.kill_control()
    world.wait(2)
    ending = call.report.ending
    assert ending is not None
    assert (ending.by, ending.status) == ("far end", 503)
    assert world.scenario.events == []  # no application had heard of it
    world.wait(40)
    assert stored_now(world) == []


@pytest.mark.parametrize("number", [World.number, "15550199999"], ids=["taken", "refused"])
def test_a_lookup_that_takes_long_has_one_checkpoint_and_leaves_none(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    world = make_world(durable=True)
    world.application({"/answer": FOR_EVER})
    slow_lookups(world, monkeypatch, 0.5)
    call = world.dial(A, number, "wait 3; hangup")
    world.wait(0.4)
    (early,) = stored_now(world)
    assert early.leg_id == early.session
    world.wait(1.5)
    (row,) = stored_now(world)  # of the leg, or of the refusal until its ACK is in for sure
    assert row.session == early.session
    assert (row.leg_id == row.session) == (number != World.number)
    world.run(call.done)
    world.wait(40)
    assert stored_now(world) == []
    assert world.leaks(0.2) == {}


def test_the_end_is_told_at_the_calls_own_address(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    world.phone(B, "wait-hangup")
    body = {
        "to": [{"type": "phone", "number": B}],
        "from": {"type": "phone", "number": World.number},
        "ncco": FOR_EVER,
        "event_url": ["http://app.test/own"],
        "event_method": "GET",
    }
    status, _ = world.request("POST", "/v1/calls", body)
    assert status == 201
    world.wait(4)
    world.kill_control()
    world.wait(4)
    told = [(hook.method, hook.fields["status"]) for hook in world.app.at("/own")]
    assert told == [("GET", name) for name in ("started", "ringing", "answered", "completed")]
    assert world.app.at("/event") == []
    errors.lines.clear()


def test_a_failure_without_its_completed_is_made_up_for(
    make_world: Callable[..., World], errors: Any
) -> None:
    world = make_world(durable=True)
    world.application({"/answer": FOR_EVER})
    world.dial(A, world.number, "wait 1; hangup")
    world.wait(4)
    (over,) = completed(world)
    leg = world.run(world.database.read(lambda c: legs.get(c, over["uuid"])))
    assert leg is not None
    torn = replace(leg, status="busy", sip_code=486, disconnected_by="user")
    world.run(world.database.write(lambda c: legs.update(c, torn)))
    world.kill_control()
    world.wait(2)
    again = completed(world)[1:]
    assert [(each["sip_code"], each["disconnected_by"]) for each in again] == [(486, "user")]
    after = world.run(world.database.read(lambda c: legs.get(c, over["uuid"])))
    assert after is not None
    assert (after.status, after.ended_at) == ("completed", leg.ended_at)
    errors.lines.clear()


def test_a_recording_that_has_no_audio_says_so(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    world.application({"/answer": [{"action": "record", "format": "wav"}, *FOR_EVER]})
    world.dial(A, world.number, "tone 700 60; wait-hangup")
    world.wait(3)
    for spool in world.settings.spool_dir.glob("*.pcm"):
        spool.unlink()
    world.run(world.workers.replace_audio())
    for spool in world.settings.spool_dir.glob("*.pcm"):
        spool.unlink()
    world.kill_control()
    world.wait(15)
    reasons = [event["reason"] for event in world.scenario.events if "reason" in event]
    recorded = [event for event in world.scenario.events if "recording_url" in event]
    assert len(reasons) + len(recorded) == 1, (reasons, recorded)
    errors.lines.clear()


def test_many_recordings_are_finished_side_by_side(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    world.application({"/answer": [{"action": "record", "format": "wav"}, *FOR_EVER]})
    for number in range(6):
        world.dial(f"1555010078{number}", world.number, "tone 700 60; wait-hangup")
    world.wait(3)
    world.kill_control()
    world.wait(6)  # each waits two seconds for a block that does not come
    recorded = [event for event in world.scenario.events if "recording_url" in event]
    assert len({event["recording_uuid"] for event in recorded}) == len(recorded) == 6
    errors.lines.clear()


def test_calls_that_ended_well_leave_nothing_to_a_successor(
    make_world: Callable[..., World], errors: Any
) -> None:
    world = make_world(durable=True)
    world.application({"/answer": FOR_EVER})
    call = world.dial(A, world.number, "wait 2; hangup")
    world.wait(1)
    assert len(stored(world)) == 1
    world.run(call.done)
    world.wait(1)
    assert stored(world) == ()
    assert errors.lines == []
