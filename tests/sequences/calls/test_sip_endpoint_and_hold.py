"""`connect` to a SIP address, and a party that puts the other on hold."""

from typing import Any

from offhook.testing.world import World

A, B = "15550100777", "15550100742"


def test_a_sip_endpoint_gets_the_headers_and_both_hear_each_other(world: World) -> None:
    phone = world.phone("alice", "wait 0.5; tone 700 1; wait 1; hangup")
    endpoint = {
        "type": "sip",
        "uri": "sip:alice@pbx.localhost",
        "headers": {"location": "New York", "vip": "1"},
    }
    world.application({"/answer": [{"action": "connect", "from": world.number, "endpoint": [endpoint]}]})
    report = world.call(A, world.number, "wait-hangup")
    callee = phone.calls[0].report
    assert callee.number == "alice"
    sent = {name: value for name, value in callee.headers if name.startswith("X-")}
    assert sent == {"X-location": "New York", "X-vip": "1"}
    assert [int(round(tone.hertz, -1)) for tone in report.tones] == [700]
    told = [event for event in world.scenario.events if event["direction"] == "outbound"]
    assert [event["status"] for event in told] == ["started", "ringing", "answered", "completed"]
    assert {event["to"] for event in told} == {"sip:alice@pbx.localhost"}


def test_on_hold_nothing_is_heard_and_afterwards_everything(world: World) -> None:
    phone = world.phone(B, "tone 700 6; wait-hangup", after=0.2)
    connect: dict[str, Any] = {
        "action": "connect",
        "from": world.number,
        "endpoint": [{"type": "phone", "number": B}],
    }
    world.application({"/answer": [connect]})
    call = world.dial(A, world.number, "wait 6; hangup")
    world.wait(2)

    async def ask(what: str) -> None:
        getattr(call, what)()

    world.run(ask("hold"))
    world.wait(1.5)
    world.run(ask("resume"))
    report = world.run(call.done)
    world.wait(1)
    before, after = report.segments[-2:]
    assert abs(after.start_ms - before.end_ms - 1500) <= 100
    assert phone.calls[0].report.problems == report.problems == []
    assert [event["status"] for event in world.scenario.events].count("completed") == 2
