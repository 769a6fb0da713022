"""Control's channel and a worker's server over memory, in virtual time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from offhook.core.clock import Clock
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.media import Command, Event, Leave, LegOpened
from offhook.ipc.memory import MemoryListener, memory_pair
from offhook.ipc.pipes import Pipe
from offhook.ipc.server import Server
from offhook.testing.loop import VirtualLoop


def in_virtual_time(body: Callable[[VirtualLoop], Coroutine[Any, Any, None]]) -> None:
    loop = VirtualLoop()
    try:
        loop.run_until_complete(body(loop))
    finally:
        loop.close()


class Worker:
    def __init__(self, clock: Clock, epoch: str = "w1") -> None:
        self.heard: list[object] = []
        self.server = Server(
            lambda peer: Endpoint("media-0", epoch, Command, describe=lambda: {"leg": ["L"]}),
            clock,
            on_message=lambda peer, message: self.heard.append(message),
        )


class Control:
    def __init__(self, clock: Clock, listener: MemoryListener) -> None:
        self.heard: list[object] = []
        self.ups: list[Up] = []
        self.lost: list[str] = []
        self.channel = Channel(
            Endpoint("control", "c1", Event),
            listener.connect,
            clock,
            on_message=self.heard.append,
            on_up=self.ups.append,
            on_lost=self.lost.append,
        )
        self.channel.start()


def test_messages_go_both_ways() -> None:
    async def body(loop: VirtualLoop) -> None:
        worker = Worker(loop.clock)
        control = Control(loop.clock, MemoryListener(worker.server.accept))
        control.channel.send(Leave("early"))
        await asyncio.sleep(0.1)
        worker.server.send("control", LegOpened("L"))
        await asyncio.sleep(10)  # heartbeats keep it alive
        assert (worker.heard, control.heard, control.lost) == ([Leave("early")], [LegOpened("L")], [])
        assert control.ups == [Up("media-0", True, 0, {"leg": ["L"]})]
        await control.channel.close()

    in_virtual_time(body)


def test_a_broken_connection_is_resumed_and_nobody_is_told() -> None:
    async def body(loop: VirtualLoop) -> None:
        worker = Worker(loop.clock)
        listener = MemoryListener(worker.server.accept)
        control = Control(loop.clock, listener)
        await asyncio.sleep(0.1)
        listener.cut()
        listener.restore()
        worker.server.send("control", LegOpened("between"))
        await asyncio.sleep(0.1)
        assert control.lost == []
        assert control.heard == [LegOpened("between")]
        assert [up.fresh for up in control.ups] == [True, False]
        await control.channel.close()

    in_virtual_time(body)


def test_a_killed_worker_is_lost_once_and_its_successor_is_fresh() -> None:
    async def body(loop: VirtualLoop) -> None:
        worker = Worker(loop.clock)
        listener = MemoryListener(worker.server.accept)
        control = Control(loop.clock, listener)
        await asyncio.sleep(0.1)
        listener.cut()
        await asyncio.sleep(0.01)
        assert control.lost == ["nobody listens here"]
        control.channel.send(Leave("while it is away"))
        await asyncio.sleep(5)
        assert len(control.lost) == 1
        listener.restore(Worker(loop.clock, "w2").server.accept)
        await asyncio.sleep(1.1)
        assert control.ups[-1].fresh
        assert control.channel.up
        await control.channel.close()

    in_virtual_time(body)


def test_a_hung_worker_is_dead_after_three_seconds() -> None:
    class Deaf:
        def opened(self, pipe: Pipe) -> None:
            self.pipe = pipe

        def data(self, data: bytes) -> None: ...

        def closed(self) -> None: ...

    async def body(loop: VirtualLoop) -> None:
        worker = Worker(loop.clock)
        listener = MemoryListener(worker.server.accept)
        control = Control(loop.clock, listener)
        await asyncio.sleep(0.1)
        listener.cut()
        listener.restore(Deaf)
        await asyncio.sleep(2.9)
        assert control.lost == []
        await asyncio.sleep(0.3)
        assert len(control.lost) == 1
        assert "said nothing for 3 s" in control.lost[0]
        await control.channel.close()

    in_virtual_time(body)


def test_a_connection_that_never_greets_is_closed() -> None:
    class Mute:
        ended = False

        def opened(self, pipe: Pipe) -> None: ...

        def data(self, data: bytes) -> None: ...

        def closed(self) -> None:
            self.ended = True

    async def body(loop: VirtualLoop) -> None:
        mute = Mute()
        memory_pair(mute, Worker(loop.clock).server.accept())
        await asyncio.sleep(2.9)
        assert not mute.ended
        await asyncio.sleep(0.2)
        assert mute.ended

    in_virtual_time(body)


def test_a_handler_that_fails_does_not_stop_the_next_message() -> None:
    async def body(loop: VirtualLoop) -> None:
        heard: list[object] = []

        def fail_once(peer: str, message: object) -> None:
            heard.append(message)
            if len(heard) == 1:
                raise ValueError("a bug in the owner")

        server = Server(lambda peer: Endpoint("w", "w1", Command), loop.clock, on_message=fail_once)
        control = Control(loop.clock, MemoryListener(server.accept))
        control.channel.send(Leave("1"))
        control.channel.send(Leave("2"))
        await asyncio.sleep(0.1)
        assert heard == [Leave("1"), Leave("2")]
        await control.channel.close()

    in_virtual_time(body)
