"""Named conversations: the rules of who hears whom, the wire between domain and media, and shared prompts."""

import asyncio
from typing import Any

import pytest
from tests.unit.calls.bench import Bench

from offhook.calls.room import Room
from offhook.calls.shelf import Loaded, Shelf
from offhook.core.errors import MediaError
from offhook.ipc import media
from offhook.ncco.effects import EnterConversation
from offhook.sip import events
from offhook.testing.loop import VirtualLoop


def wish(**fields: Any) -> EnterConversation:
    asked: dict[str, Any] = {
        "entry": "e",
        "name": "room",
        "start_on_enter": True,
        "end_on_exit": False,
        "music_url": None,
        "can_hear": None,
        "can_speak": None,
        "mute": False,
        "recording": None,
    }
    return EnterConversation(**{**asked, **fields})


def pairs(room: Room) -> set[tuple[str, str]]:
    """(who, whom it does not hear)."""
    return {(leg, other) for leg in room.members for other in room.unheard(leg)}


def test_whoever_enters_decides_each_pair_with_those_who_are_in() -> None:
    room = Room("room")
    assert room.enter("c", wish()) == []
    assert room.enter("g", wish(can_hear=("c",), can_speak=("c",))) == []
    assert room.enter("v", wish(can_hear=("c", "g"), can_speak=("g",))) == ["c"]
    assert pairs(room) == {("c", "v")}
    assert room.enter("d", wish(can_hear=(), can_speak=())) == ["d", "c", "g", "v"]
    assert pairs(room) == {("c", "v"), *(("d", x) for x in "cgv"), *((x, "d") for x in "cgv")}


def test_who_leaves_is_forgotten_on_both_sides() -> None:
    room = Room("room")
    room.enter("a", wish())
    room.enter("b", wish(can_hear=(), can_speak=()))
    assert room.leave("b") == ["b", "a"]
    assert pairs(room) == set()
    assert room.deaf == {}
    assert room.leave("nobody") == []


def test_a_room_begins_once_and_stays_begun() -> None:
    room = Room("room")
    room.enter("a", wish(start_on_enter=False))
    assert not room.started
    room.enter("b", wish())
    room.leave("b")
    room.enter("c", wish(start_on_enter=False))
    assert room.started


def conversation(**fields: Any) -> dict[str, Any]:
    return {"action": "conversation", "name": "room", **fields}


def test_lists_reach_the_worker_before_the_leg_joins(world: Any) -> None:
    async def script(bench: Bench) -> None:
        await bench.call_in([conversation()])
        first = bench.rows()[0].leg_id
        await bench.ring_in([conversation(canHear=[], canSpeak=[])], session="in-2", call_id="c2@phone")
        await bench.sip(events.Confirmed("in-2", b""))
        second = next(row.leg_id for row in bench.rows() if row.leg_id != first)
        told = [
            command
            for command in bench.media_port.sent
            if isinstance(command, media.SetHearing | media.Join) and command.leg in (first, second)
        ]
        lists = [(command.leg, command.deaf_to) for command in told if isinstance(command, media.SetHearing)]
        assert lists == [(second, [first]), (first, [second])]
        last = max(n for n, command in enumerate(told) if isinstance(command, media.SetHearing))
        joins = [n for n, command in enumerate(told) if isinstance(command, media.Join)]
        assert joins[-1] > last

    world(script)


# ── prompts that several playbacks share ────────────────────────────────────────────────────────


def run(work: Any) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


class File:
    """Something to load, which takes a second."""

    def __init__(self, error: Exception | None = None) -> None:
        self.loaded = self.released = 0
        self._error = error

    async def load(self) -> Loaded:
        self.loaded += 1
        await asyncio.sleep(1)
        if self._error is not None:
            raise self._error
        return Loaded("name", 8000, self._release)

    def _release(self) -> None:
        self.released += 1


def test_a_shared_prompt_is_loaded_once_and_released_after_its_last_user() -> None:
    async def script() -> None:
        shelf, file = Shelf(), File()
        first, second = await asyncio.gather(shelf.take("k", file.load), shelf.take("k", file.load))
        third = await shelf.take("k", file.load)
        assert (file.loaded, first.name, third.samples) == (1, "name", 8000)
        first.release()
        second.release()
        assert (file.released, len(shelf)) == (0, 1)
        third.release()
        assert (file.released, len(shelf)) == (1, 0)

    run(script())


def test_a_failure_is_everybodys_and_is_tried_again_later() -> None:
    async def script() -> None:
        shelf, broken = Shelf(), File(MediaError("broken"))
        answers = await asyncio.gather(
            *(shelf.take("k", broken.load) for _ in range(3)), return_exceptions=True
        )
        assert [str(answer) for answer in answers] == ["broken"] * 3
        assert (broken.loaded, len(shelf)) == (1, 0)
        with pytest.raises(MediaError):
            await shelf.take("k", broken.load)
        assert broken.loaded == 2

    run(script())


def test_the_end_of_the_first_who_asked_ends_the_wait_of_the_others() -> None:
    async def script() -> None:
        shelf, file = Shelf(), File()
        first = asyncio.ensure_future(shelf.take("k", file.load))
        second = asyncio.ensure_future(shelf.take("k", file.load))
        await asyncio.sleep(0.5)
        first.cancel()
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert all(isinstance(answer, asyncio.CancelledError) for answer in answers)
        assert len(shelf) == 0

    run(script())
