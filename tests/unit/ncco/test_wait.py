"""wait: fields, checks, behaviour (S40)."""

from typing import Any

import pytest
from tests.unit.ncco.harness import START, Leg, errors, warnings

from offhook.core.clock import seconds
from offhook.ncco.effects import CancelTimer, SetTimer, StartTalk
from offhook.ncco.events import LegGone, TimerFired


@pytest.mark.parametrize(
    ("timeout", "waits_s"),
    [
        (None, 10),
        (0.5, 0.5),
        ("0.5", 0.5),
        (2, 2),
        (0.01, 0.1),
        (0, 0.1),
        (-3, 0.1),
        (7200, 7200),
        (7201, 7200),
        (10**30, 7200),
    ],
)
def test_length(timeout: Any, waits_s: float) -> None:
    leg = Leg([{"action": "wait", "timeout": timeout}, {"action": "talk", "text": "a"}])
    assert leg.last(SetTimer).at == START + seconds(waits_s)
    leg.wait(waits_s - 0.001)
    assert leg.all(StartTalk) == []
    leg.wait(0.001)
    assert leg.heard == ["a"]


@pytest.mark.parametrize("timeout", ["soon", [], True, float("inf"), float("nan")])
def test_refused(timeout: Any) -> None:
    ((path, message),) = errors([{"action": "wait", "timeout": timeout}])
    assert path == "[0].timeout"
    assert "must be a number from 0.1 to 7200" in message


def test_a_clamped_length_is_warned_of() -> None:
    assert warnings([{"action": "wait", "timeout": 9000}]) == [
        ("[0].timeout", "9000 is outside 0.1 to 7200; 7200 is used")
    ]


def test_a_timer_that_fires_early_is_set_again() -> None:
    leg = Leg([{"action": "wait", "timeout": 1}])
    timer = leg.last(SetTimer)
    assert leg.send(TimerFired(timer.key)) == [timer]
    leg.wait(1)
    assert leg.over == "program finished"


def test_another_timer_is_ignored() -> None:
    leg = Leg([{"action": "wait", "timeout": 1}])
    leg.now += seconds(5)
    assert leg.send(TimerFired("wait:other")) == []


def test_no_timer_is_left_when_the_leg_is_gone() -> None:
    leg = Leg([{"action": "wait"}])
    assert leg.send(LegGone()) == [CancelTimer(leg.last(SetTimer).key)]
