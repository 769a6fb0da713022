"""What the driver must store before it sends: sessions go to the database first, packets afterwards."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from offhook.sip.commands import Ring
from offhook.sip.events import Ended
from offhook.sip.flow import Flow
from offhook.sip.machine import Input, Output, Send, SetTimer
from offhook.testing.loop import VirtualLoop
from offhook.transport.driver import SipDriver

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 5070))
ENDED = Ended("s", "remote", False, "", ())


class Machine:
    """Gives the same outputs for every input."""

    def handle(self, now: int, input: Input) -> list[Output]:
        return [Send(b"one", FLOW), ENDED, SetTimer("t", now + 1), Send(b"two", FLOW)]


class Bench:
    def __init__(self, loop: VirtualLoop) -> None:
        self.done: list[object] = []
        self.stored: Callable[[], Any] = lambda: None
        self.driver = SipDriver(
            Machine(),
            loop.clock,
            lambda data, flow: self.done.append(data),
            lambda event: self.done.append(type(event).__name__),
            loop,
            keep=lambda: self.stored(),
        )


@pytest.fixture
def bench() -> Iterator[tuple[Bench, VirtualLoop]]:
    loop = VirtualLoop()
    made = Bench(loop)
    yield made, loop
    made.driver.close()
    loop.close()


def test_nothing_to_store_changes_no_order(bench: Any) -> None:
    made, _ = bench
    made.driver.command(Ring("s"))
    assert made.done == [b"one", "Ended", b"two"]


@pytest.mark.parametrize("failed", [False, True])
def test_packets_wait_until_the_session_is_stored_or_cannot_be(bench: Any, failed: bool) -> None:
    made, loop = bench
    stored: asyncio.Future[None] = loop.create_future()
    made.stored = lambda: stored
    made.driver.command(Ring("s"))
    assert made.done == ["Ended"]
    assert made.driver.timers == 1
    if failed:
        stored.set_exception(OSError("no space left"))
        assert isinstance(stored.exception(), OSError)
    else:
        stored.set_result(None)
    loop.run_until_complete(asyncio.sleep(0))
    assert made.done == ["Ended", b"one", b"two"]


def test_what_is_stored_at_once_holds_nothing_back(bench: Any) -> None:
    made, loop = bench
    stored: asyncio.Future[None] = loop.create_future()
    stored.set_result(None)
    made.stored = lambda: stored
    made.driver.command(Ring("s"))
    assert made.done == [b"one", "Ended", b"two"]


def test_a_store_that_raises_costs_no_call(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    made, _ = bench

    def broken() -> Any:
        raise RuntimeError("the database is closed")

    made.stored = broken
    made.driver.command(Ring("s"))
    assert made.done == [b"one", "Ended", b"two"]
    assert "could not be stored" in caplog.text


def test_a_closed_driver_sends_nothing_that_was_held_back(bench: Any) -> None:
    made, loop = bench
    stored: asyncio.Future[None] = loop.create_future()
    made.stored = lambda: stored
    made.driver.command(Ring("s"))
    made.driver.close()
    stored.set_result(None)
    loop.run_until_complete(asyncio.sleep(0))
    assert made.done == ["Ended"]
