"""Short calls in a world of virtual time, ended in every way, and what is left after every batch."""

import gc
from collections.abc import Callable

from offhook.simulator.call import Call
from offhook.testing.world import World

from .curve import Point
from .processes import rss_of

CALLERS = 20
PAUSE = 0.1
"""So that not more are up at a time than the world has ports for."""
WAYS = ("wait-hangup", "wait 0.3; hangup", "wait-speech; hangup", "press 1; wait-hangup")
NCCOS = (
    [{"action": "talk", "text": "Hi"}],
    [
        {"action": "talk", "text": "Hi"},
        {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1, "timeOut": 1}},
    ],
)
UNKNOWN = "15550199999"
"""A number that nobody owns: the call is refused."""


def run(calls: int, batch: int, told: Callable[[Point], None]) -> list[Point]:
    """`calls` calls in batches; a point after each."""
    points: list[Point] = []
    with World(seed=1, durable=True) as world:
        turn = iter(range(calls))
        world.application({"/answer": lambda hook: NCCOS[next(turn) % len(NCCOS)], "/event": None})
        for first in range(0, calls, batch):
            silent = _batch(world, range(first, min(calls, first + batch)))
            left = world.leaks() | ({"calls that were not answered": silent} if silent else {})
            _forget(world)
            gc.collect()
            points.append(Point(min(calls, first + batch), rss_of("self"), len(gc.get_objects()), left))
            told(points[-1])
    return points


def _batch(world: World, numbers: range) -> int:
    """Make the calls; how many were not answered that should have been."""
    begun = []
    for number in numbers:
        target = UNKNOWN if number % 10 == 9 else world.number
        begun.append(world.dial(f"155501007{number % CALLERS:02}", target, WAYS[number % len(WAYS)]))
        if number % 10 == 4:
            world.wait(PAUSE / 2)
            world.run(_hang_up(begun[-1]))  # while it rings
        world.wait(PAUSE)
    reports = [world.run(call.done) for call in begun]
    due = [report for number, report in zip(numbers, reports, strict=True) if number % 5 != 4]
    return sum(report.answered_ms is None for report in due)


async def _hang_up(call: Call) -> None:
    call.hang_up()


def _forget(world: World) -> None:
    """What the phones, the application and the journal of a test keep on purpose is not the platform's."""
    world.journal.lines.clear()
    world.app.webhooks.clear()
    for phone in world.carrier._phones.values():
        phone.calls.clear()
    world.carrier.dialled.clear()
