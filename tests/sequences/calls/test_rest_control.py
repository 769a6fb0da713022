"""Calls made, shown and steered from outside while they are up."""

from typing import Any

from offhook.audio import tones
from offhook.simulator.call import Call
from offhook.testing.world import World

A, B = "15550100777", "15550100742"
WAIT: list[dict[str, Any]] = [{"action": "wait", "timeout": 60}]
CONNECT = [{"action": "connect", "from": World.number, "endpoint": [{"type": "phone", "number": B}]}]


def up(world: World, document: Any, script: str = "wait-hangup") -> tuple[Call, str]:
    """An answered inbound call and its id."""
    world.application({"/answer": document})
    call = world.dial(A, world.number, script)
    world.wait(0.5)
    return call, world.scenario.events[0]["uuid"]


def ask(world: World, uuid: str, method: str, path: str, body: Any = None) -> Any:
    """A request about a call that must succeed; what it says."""
    status, answer = world.request(method, f"/v1/calls/{uuid}{path}", body)
    assert status in (200, 204), answer
    return answer


def act(world: World, uuid: str, action: str, **body: Any) -> None:
    assert ask(world, uuid, "PUT", "", {"action": action, **body}) is None


def test_rest_create_show_list_and_hang_up(world: World) -> None:
    phone = world.phone(B, "wait-hangup")
    body = {
        "to": [{"type": "phone", "number": B}],
        "from": {"type": "phone", "number": world.number},
        "ncco": WAIT,
    }
    world.wait(0.8)  # the answer falls into another second than most of what follows
    status, made = world.request("POST", "/v1/calls", body)
    assert status == 201
    world.wait(2)
    status, shown = world.request("GET", f"/v1/calls/{made['uuid']}")
    assert status == 200
    assert shown["status"] == "answered"
    assert shown["direction"] == "outbound"
    assert shown["to"] == {"type": "phone", "number": B}
    assert shown["conversation_uuid"] == made["conversation_uuid"]
    assert "duration" not in shown
    status, page = world.request("GET", "/v1/calls?status=answered")
    assert (status, page["count"]) == (200, 1)
    assert page["_embedded"]["calls"] == [shown]
    assert world.request("PUT", f"/v1/calls/{made['uuid']}", {"action": "hangup"}) == (204, None)
    world.wait(1)
    ending = phone.calls[0].report.ending
    assert ending is not None
    assert ending.by == "far end"
    _, over = world.request("GET", f"/v1/calls/{made['uuid']}")
    assert (over["status"], over["price"]) == ("completed", "0.00000000")
    assert over["duration"] == world.scenario.events[-1]["duration"]
    assert world.scenario.statuses(made["uuid"]) == ["started", "ringing", "answered", "completed"]


def test_rest_hanging_up_a_call_that_rings_cancels_it(world: World) -> None:
    body = {
        "to": [{"type": "phone", "number": "15550100792"}],
        "from": {"type": "phone", "number": world.number},
        "ncco": WAIT,
    }
    _, made = world.request("POST", "/v1/calls", body)
    world.wait(1)
    assert world.request("PUT", f"/v1/calls/{made['uuid']}", {"action": "hangup"})[0] == 204
    world.wait(1)
    assert world.scenario.statuses(made["uuid"]) == ["started", "ringing", "cancelled", "completed"]


def test_rest_refuses_what_it_cannot_do(world: World) -> None:
    assert world.request("GET", "/v1/calls/63f61863-4a51-4f6b-86e1-46edebcf9356")[0] == 404
    assert world.request("POST", "/v1/calls", {"to": []})[0] == 400
    assert world.app.webhooks == []


def test_rest_talk_is_heard_and_can_be_stopped(world: World) -> None:
    call, uuid = up(world, WAIT)
    body = {"text": "This is repeated for ever.", "loop": 0}
    assert ask(world, uuid, "PUT", "/talk", body) == {"message": "Talk started", "uuid": uuid}
    world.wait(3)
    assert ask(world, uuid, "DELETE", "/talk") == {"message": "Talk stopped", "uuid": uuid}
    world.wait(1)
    act(world, uuid, "hangup")
    report = world.run(call.done)
    heard = world.utterances(report)
    assert len(heard) >= 3
    assert {utterance.text for utterance in heard[:-1]} == {"This is repeated for ever."}
    assert report.pcm.size // 8 - heard[-1].start_ms - heard[-1].duration_ms > 800


def test_rest_stream_and_keys(world: World) -> None:
    url = world.audio_file("/tone.wav", tones.sine(800.0, 500, 8_000.0))
    call, uuid = up(world, WAIT)
    started = ask(world, uuid, "PUT", "/stream", {"stream_url": [url], "loop": 2, "level": "0"})
    assert started == {"message": "Stream started", "uuid": uuid}
    world.wait(2)
    sent = ask(world, uuid, "PUT", "/dtmf", {"digits": "332p3"})
    assert sent == {"message": "DTMF sent", "uuid": uuid}
    world.wait(2)
    act(world, uuid, "hangup")
    report = world.run(call.done)
    assert abs(sum(tone.duration_ms for tone in report.tones if round(tone.hertz, -1) == 800) - 1000) <= 40
    assert report.digits == "3323"


def test_rest_transfer_runs_another_document_in_a_new_conversation(world: World) -> None:
    call, uuid = up(world, [{"action": "talk", "text": "A long text that will be cut.", "loop": 0}])
    document = [{"action": "talk", "text": "Transferred."}]
    act(world, uuid, "transfer", destination={"type": "ncco", "ncco": document})
    report = world.run(call.done)
    world.wait(1)
    assert world.heard(report)[-1] == "Transferred."
    (event,) = [event for event in world.scenario.events if event.get("type") == "transfer"]
    assert event["uuid"] == uuid
    assert event["conversation_uuid_from"] == world.scenario.events[0]["conversation_uuid"]
    assert event["conversation_uuid_to"] == world.scenario.events[-1]["conversation_uuid"]
    assert event["conversation_uuid_to"] != event["conversation_uuid_from"]


def test_rest_mute_and_earmuff(world: World) -> None:
    phone = world.phone(B, "tone 700 6; wait-hangup", after=0.2)
    call, uuid = up(world, CONNECT, "tone 1100 6; wait-hangup")
    world.wait(1)
    act(world, uuid, "mute")
    world.wait(1)
    act(world, uuid, "unmute")
    act(world, uuid, "earmuff")
    world.wait(1)
    act(world, uuid, "unearmuff")
    world.wait(1)
    act(world, uuid, "hangup")
    report = world.run(call.done)
    world.wait(1)
    for heard in (report, phone.calls[0].report):
        # One silence of a second in the middle of the other's tone, and nothing else.
        before, after = heard.segments[-2:]
        assert abs(after.start_ms - before.end_ms - 1000) <= 60
    muted, earmuffed = phone.calls[0].report.segments[-2].end_ms, report.segments[-2].end_ms
    assert muted != earmuffed


def test_rest_listens_for_keys_until_told_otherwise(world: World) -> None:
    call, uuid = up(world, WAIT, "wait 1; press 5; wait 2; press 6; wait-hangup")
    ask(world, uuid, "PUT", "/input/dtmf", {"event_url": ["http://app.test/keys"]})
    world.wait(2)
    ask(world, uuid, "DELETE", "/input/dtmf")
    world.wait(2)
    act(world, uuid, "hangup")
    world.run(call.done)
    assert [hook.json["dtmf"]["digits"] for hook in world.app.at("/keys")] == ["5"]
