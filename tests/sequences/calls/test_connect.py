"""`connect` to a phone: what both hear, and every way in which it ends."""

from typing import Any

import pytest

from offhook.audio import tones
from offhook.simulator.report import Report
from offhook.testing.world import World

B = "15550100742"
A = "15550100777"


def connect(number: str = B, **options: Any) -> dict[str, Any]:
    endpoint = {"type": "phone", "number": number, **options.pop("endpoint", {})}
    return {"action": "connect", "from": World.number, "endpoint": [endpoint], **options}


def hertz(report: Report) -> list[int]:
    """The marker tones that a phone heard, to 10 Hz."""
    return [round(tone.hertz / 10) * 10 for tone in report.tones]


def statuses(world: World, direction: str) -> list[str]:
    return [
        event["status"]
        for event in world.scenario.events
        if event.get("direction") == direction and "status" in event
    ]


def test_connect_both_hear_each_other(world: World) -> None:
    phone = world.phone(B, "wait 0.5; tone 700 1; wait-hangup")
    world.application({"/answer": [{"action": "talk", "text": "Please wait."}, connect()]})
    script = "wait-speech; wait-silence 1.2; wait 2.5; tone 1100 1; wait 1; hangup"
    report = world.call(A, world.number, script)
    callee = phone.calls[0].report
    assert world.heard(report) == ["Please wait."]
    assert world.heard(callee) == []  # the prompt was over before B was there
    assert hertz(report) == [700]
    assert hertz(callee) == [1100]
    for heard in (report, callee):
        assert abs(heard.tones[0].duration_ms - 1000) <= 60
        assert abs(heard.segments[-1].level + 15.3) < 0.3  # as loud as it was sent
    assert f"sip:{World.number}@" in callee.peer
    assert callee.gaps == []


def test_connect_events_of_both_legs(world: World) -> None:
    world.phone(B, "wait 1; hangup")
    world.application({"/answer": [connect()]})
    report = world.call(A, world.number, "wait-hangup")
    assert statuses(world, "inbound") == ["started", "ringing", "answered", "completed"]
    assert statuses(world, "outbound") == ["started", "ringing", "answered", "completed"]
    out = [event for event in world.scenario.events if event["direction"] == "outbound"]
    assert {(event["from"], event["to"]) for event in out} == {(World.number, B)}
    assert len({event["conversation_uuid"] for event in world.scenario.events}) == 1
    assert report.ending is not None
    assert report.ending.by == "far end"
    ended = {event["direction"]: event["disconnected_by"] for event in world.scenario.events[-2:]}
    assert ended == {"outbound": "user", "inbound": "platform"}


def test_connect_the_caller_hangs_up(world: World) -> None:
    phone = world.phone(B, "wait-hangup")
    world.application({"/answer": [connect()]})
    world.call(A, world.number, "wait 3; hangup")
    ending = phone.calls[0].report.ending
    assert ending is not None
    assert ending.by == "far end"
    assert statuses(world, "outbound")[-1] == statuses(world, "inbound")[-1] == "completed"


def test_connect_limit_ends_the_call(world: World) -> None:
    phone = world.phone(B, "wait-hangup")
    world.application({"/answer": [connect(limit="4"), {"action": "talk", "text": "Never."}]})
    report = world.call(A, world.number, "wait-hangup")
    callee = phone.calls[0].report
    assert callee.ending is not None
    assert callee.answered_ms is not None
    assert 3950 <= callee.ending.at_ms - callee.answered_ms <= 4100
    assert world.heard(report) == []
    assert [event["disconnected_by"] for event in world.scenario.events[-2:]] == ["platform", "platform"]


def test_connect_the_caller_gives_up_while_it_rings(world: World) -> None:
    world.application({"/answer": [connect("15550100792")]})
    world.call(A, world.number, "wait 3; hangup")
    assert statuses(world, "outbound") == ["started", "ringing", "cancelled", "completed"]
    assert statuses(world, "inbound")[-1] == "completed"
    ending = world.carrier.dialled[0].calls[0].report.ending
    assert ending is not None
    assert ending.status == 487


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        ("15550100790", "busy"),
        ("15550100791", "rejected"),
        ("15550100792", "timeout"),
        ("15550100794", "failed"),
    ],
)
def test_connect_not_reached_goes_on_with_the_next_action(world: World, number: str, cause: str) -> None:
    world.application({"/answer": [connect(number, timeout=3), {"action": "talk", "text": "Nobody."}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Nobody."]
    told = statuses(world, "outbound")
    assert [status for status in told if status not in ("started", "ringing")] == (
        [cause] if cause == "rejected" else [cause, "completed"]
    )


def test_connect_with_a_foreign_caller_id_fails(world: World) -> None:
    action = {**connect(), "from": "15559998888"}
    world.application({"/answer": [action, {"action": "talk", "text": "Refused."}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Refused."]
    failed = next(event for event in world.scenario.events if event.get("status") == "failed")
    assert failed["detail"] == "cannot_route"


def test_s11_the_callee_alone_hears_the_whisper(world: World) -> None:
    phone = world.phone(B, "wait-speech; wait-silence 1; tone 700 1; wait-hangup")
    whisper = "Call about the red bicycle."
    world.application(
        {
            "/answer": [connect(endpoint={"onAnswer": {"url": "http://app.test/whisper"}})],
            "/whisper": [{"action": "talk", "text": whisper}],
        }
    )
    report = world.call(A, world.number, "wait-speech; wait-silence 1; tone 1100 0.5; hangup")
    callee = phone.calls[0].report
    assert world.heard(callee) == [whisper]
    assert world.heard(report) == []
    assert hertz(report) == [700]
    assert hertz(callee)[-1] == 1100
    (hook,) = world.app.at("/whisper")
    assert hook.method == "GET"
    assert hook.query["to"] == B


def test_s12_the_ringback_tone_is_heard_by_the_caller_until_the_answer(world: World) -> None:
    phone = world.phone(B, "wait 1; tone 700 1; wait 0.5; hangup", after=3.0)
    url = world.audio_file("/ringback.wav", tones.sine(440.0, 400, 8_000.0))
    world.application({"/answer": [connect(ringbackTone=url)]})
    report = world.call(A, world.number, "wait-hangup")
    assert hertz(report)[-1] == 700
    assert set(hertz(report)[:-1]) == {440}
    loops = sum(tone.duration_ms for tone in report.tones[:-1])
    assert 2800 <= loops <= 3150
    assert hertz(phone.calls[0].report) == []
    assert world.files.requests == ["/ringback.wav"]


def test_with_the_setting_the_caller_goes_on_after_the_party_has_left(make_world: Any) -> None:
    world = make_world(settings={"calls": {"connect_ends_call": False}})
    world.phone(B, "wait 1; hangup")
    world.application({"/answer": [connect(), {"action": "talk", "text": "How was it?"}]})
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["How was it?"]
    assert statuses(world, "outbound")[-1] == statuses(world, "inbound")[-1] == "completed"


@pytest.mark.parametrize(
    "option",
    [
        {"machineDetection": "hangup"},
        {"advancedMachineDetection": {"mode": "detect"}},
        {"advanced_machine_detection": {"behavior": "continue", "beep_timeout": 45}},
    ],
)
def test_machine_detection_is_told_and_the_call_goes_on_without_it(world: World, option: Any) -> None:
    phone = world.phone(B, "tone 700 1; hangup")
    world.application({"/answer": [connect(**option)]})
    report = world.call(A, world.number, "wait-hangup")
    assert hertz(report) == [700]
    assert len(phone.calls) == 1
    (error,) = [event for event in world.scenario.events if "reason" in event]
    assert "goes on without it" in error["reason"]


def test_a_random_number_is_one_of_the_applications(world: World) -> None:
    other = "31201234567"
    world.own(other)
    dutch = world.phone("31207654321", "wait 1; hangup")
    action = connect("31207654321", randomFromNumber="true")
    del action["from"]
    world.application({"/answer": [action]})
    world.call(A, world.number, "wait-hangup")
    assert f"sip:{other}@" in dutch.calls[0].report.peer  # of the destination's country
    out = [event for event in world.scenario.events if event.get("direction") == "outbound"]
    assert {event["from"] for event in out} == {other}


def test_without_a_from_the_number_that_was_called_is_shown(world: World) -> None:
    phone = world.phone(B, "wait 1; hangup")
    action = connect()
    del action["from"]
    world.application({"/answer": [action]})
    world.call(A, world.number, "wait-hangup")
    assert f"sip:{world.number}@" in phone.calls[0].report.peer


@pytest.mark.parametrize("shape", ["string", "array", "onAnswer"])
def test_s12_every_way_of_giving_a_ringback_tone(world: World, shape: str) -> None:
    world.phone(B, "tone 700 1; hangup", after=2.0)
    url = world.audio_file("/ringback.wav", tones.sine(440.0, 400, 8_000.0))
    whisper = {"url": "http://app.test/whisper", "ringback": url}
    ways: dict[str, dict[str, Any]] = {
        "string": {"ringbackTone": url},
        "array": {"ringbackTone": [url]},
        "onAnswer": {"endpoint": {"onAnswer": whisper}},
    }
    whispered = [{"action": "wait", "timeout": 0.5}]
    world.application({"/answer": [connect(**ways[shape])], "/whisper": whispered})
    report = world.call(A, world.number, "wait-hangup")
    assert hertz(report)[-1] == 700
    assert set(hertz(report)[:-1]) == {440}


def test_s11_a_callee_who_leaves_during_the_whisper_was_not_connected(world: World) -> None:
    world.phone(B, "wait 1; hangup")
    world.application(
        {
            "/answer": [
                connect(endpoint={"onAnswer": {"url": "http://app.test/whisper"}}),
                {"action": "talk", "text": "Nobody."},
            ],
            "/whisper": [{"action": "talk", "text": "Do you want this call?", "loop": 0}],
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Nobody."]
    assert statuses(world, "outbound") == ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize("answer", [None, [{"action": "tlak"}]])
def test_s11_without_a_whisper_the_callee_is_let_go(world: World, answer: Any) -> None:
    phone = world.phone(B, "wait-hangup")
    world.application(
        {
            "/answer": [
                connect(endpoint={"onAnswer": {"url": "http://app.test/whisper"}}),
                {"action": "talk", "text": "Nobody."},
            ],
            "/whisper": answer,
        }
    )
    report = world.call(A, world.number, "wait-hangup")
    assert world.heard(report) == ["Nobody."]
    ending = phone.calls[0].report.ending
    assert ending is not None
    assert ending.by == "far end"


def test_several_endpoints_in_one_connect_are_an_error(world: World) -> None:
    both = {**connect(), "endpoint": [{"type": "phone", "number": B}, {"type": "phone", "number": A}]}
    world.application({"/answer": [both]})
    report = world.call(A, world.number, "wait-hangup")
    assert report.ending is not None
    assert report.ending.status == 480
    (error,) = [event for event in world.scenario.events if "reason" in event]
    assert error["path"] == "[0].endpoint"
    assert "exactly one endpoint" in error["problem"]
    assert len(world.carrier.dialled) == 0
