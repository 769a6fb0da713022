"""What becomes of a named conversation when a process dies under it."""

from collections.abc import Callable
from typing import Any

from tests.sequences.calls.conference import Conference

from offhook.storage import conversations, recordings
from offhook.testing.world import World

MakeWorld = Callable[..., World]


def spread(world: World) -> None:
    """Legs go to the worker with the fewest, wherever their conversation is."""
    pool = world.service.media
    reserve = pool.reserve
    pool.reserve = lambda conversation=None, worker=None: reserve(None, worker)  # type: ignore[method-assign]


def test_control_replaced_ends_the_room_and_keeps_its_recording(make_world: MakeWorld, errors: Any) -> None:
    world = make_world(durable=True)
    conference = Conference(world)
    conference.enter("Ann", turn=0, record=True)
    conference.enter("Bob")
    conference.enter("Cleo", startOnEnter=False)
    conference.until_turn(1)
    room = conference.events("transfer")[0]["conversation_uuid_to"]
    row = world.run(world.database.read(lambda rows: conversations.get(rows, room)))
    assert row is not None
    assert (row.name, row.ended_at) == ("room", None)
    world.kill_control()
    world.wait(4)
    for name, call in conference.calls.items():
        assert call.done.done(), name
        statuses = world.scenario.statuses(conference.uuid(name))
        assert statuses == ["started", "ringing", "answered", "completed"]
    (record,) = conference.events("recording_url")
    assert record["conversation_uuid"] == room
    assert record["size"] > 4_000
    row = world.run(world.database.read(lambda rows: conversations.get(rows, room)))
    assert row is not None
    assert row.ended_at is not None
    errors.lines.clear()
    again = Conference(world)
    again.enter("Dora")
    assert again.events("transfer")[-1]["conversation_uuid_to"] != room
    again.calls["Dora"].report.problems.clear()
    again.world.request("PUT", f"/v1/calls/{world.scenario.events[-1]['uuid']}", {"action": "hangup"})
    world.run(again.calls["Dora"].done)
    world.wait(1)


def test_a_worker_lost_takes_its_legs_and_the_others_go_on(make_world: MakeWorld, errors: Any) -> None:
    world = make_world(workers=2)
    spread(world)
    conference = Conference(world)
    conference.enter("Ann", turn=3)
    conference.enter("Bob", record=True)
    conference.enter("Cleo", turn=4)
    conference.enter("Dora", startOnEnter=False, musicOnHoldUrl=["http://files.test/none"])
    world.run(world.workers.kill_media("media-1"))
    world.wait(2)
    lost = {name for name, call in conference.calls.items() if call.done.done()}
    assert lost == {"Bob", "Dora"}
    conference.until_turn(6)
    conference.end()
    assert conference.heard("Ann") == ["Cleo"]
    assert conference.heard("Cleo") == ["Ann"]
    for name in lost:
        over = [e for e in world.scenario.events if e.get("uuid") == conference.uuid(name)][-1]
        assert (over["status"], over["disconnected_by"], over["sip_code"]) == ("completed", "platform", 500)
    (record,) = conference.events("recording_url")
    row = world.run(world.database.read(lambda rows: recordings.get(rows, record["recording_uuid"])))
    assert row is not None
    assert row.status == "ready"
    world.run(world.workers.replace_media("media-1"))
    world.wait(1)
    errors.lines.clear()


def test_a_moderator_lost_with_his_worker_ends_it_for_all(make_world: MakeWorld, errors: Any) -> None:
    world = make_world(workers=2)
    spread(world)
    conference = Conference(world)
    conference.enter("Ann")
    conference.enter("Mod", endOnExit=True)
    world.run(world.workers.kill_media("media-1"))
    world.wait(3)
    assert all(call.done.done() for call in conference.calls.values())
    codes = {e["uuid"]: e["sip_code"] for e in world.scenario.events if e.get("status") == "completed"}
    assert codes == {conference.uuid("Ann"): 200, conference.uuid("Mod"): 500}
    world.run(world.workers.replace_media("media-1"))
    world.wait(1)
    errors.lines.clear()
