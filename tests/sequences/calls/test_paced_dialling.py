"""Calls that REST places faster than they may be dialled: all are accepted, and ring one after the other."""

from typing import Any

from offhook.testing.world import World

NUMBERS = ("15550100742", "15550100743", "15550100744")


def place(world: World, number: str) -> str:
    wanted: dict[str, Any] = {
        "to": [{"type": "phone", "number": number}],
        "from": {"type": "phone", "number": world.number},
        "ncco": [],
    }
    status, answer = world.request("POST", "/v1/calls", wanted)
    assert (status, answer["status"]) == (201, "started")
    return str(answer["uuid"])


def test_each_waits_for_its_turn_and_one_that_is_hung_up_meanwhile_is_never_dialled() -> None:
    with World(seed=1, settings={"calls": {"dials_per_second": 1}}) as world:
        phones = [world.phone(number) for number in NUMBERS]
        calls = [place(world, number) for number in NUMBERS]
        world.wait(0.5)
        assert [len(phone.calls) for phone in phones] == [1, 0, 0]
        assert world.request("PUT", f"/v1/calls/{calls[1]}", {"action": "hangup"})[0] == 204
        world.wait(4)
        assert [len(phone.calls) for phone in phones] == [1, 0, 1]
        assert world.scenario.statuses(calls[1]) == ["started", "cancelled", "completed"]
        assert world.scenario.statuses(calls[2])[:3] == ["started", "ringing", "answered"]


def test_the_turns_of_calls_that_were_hung_up_go_to_those_behind_them() -> None:
    with World(seed=1, settings={"calls": {"dials_per_second": 1}}) as world:
        phones = [world.phone(number) for number in NUMBERS]
        calls = [place(world, number) for number in (NUMBERS[0], *["15550100745"] * 20, *NUMBERS[1:])]
        for call in calls[1:21]:
            assert world.request("PUT", f"/v1/calls/{call}", {"action": "hangup"})[0] == 204
        world.wait(1.2)
        assert [len(phone.calls) for phone in phones] == [1, 1, 0]
        world.wait(1)
        assert [len(phone.calls) for phone in phones] == [1, 1, 1]
        world.wait(3)
        assert world.leaks() == {}
