"""What callers and applications notice when a process dies."""

from collections.abc import Callable
from typing import Any

from offhook.testing.world import World

A, B = "15550100777", "15550100742"
CONNECT = {"action": "connect", "from": World.number, "endpoint": [{"type": "phone", "number": B}]}


def talk(text: str, **options: Any) -> dict[str, Any]:
    return {"action": "talk", "text": text, **options}


def statuses(world: World) -> list[tuple[str, str]]:
    told = (event for event in world.scenario.events if "status" in event)
    return [(event["direction"], event["status"]) for event in told]


def test_media_worker_lost_ends_its_calls_and_the_next_one_works(world: World, errors: Any) -> None:
    phone = world.phone(B, "wait-hangup")
    world.application({"/answer": [{"action": "record", "format": "wav"}, CONNECT]})
    call = world.dial(A, world.number, "tone 700 1; wait-hangup")
    world.wait(3)
    world.run(world.workers.kill_media("media-0"))
    world.wait(6)
    for report in (call.report, phone.calls[0].report):
        assert report.ending is not None
        assert report.ending.by == "far end"
    ended = [event for event in world.scenario.events if event.get("status") == "completed"]
    assert {event["direction"] for event in ended} == {"inbound", "outbound"}
    assert {(event["disconnected_by"], event["sip_code"]) for event in ended} == {("platform", 500)}
    assert len([event for event in world.scenario.events if "recording_url" in event]) == 1
    assert world.service.missing() != []
    world.run(world.workers.replace_media("media-0"))
    world.wait(2)
    assert world.service.missing() == []
    world.application({"/answer": [talk("Back again.")]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["Back again."]
    errors.lines.clear()


def test_audio_worker_replaced_while_it_records(world: World, errors: Any) -> None:
    world.application({"/answer": [{"action": "record", "format": "wav"}, {"action": "wait", "timeout": 60}]})
    call = world.dial(A, world.number, "tone 700 6; hangup")
    world.wait(3)
    world.run(world.workers.replace_audio())
    report = world.run(call.done)
    world.wait(4)
    assert report.ending is not None
    assert report.ending.by == "phone"  # the call did not notice
    (event,) = [event for event in world.scenario.events if "recording_url" in event]
    assert event["size"] > 5 * 16_000
    errors.lines.clear()


def test_speech_worker_replaced_while_a_text_is_wanted(world: World, errors: Any) -> None:
    world.application({"/answer": [talk("First."), talk("Second.")]})
    world.run(world.workers.kill_speech())
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    world.run(world.workers.replace_speech())
    assert world.heard(world.run(call.done)) == ["First.", "Second."]
    errors.lines.clear()


def test_without_speech_the_application_is_told_and_the_document_goes_on(world: World, errors: Any) -> None:
    notify = {"action": "notify", "payload": {}, "eventUrl": ["http://app.test/after"]}
    world.application({"/answer": [talk("Never spoken."), notify]})
    world.run(world.workers.kill_speech())
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == []
    assert len(world.app.at("/after")) == 1
    assert len([event for event in world.scenario.events if "reason" in event]) == 1
    errors.lines.clear()


def test_control_replaced_ends_every_stored_call(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    phone = world.phone(B, "wait-hangup")
    world.application({"/answer": [{"action": "record", "format": "wav"}, CONNECT]})
    call = world.dial(A, world.number, "tone 700 60; wait-hangup")
    world.wait(3)
    assert statuses(world)[-1] == ("outbound", "answered")
    world.kill_control()
    world.wait(4)
    for report in (call.report, phone.calls[0].report):
        assert report.ending is not None
        assert report.ending.by == "far end"
    ended = [event for event in world.scenario.events if event.get("status") == "completed"]
    assert {event["direction"] for event in ended} == {"inbound", "outbound"}
    assert len(ended) == 2
    assert {event["disconnected_by"] for event in ended} == {"platform"}
    assert len([event for event in world.scenario.events if "recording_url" in event]) == 1
    world.application({"/answer": [talk("A new life.")]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["A new life."]
    errors.lines.clear()


def test_control_replaced_while_a_call_rings(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    world.application({"/answer": [{**CONNECT, "endpoint": [{"type": "phone", "number": "15550100792"}]}]})
    world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    world.kill_control()
    world.wait(2)
    assert [status for _, status in statuses(world)].count("completed") == 2
    errors.lines.clear()


def test_webhooks_from_before_the_crash_come_before_the_end(
    make_world: Callable[..., World], errors: Any
) -> None:
    world = make_world(durable=True)
    world.application({"/answer": [talk("Hello."), {"action": "wait", "timeout": 60}]})
    world.app.serve("/event", delay=4.0)
    world.dial(A, world.number, "wait-hangup")
    world.wait(3)
    before = len(world.app.at("/event"))
    world.app.serve("/event")
    world.kill_control()
    world.wait(6)
    after = [webhook.fields["status"] for webhook in world.app.at("/event")[before:]]
    assert after == ["started", "ringing", "answered", "completed"]
    errors.lines.clear()


def test_downloads_that_a_crash_left_are_removed(make_world: Callable[..., World], errors: Any) -> None:
    world = make_world(durable=True)
    left = world.settings.data_dir / "downloads" / "left"
    left.parent.mkdir(exist_ok=True)
    left.touch()
    world.kill_control()
    assert not left.exists()
    errors.lines.clear()
