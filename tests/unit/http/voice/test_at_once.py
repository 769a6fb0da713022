"""Several requests about one call at the same moment: each has its own answer, and the call one state."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from offhook.testing.world import World

WAIT = [{"action": "wait", "timeout": 300}]
Wish = tuple[str, str, Any]


class Crowd:
    """A live call, and clients that ask something of it at once."""

    def __init__(self, world: World, http: Any) -> None:
        self.world, self.http = world, http
        world.application({"/answer": WAIT})
        world.dial("15550100777", world.number, "wait-hangup")
        world.wait(1)
        self.uuid = world.scenario.events[0]["uuid"]
        self.path = f"/v1/calls/{self.uuid}"

    def ask(self, *wishes: Wish) -> list[tuple[int, Any]]:
        """Status and body of each answer, in the order of the wishes."""
        sent = {"authorization": self.http.bearer}

        async def one(method: str, below: str, body: Any) -> tuple[int, Any]:
            data = b"" if body is None else json.dumps(body).encode()
            url = f"http://platform.test{self.path}{below}"
            status, _, told = await self.world.web.request(method, url, sent, data, 5.0, 60.0, 1_000_000)
            return status, json.loads(told) if told else None

        async def all_of_them() -> list[tuple[int, Any]]:
            return list(await asyncio.gather(*(one(*wish) for wish in wishes)))

        return self.world.run(all_of_them())

    def shown(self) -> Any:
        return self.http("GET", self.path).json


@pytest.fixture
def crowd(client_of: Callable[[World], Any]) -> Iterator[Crowd]:
    with World(seed=7) as world:
        yield Crowd(world, client_of(world))


def action(name: str, **more: Any) -> Wish:
    return ("PUT", "", {"action": name, **more})


def test_everybody_hangs_up_and_the_call_ends_once(crowd: Crowd) -> None:
    answers = crowd.ask(*[action("hangup")] * 20)
    assert answers == [(204, None)] * 20
    crowd.world.wait(1)
    assert crowd.world.scenario.statuses(crowd.uuid).count("completed") == 1
    assert crowd.shown()["status"] == "completed"


def test_wishes_beside_a_hangup_are_done_or_refused_and_never_fail(crowd: Crowd) -> None:
    wishes: list[Wish] = [
        action("mute"),
        ("PUT", "/talk", {"text": "x"}),
        action("hangup"),
        action("unmute"),
        ("PUT", "/talk", {"text": "y"}),
        ("DELETE", "/talk", None),
        ("PUT", "/dtmf", {"digits": "1"}),
        action("transfer", destination={"type": "ncco", "ncco": WAIT}),
        ("GET", "", None),
        action("hangup"),
    ]
    answers = crowd.ask(*wishes)
    for (method, below, body), (status, told) in zip(wishes, answers, strict=True):
        if status == 400:
            assert told["type"] == "BAD_REQUEST"
            assert body != {"action": "hangup"}
        else:
            assert status == (204 if method == "PUT" and not below else 200)
    crowd.world.wait(1)
    assert crowd.shown()["status"] == "completed"
    for wish in wishes[:2]:
        ((status, told),) = crowd.ask(wish)
        assert (status, told["type"]) == (400, "BAD_REQUEST")


def test_transfers_at_once_each_move_the_call_and_the_last_one_stays(crowd: Crowd) -> None:
    moves = [action("transfer", destination={"type": "ncco", "ncco": WAIT}) for _ in range(5)]
    assert crowd.ask(*moves) == [(204, None)] * 5
    crowd.world.wait(1)
    told = [event for event in crowd.world.scenario.events if event.get("type") == "transfer"]
    assert len(told) == 5
    for before, after in itertools.pairwise(told):
        assert after["conversation_uuid_from"] == before["conversation_uuid_to"]
    shown = crowd.shown()
    assert (shown["status"], shown["conversation_uuid"]) == ("answered", told[-1]["conversation_uuid_to"])


def test_talks_at_once_leave_one(crowd: Crowd) -> None:
    talks: list[Wish] = [("PUT", "/talk", {"text": f"number {n}", "loop": 0}) for n in range(6)]
    answers = crowd.ask(*talks)
    assert Counter(status for status, _ in answers) == {200: 6}
    assert {told["uuid"] for _, told in answers} == {crowd.uuid}
    crowd.world.wait(3)
    assert crowd.ask(("DELETE", "/talk", None))[0][0] == 200
    crowd.world.wait(1)
    assert crowd.ask(action("hangup")) == [(204, None)]
