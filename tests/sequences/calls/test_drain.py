"""H5: a drain refuses new calls with 503, lets those that are up come to their end, and then is over."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from offhook import drain
from offhook.core.errors import Invalid
from offhook.testing.world import World

A = "15550100777"
LONG = [{"action": "talk", "text": "Hello"}, {"action": "wait", "timeout": 8}]


Begin = Callable[[list[int]], drain.Drain]


@pytest.fixture
def begin(world: World) -> Iterator[Begin]:
    """What the control process runs beside its service, until the end of the test."""
    running = []

    def begun(ends: list[int]) -> drain.Drain:
        calls = world.service.calls
        made = drain.Drain(world.settings.run_dir, world.clock, calls, lambda: ends.append(world.clock.now()))
        running.append(world.start(made.run()))
        return made

    yield begun
    for task in running:
        task.cancel()
    world.wait(0.1)


def test_h5_calls_are_finished_and_new_ones_refused(world: World, begin: Begin) -> None:
    world.application({"/answer": LONG})
    ends: list[int] = []
    running = begin(ends)
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    drain.ask(world.settings.run_dir, drain.Wish(None))
    running.look()
    world.wait(1)
    refused = world.call("15550100778", world.number, "")
    assert refused.ending is not None
    assert refused.ending.status == 503
    status, body = world.request("GET", "/ready")
    assert (status, body["missing"]) == (503, ["calls: draining, 1 legs are still up"])
    made = {"to": [{"type": "phone", "number": A}], "from": {"type": "phone", "number": world.number}}
    assert world.request("POST", "/v1/calls", {**made, "ncco": LONG})[0] == 503
    assert ends == []
    report = world.run(call.done)
    assert report.ending is not None
    assert report.ending.by == "far end"
    assert world.heard(report) == ["Hello"]
    world.wait(1)
    assert len(ends) == 1


def test_h5_a_drain_can_be_undone(world: World, begin: Begin) -> None:
    world.application({"/answer": LONG})
    ends: list[int] = []
    running = begin(ends)
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    drain.ask(world.settings.run_dir, drain.Wish(None))
    running.look()
    world.wait(1)
    assert drain.undo(world.settings.run_dir)
    assert not drain.undo(world.settings.run_dir)
    running.look()
    world.wait(1)
    assert world.request("GET", "/ready")[0] == 200
    other = world.call("15550100778", world.number, "wait-speech; hangup")
    assert other.problems == []
    world.run(call.done)
    world.wait(1)
    assert ends == []


def test_h5_a_drain_with_a_time_ends_although_calls_are_up(world: World, begin: Begin) -> None:
    world.application({"/answer": LONG})
    ends: list[int] = []
    running = begin(ends)
    call = world.dial(A, world.number, "wait-hangup")
    world.wait(2)
    drain.ask(world.settings.run_dir, drain.Wish(world.clock.wall() + 2_000_000))
    running.look()
    world.wait(1.5)
    assert ends == []
    world.wait(1)
    assert len(ends) == 1
    assert not call.done.done()
    world.run(call.done)


def test_h5_a_process_that_starts_anew_goes_on_with_the_drain(world: World, begin: Begin) -> None:
    drain.ask(world.settings.run_dir, drain.Wish(None))
    ends: list[int] = []
    begin(ends)
    world.wait(1)
    assert len(ends) == 1
    world.service.calls.drain(False)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"until": "soon"}', "{}"])
def test_a_file_that_is_no_wish_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / drain.FILE).write_text(text)
    with pytest.raises(Invalid, match="no wish to drain"):
        drain.asked(tmp_path)


def test_wishes_are_read_as_written(tmp_path: Path) -> None:
    assert drain.asked(tmp_path) is None
    for wish in (drain.Wish(None), drain.Wish(1_767_225_600_000_000)):
        drain.ask(tmp_path, wish)
        assert drain.asked(tmp_path) == wish
