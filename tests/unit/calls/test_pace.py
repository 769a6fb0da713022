"""Calls of REST that wait for their turn to be dialled."""

import asyncio

from offhook.calls.pace import Pace, Turn
from offhook.calls.timers import Timers
from offhook.testing.loop import VirtualLoop


class Row:
    """Who was dialled when, in virtual seconds."""

    def __init__(self, per_second: int) -> None:
        self.loop = VirtualLoop()
        self.pace = Pace(per_second, self.loop.clock, Timers(self.loop.clock).at)
        self.dialled: list[tuple[str, float]] = []
        self._began = self.loop.clock.now()

    def call(self, name: str) -> Turn:
        return self.pace.turn(lambda: self.dialled.append((name, self.seconds)))

    @property
    def seconds(self) -> float:
        return round((self.loop.clock.now() - self._began) / 1e9, 3)

    def wait(self, seconds: float) -> None:
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def names(self) -> str:
        return "".join(name for name, _ in self.dialled)


def placed(row: Row, names: str) -> dict[str, Turn]:
    async def work() -> dict[str, Turn]:
        return {name: row.call(name) for name in names}

    return row.loop.run_until_complete(work())


def test_without_a_rate_nobody_waits() -> None:
    row = Row(0)
    placed(row, "abcdefgh")
    assert row.dialled == [(name, 0.0) for name in "abcdefgh"]
    row.loop.close()


def test_turns_are_as_far_apart_as_the_rate_says() -> None:
    row = Row(4)
    placed(row, "abcd")
    assert row.names() == "a"
    row.wait(0.6)
    placed(row, "e")
    row.wait(2)
    assert row.dialled == [("a", 0.0), ("b", 0.25), ("c", 0.5), ("d", 0.75), ("e", 1.0)]
    assert len(row.pace) == 0
    row.loop.close()


def test_turns_that_nobody_took_are_not_saved_up() -> None:
    row = Row(10)
    placed(row, "a")
    row.wait(9)
    placed(row, "bcd")
    row.wait(1)
    assert row.dialled == [("a", 0.0), ("b", 9.0), ("c", 9.1), ("d", 9.2)]
    row.loop.close()


def test_who_leaves_the_row_gives_its_turn_to_the_next() -> None:
    row = Row(1)
    turns = placed(row, "abcdef")
    row.wait(0.5)
    for name in "bcd":
        turns[name].cancel()
    row.wait(0.6)
    assert row.dialled == [("a", 0.0), ("e", 1.0)]
    turns["e"].cancel()  # it has been dialled: nothing to give back
    row.wait(1)
    assert row.dialled[2:] == [("f", 2.0)]
    row.loop.close()


def test_when_all_have_left_the_next_call_need_not_wait() -> None:
    row = Row(1)
    turns = placed(row, "abc")
    row.wait(0.5)
    turns["b"].cancel()
    turns["c"].cancel()
    row.wait(1)
    placed(row, "de")
    assert row.dialled == [("a", 0.0), ("d", 1.5)]
    row.wait(1)
    assert row.dialled[2:] == [("e", 2.5)]
    row.loop.close()


def test_a_loop_that_stood_still_makes_no_burst() -> None:
    row = Row(10)
    placed(row, "abcdefghij")

    async def stand_still() -> None:
        row.loop.clock.advance(5_000_000_000)

    row.loop.run_until_complete(stand_still())
    row.wait(0.1)
    assert len(row.dialled) <= 4
    row.wait(1)
    assert row.names() == "abcdefghij"
    row.loop.close()
