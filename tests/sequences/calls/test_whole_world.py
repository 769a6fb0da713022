"""One seed is one run; many calls at once; and nothing stays behind."""

import json
from collections.abc import Callable
from typing import Any

from offhook.audio import tones
from offhook.testing.wire import Conditions
from offhook.testing.world import World

A, B = "15550100777", "15550100742"
CONNECT = {
    "action": "connect",
    "from": World.number,
    "endpoint": [{"type": "phone", "number": B, "onAnswer": {"url": "http://app.test/whisper"}}],
    "eventType": "synchronous",
}


def complicated(world: World) -> list[str]:
    """A menu, music, a recording, two parties, keys, a bad network: every part has something to do."""
    url = world.audio_file("/music.wav", tones.sine(500.0, 600, 6_000.0))
    world.network.conditions = Conditions(delay=0.01, jitter=0.03, loss=0.02, duplicate=0.02)
    world.phone(B, "wait-speech; wait 1; press 77; tone 700 0.5; wait-hangup")
    menu = [
        {"action": "record", "split": "conversation", "format": "wav"},
        {"action": "talk", "text": "Press one, or wait for the music.", "bargeIn": True},
        {"action": "stream", "streamUrl": [url], "bargeIn": True, "loop": 2},
        {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}, "eventUrl": ["http://app.test/in"]},
    ]
    notify = {"action": "notify", "payload": {"step": "menu"}, "eventUrl": ["http://app.test/step"]}
    world.application(
        {
            "/answer": menu,
            "/in": [notify, CONNECT],
            "/whisper": [{"action": "talk", "text": "A customer."}],
        }
    )
    report = world.call(A, world.number, "wait-speech; wait 1.2; press 1; wait 4; hangup")
    world.network.conditions = Conditions()
    world.wait(2)
    return world.heard(report)


def run(make_world: Callable[..., World], seed: int) -> tuple[bytes, list[tuple[int, str, bytes]]]:
    """The journal and the webhooks of one run."""
    world = make_world(seed=seed)
    complicated(world)
    assert any("recording_url" in event for event in world.scenario.events)
    return world.journal.dump(), [(hook.at, hook.path, hook.body) for hook in world.app.webhooks]


def test_one_seed_is_one_run_to_the_byte(make_world: Callable[..., World]) -> None:
    first, again = run(make_world, 7), run(make_world, 7)
    assert len(first[0].splitlines()) > 80
    assert first == again


def test_another_seed_has_other_ids(make_world: Callable[..., World]) -> None:
    (one, _), (two, _) = run(make_world, 7), run(make_world, 8)
    legs = [{leg for line in run.splitlines() if (leg := json.loads(line)[3])} for run in (one, two)]
    assert len(legs[0]) == len(legs[1]) == 2
    assert not legs[0] & legs[1]


def test_thirty_calls_at_once(world: World) -> None:
    def answer(webhook: Any) -> Any:
        return [{"action": "talk", "text": f"You are {webhook.query['from'][-2:]}."}]

    world.application({"/answer": answer})
    callers = [f"155501007{number:02d}" for number in range(30)]
    calls = []
    for caller in callers:
        calls.append(world.dial(caller, world.number, "wait-hangup"))
        world.wait(0.01)
    reports = [world.run(call.done) for call in calls]
    world.wait(0.5)
    assert [world.heard(report) for report in reports] == [[f"You are {caller[-2:]}."] for caller in callers]
    completed = [event["from"] for event in world.scenario.events if event["status"] == "completed"]
    assert sorted(completed) == callers
    assert all(report.gaps == [] and report.lost == 0 for report in reports)


def test_beyond_the_limit_callers_get_503(make_world: Callable[..., World]) -> None:
    world = make_world(settings={"calls": {"max_legs": 2}})
    world.application({"/answer": [{"action": "talk", "text": "One of two.", "loop": 3}]})
    calls = [world.dial(f"1555010070{number}", world.number, "wait-hangup") for number in range(3)]
    reports = [world.run(call.done) for call in calls]
    assert [len(world.heard(report)) for report in reports] == [3, 3, 0]
    assert reports[2].ending is not None
    assert reports[2].ending.status == 503


def test_nothing_is_left_when_everything_is_over(world: World) -> None:
    timers = len(world.loop.timers)
    complicated(world)
    assert world.leaks() == {}
    assert world.service.calls.live_legs == 0
    # A worker's tick, heartbeats, the measure of the loop: as many timers as before the first call.
    assert len(world.loop.timers) <= timers
    assert world.carrier.agent._owners == {}
