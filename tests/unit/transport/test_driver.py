"""The driver: one input at a time, one loop timer, and no fault lost in silence."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from offhook.core.errors import LocalStateError
from offhook.sip.commands import Dial, HangUp, Ring
from offhook.sip.events import Ended, Event, Failed
from offhook.sip.flow import Flow
from offhook.sip.machine import (
    CancelTimer,
    Input,
    Output,
    Received,
    Send,
    SetTimer,
    TimerFired,
    TransportFailed,
)
from offhook.transport.driver import SipDriver, describe

FLOW = Flow("udp", ("192.0.2.9", 5060), ("192.0.2.1", 5060))
ENDED = Ended("s", "remote", False, "", ())


class Time:
    """A clock and the part of an event loop that the driver uses, moved by hand."""

    def __init__(self) -> None:
        self.at = 0
        self.calls: list[tuple[int, asyncio.TimerHandle, Callable[[], None]]] = []
        self.armed = 0
        self._loop = asyncio.new_event_loop()

    def now(self) -> int:
        return self.at

    def wall(self) -> int:
        return self.at // 1000

    def call_later(self, delay: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(0.0, callback, (), self._loop)
        self.calls.append((self.at + round(delay * 1e9), handle, callback))
        self.armed += 1
        return handle

    def live(self) -> list[int]:
        return [at for at, handle, _ in self.calls if not handle.cancelled()]

    def advance(self, to: int) -> None:
        """Move to `to` and call what is due, in order."""
        while True:
            due = sorted(
                (call for call in self.calls if not call[1].cancelled() and call[0] <= to), key=lambda c: c[0]
            )
            if not due:
                break
            self.calls.remove(due[0])
            self.at = max(self.at, due[0][0])
            due[0][2]()
        self.at = to

    def close(self) -> None:
        self._loop.close()


class Script:
    """A machine that does what the test says and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[int, Input]] = []
        self.outputs: dict[type, list[Output]] = {}
        self.faults: set[type] = set()
        self.refused: set[type] = set()

    def handle(self, now: int, input: Input) -> list[Output]:
        self.given.append((now, input))
        if type(input) in self.faults:
            raise ValueError("a bug")
        if type(input) in self.refused:
            raise LocalStateError("a line break in X-A")
        return self.outputs.get(type(input), [])


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.stack = Script()
        self.sent: list[tuple[bytes, Flow]] = []
        self.events: list[Event] = []
        self.seen: list[tuple[int, Input | Output]] = []
        self.on_event: Callable[[Event], None] = self.events.append
        loop: Any = self.time
        self.driver = SipDriver(
            self.stack,
            self.time,
            lambda data, flow: self.sent.append((data, flow)),
            lambda event: self.on_event(event),
            loop,
            observe=lambda now, what: self.seen.append((now, what)),
        )

    def inputs(self) -> list[Input]:
        return [input for _, input in self.stack.given]


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.time.close()


def test_inputs_reach_the_machine_and_outputs_are_carried_out(world: World) -> None:
    world.stack.outputs[Received] = [Send(b"out", FLOW), ENDED]
    world.time.at = 5
    world.driver.feed(b"in", FLOW)
    world.driver.transport_failed(FLOW, "gone")
    world.driver.command(Ring("s"))
    assert world.stack.given == [
        (5, Received(b"in", FLOW)),
        (5, TransportFailed(FLOW, "gone")),
        (5, Ring("s")),
    ]
    assert world.sent == [(b"out", FLOW)]
    assert world.events == [ENDED]


def test_one_loop_timer_stands_for_the_earliest(world: World) -> None:
    world.stack.outputs[Received] = [
        SetTimer("late", 900),
        SetTimer("early", 300_000),
        SetTimer("mid", 600_000),
    ]
    world.stack.outputs[Ring] = [SetTimer("late", 900_000)]
    world.driver.feed(b"", FLOW)
    world.driver.command(Ring("s"))
    assert world.driver.timers == 3
    assert world.time.live() == [300_000]
    world.time.advance(1_000_000)
    assert world.stack.given[2:] == [
        (300_000, TimerFired("early")),
        (600_000, TimerFired("mid")),
        (900_000, TimerFired("late")),
    ]
    assert world.driver.timers == 0
    assert world.time.live() == []


def test_equal_instants_fire_in_the_order_set(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer(key, 500_000) for key in ("b", "a", "c")]
    world.driver.feed(b"", FLOW)
    world.time.advance(500_000)
    assert world.inputs()[1:] == [TimerFired("b"), TimerFired("a"), TimerFired("c")]


def test_a_timer_can_be_moved_and_cancelled(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 100_000), SetTimer("x", 400_000), SetTimer("y", 200_000)]
    world.stack.outputs[Ring] = [CancelTimer("y"), CancelTimer("unknown")]
    world.driver.feed(b"", FLOW)
    world.driver.command(Ring("s"))
    world.time.advance(300_000)
    assert len(world.stack.given) == 2
    world.time.advance(500_000)
    assert world.stack.given[2:] == [(400_000, TimerFired("x"))]


def test_a_timer_that_is_set_for_the_past_does_not_starve_the_loop(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 10_000)]
    world.stack.outputs[TimerFired] = [SetTimer("x", 0)]
    world.driver.feed(b"", FLOW)
    first = world.time.calls.pop()
    world.time.at = 10_000
    first[2]()
    assert world.inputs()[1:] == [TimerFired("x")]
    assert world.time.live() == [10_000]


def test_many_timers_set_again_and_again_leave_no_heap(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 1_000_000)]
    for _ in range(1000):
        world.driver.feed(b"", FLOW)
    assert world.driver.timers == 1
    assert len(world.driver._timers._heap) <= 65
    assert len(world.time.live()) == 1


def test_a_wake_up_that_comes_early_waits_on(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 1_000_000)]
    world.driver.feed(b"", FLOW)
    early = world.time.calls.pop()
    world.time.at = 999_999
    early[2]()
    assert len(world.stack.given) == 1
    assert world.time.live() == [1_000_999]


def test_what_an_event_handler_asks_for_waits_its_turn(world: World) -> None:
    world.stack.outputs[Received] = [ENDED, Send(b"after the event", FLOW)]
    world.stack.outputs[HangUp] = [Send(b"from the command", FLOW)]
    world.on_event = lambda _: world.driver.command(HangUp("s"))
    world.driver.feed(b"", FLOW)
    assert [data for data, _ in world.sent] == [b"after the event", b"from the command"]


def test_a_fault_of_the_machine_is_logged_and_costs_one_input(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.stack.faults.add(Received)
    world.stack.outputs[Ring] = [ENDED]
    with caplog.at_level(logging.ERROR):
        world.driver.feed(b"Authorization: secret", FLOW)
        world.driver.command(Ring("s"))
    assert world.events == [ENDED]
    assert len(caplog.records) == 1
    assert "a message of 21 bytes (sha256 " in caplog.text
    assert "from udp:192.0.2.1:5060" in caplog.text
    assert "ValueError: a bug" in caplog.text
    assert "secret" not in caplog.text


def test_a_dial_that_the_stack_refuses_is_a_call_that_failed(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.stack.refused.add(Dial)
    dial = Dial("s", "sip:1@192.0.2.1", "sip:2@192.0.2.9", b"", FLOW, headers=(("X-A", "b\r\nc"),))
    with caplog.at_level(logging.WARNING):
        world.driver.command(dial)
    assert world.events == [Failed("s", 500, "a line break in X-A", (), local=True)]
    assert "a line break in X-A" in caplog.text


def test_a_fault_of_an_event_handler_does_not_stop_the_rest(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Event) -> None:
        raise KeyError("handler")

    world.on_event = fail
    world.stack.outputs[Received] = [ENDED, Send(b"still", FLOW)]
    with caplog.at_level(logging.ERROR):
        world.driver.feed(b"", FLOW)
    assert world.sent == [(b"still", FLOW)]
    assert "Ended of the SIP machine could not be carried out" in caplog.text


def test_the_observer_sees_everything_in_order(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 100_000), Send(b"out", FLOW)]
    world.driver.feed(b"in", FLOW)
    world.time.advance(100_000)
    assert world.seen == [
        (0, Received(b"in", FLOW)),
        (0, SetTimer("x", 100_000)),
        (0, Send(b"out", FLOW)),
        (100_000, TimerFired("x")),
    ]


def test_nothing_happens_after_close(world: World) -> None:
    world.stack.outputs[Received] = [SetTimer("x", 100_000)]
    world.driver.feed(b"", FLOW)
    world.driver.close()
    world.driver.feed(b"", FLOW)
    world.time.advance(1_000_000)
    assert len(world.stack.given) == 1
    assert world.time.live() == []


def test_close_inside_an_event_handler(world: World) -> None:
    world.stack.outputs[Received] = [ENDED, SetTimer("x", 100_000)]
    world.on_event = lambda _: world.driver.close()
    world.driver.feed(b"", FLOW)
    world.time.advance(1_000_000)
    assert len(world.stack.given) == 1


@pytest.mark.parametrize(
    ("input", "text"),
    [
        (TimerFired("k"), "timer k"),
        (TransportFailed(FLOW, "x"), "failure of udp:192.0.2.1:5060"),
        (HangUp("s"), "HangUp for session s"),
    ],
)
def test_inputs_in_the_log(input: Input, text: str) -> None:
    assert describe(input) == text
