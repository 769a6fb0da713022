"""A conversation whose legs are on two media workers hears as one whose legs are on one."""

from collections.abc import Callable
from typing import Any

import pytest

from offhook.simulator.report import Report
from offhook.testing.world import World

A, B = "15550100777", "15550100742"
CONNECT = {"action": "connect", "from": World.number, "endpoint": [{"type": "phone", "number": B}]}


def spread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Legs go to the worker with the fewest, wherever their conversation is."""
    pool = world.service.media
    reserve = pool.reserve
    monkeypatch.setattr(pool, "reserve", lambda conversation=None, worker=None: reserve(None, worker))


def talk(world: World, *actions: dict[str, Any]) -> tuple[Report, Report, list[int]]:
    """A call with a tone each way: what A heard, what B heard, legs by worker meanwhile."""
    phone = world.phone(B, "wait 1; tone 700 1; wait-hangup")
    world.application({"/answer": [*actions, CONNECT]})
    call = world.dial(A, world.number, "wait 4; tone 1100 1; wait 1; hangup")
    world.wait(3)
    legs = [worker.host.open_legs for worker in world.workers.media.values()]
    report = world.run(call.done)
    world.wait(2)
    return report, phone.calls[0].report, legs


def delay_ms(sender: Report, listener: Report) -> float:
    """From the first packet of the sender's tone to its first sample at the listener."""
    assert sender.media is not None
    assert sender.media.started_at is not None
    assert listener.media is not None
    assert listener.media.started_at is not None
    assert sender.answered_ms is not None
    sent = sender.media.started_at + (sender.steps[0].at_ms - sender.answered_ms) * 1_000_000
    heard = listener.media.started_at + listener.tones[0].start_ms * 1_000_000
    return (heard - sent) / 1_000_000


def hertz(report: Report) -> list[int]:
    return [int(round(tone.hertz, -1)) for tone in report.tones if tone.duration_ms > 500]


def test_two_workers_both_hear_each_other_soon_enough(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    delays = []
    for workers in (1, 2):
        world = make_world(workers=workers)
        spread(world, monkeypatch)
        a, b, legs = talk(world)
        assert legs == ([2] if workers == 1 else [1, 1])
        assert (hertz(a), hertz(b)) == ([700], [1100])
        assert a.gaps == b.gaps == []
        assert all(abs(report.tones[-1].duration_ms - 1000) <= 60 for report in (a, b))
        delays.append((delay_ms(a, b), delay_ms(b, a)))
    alone, linked = delays
    assert all(-1 <= there - here <= 60 for here, there in zip(alone, linked, strict=True))


def test_two_workers_a_recording_has_both_voices(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(workers=2)
    spread(world, monkeypatch)
    talk(world, {"action": "record", "format": "wav"})
    (event,) = [event for event in world.scenario.events if "recording_url" in event]
    assert event["size"] > 5 * 16_000


def test_two_workers_one_is_lost_and_the_next_call_goes_to_the_other(
    make_world: Callable[..., World], errors: Any
) -> None:
    world = make_world(workers=2)
    world.run(world.workers.kill_media("media-0"))
    world.wait(5)
    world.application({"/answer": [{"action": "talk", "text": "Still here."}]})
    assert world.heard(world.call(A, world.number, "wait-hangup")) == ["Still here."]
    assert world.service.missing() == []
    errors.lines.clear()
