"""S18: who hears whom when lists say so, on one media worker and over two."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.sequences.calls.conference import Conference

from offhook.testing.world import World

MakeWorld = Callable[..., World]


@pytest.fixture(params=[1, 2], ids=["one worker", "two workers"])
def world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """With two, each leg is on another worker than the one before it."""
    made = make_world(workers=request.param)
    pool = made.service.media
    reserve = pool.reserve
    pool.reserve = lambda conversation=None, worker=None: reserve(None, worker)  # type: ignore[method-assign]
    return made


def desk(world: World, **supervisor: Any) -> Conference:
    """Customer, agent and supervisor in this order; each speaks in turn, twice."""
    conference = Conference(world)
    conference.enter("Customer", turn=0)
    customer = conference.uuid("Customer")
    conference.enter("Agent", turn=1, canHear=[customer], canSpeak=[customer], record=True)
    agent = conference.uuid("Agent")
    lists: dict[str, Any] = {
        key: [{"c": customer, "g": agent}[one] for one in value] for key, value in supervisor.items()
    }
    conference.enter("Visor", turn=2, record=True, **lists)
    return conference


@pytest.mark.parametrize(
    ("lists", "customer", "agent"),
    [
        ({"canHear": "cg", "canSpeak": ""}, ["Agent"], ["Customer"]),
        ({"canHear": "cg", "canSpeak": "g"}, ["Agent"], ["Customer", "Visor"]),
        ({}, ["Agent", "Visor"], ["Customer", "Visor"]),
    ],
    ids=["listen", "whisper", "barge"],
)
def test_s18_supervisor(world: World, lists: dict[str, str], customer: list[str], agent: list[str]) -> None:
    conference = desk(world, **lists)
    conference.until_turn(4)
    conference.end()
    assert conference.heard("Customer") == customer
    assert conference.heard("Agent") == agent
    assert conference.heard("Visor") == ["Customer", "Agent"]
    assert len(conference.events("recording_url")) == 1
    assert len(conference.events("transfer")) == 3


def test_s18_switching_from_listening_to_barging_in(world: World) -> None:
    """A transfer of the supervisor to the same conversation with other lists; every pair is decided anew."""
    conference = Conference(world)
    conference.enter("Customer", turn=3)
    conference.enter("Agent", turn=1, script="wait 0.1; wait-hangup")
    conference.enter("Visor", turn=0, script='wait 3; say "Visor"; wait-hangup', canSpeak=[])
    conference.until_turn(1)
    again = {"action": "conversation", "name": "room"}
    conference.act("Visor", "transfer", destination={"type": "ncco", "ncco": [again]})
    conference.until_turn(5)
    conference.end()
    assert conference.heard("Customer") == ["Agent", "Visor"]
    assert conference.heard("Agent") == ["Visor", "Customer"]
    assert conference.heard("Visor") == ["Agent", "Customer"]


def test_empty_lists_are_nobody_and_unknown_legs_are_harmless(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=0)
    conference.enter("Bob", turn=1, canHear=[], canSpeak=["nobody"])
    conference.enter("Cleo", turn=2)
    conference.until_turn(4)
    conference.end()
    # Cleo came last and without lists: everybody hears her, and she everybody.
    assert conference.heard("Ann") == ["Cleo"]
    assert conference.heard("Bob") == ["Cleo"]
    assert conference.heard("Cleo") == ["Ann", "Bob"]


def test_lists_hold_for_those_who_wait_for_the_moderator(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=1, startOnEnter=False)
    conference.enter("Bob", turn=2, startOnEnter=False, canHear=[])
    conference.enter("Mod", turn=3)
    conference.until_turn(5)
    conference.end()
    assert conference.heard("Ann") == ["Bob", "Mod"]
    assert conference.heard("Bob") == ["Mod"]
    assert conference.heard("Mod") == ["Ann", "Bob"]


def test_who_is_not_heard_may_leave_and_the_others_go_on(world: World) -> None:
    conference = Conference(world)
    conference.enter("Ann", turn=2)
    conference.enter("Bob", canSpeak=[])
    conference.enter("Cleo", turn=3)
    conference.act("Bob", "hangup")
    conference.until_turn(5)
    conference.end()
    assert conference.heard("Ann") == ["Cleo"]
    assert conference.heard("Cleo") == ["Ann"]
