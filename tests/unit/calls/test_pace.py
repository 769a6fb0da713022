"""Calls of REST that wait for their turn to be dialled."""

from offhook.calls.pace import Pace

SECOND = 1_000_000_000


def test_without_a_rate_nobody_waits() -> None:
    pace = Pace(0)
    assert [pace.wait(5) for _ in range(1000)] == [0.0] * 1000


def test_turns_are_as_far_apart_as_the_rate_says() -> None:
    pace = Pace(4)
    assert [pace.wait(0) for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    assert pace.wait(SECOND // 2) == 0.5


def test_turns_that_nobody_took_are_not_saved_up() -> None:
    pace = Pace(10)
    pace.wait(0)
    assert [pace.wait(9 * SECOND) for _ in range(3)] == [0.0, 0.1, 0.2]
