"""A media worker inside an asyncio loop, for worlds in virtual time: the same host and messages, other wires.

Packets go through a network object with `bind`, `unbind` and `send`; the tick is a timer of the loop.
Nothing of this runs on a real machine's clock in `serve`: there the worker is a process (`process.py`).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from offhook.core.clock import NS_PER_SECOND, Clock
from offhook.core.errors import MediaError
from offhook.ipc.audio import RecorderBlock
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint
from offhook.ipc.media import Command, Event, WarmPorts
from offhook.ipc.pipes import Connector, Receiver
from offhook.ipc.server import Server
from offhook.ipc.shm import Prompts
from offhook.media.engine import Arrivals
from offhook.media.grid import PERIOD
from offhook.media.host import MediaHost
from offhook.media.host.wires import Address
from offhook.media.latch import Latch

CONTROL = "control"
QUEUE = 64
"""Datagrams that wait for one tick at one row, as a socket's buffer would hold them."""


class Network(Protocol):
    """Carries datagrams between addresses."""

    def bind(self, address: Address, receiver: Callable[[bytes, Address], None]) -> Address: ...

    def unbind(self, address: Address) -> None: ...

    def send(self, data: bytes, source: Address, destination: Address) -> None: ...


class LinkHub:
    """Stands for `<data>/run`: where the links of all workers of a world meet."""

    def __init__(self) -> None:
        self.ends: dict[str, deque[bytes]] = {}


@dataclass(slots=True)
class _Leg:
    address: Address
    latch: Latch
    waiting: deque[bytes]


@dataclass(slots=True)
class _Link:
    local: str
    remote: str


class MemoryWires:
    """`Wires` on a network in memory."""

    def __init__(self, host: str, ports: Iterable[int], network: Network, hub: LinkHub) -> None:
        self._host = host
        self._hub = hub
        self._network = network
        self._legs: dict[int, _Leg] = {}
        self._links: dict[int, _Link] = {}
        self._unused = deque(ports)
        """In the order in which they are opened: one that was used comes last."""
        self.warm: list[int] = []

    def top_up(self, count: int) -> list[int]:
        """Open ports until `count` wait; the new ones."""
        opened: list[int] = []
        while len(self.warm) < count and self._unused:
            opened.append(self._unused.popleft())
            self.warm.append(opened[-1])
        return opened

    def take(self, row: int, port: int, remote: Address | None, payload_types: Collection[int]) -> None:
        if port not in self.warm:
            raise MediaError(f"port {port} is not one of the ports that wait here: reserve another")
        self.warm.remove(port)
        leg = _Leg((self._host, port), Latch(remote, payload_types), deque(maxlen=QUEUE))
        self._network.bind(leg.address, lambda data, source: _hear(leg, data, source))
        self._legs[row] = leg

    def discard(self, port: int) -> None:
        if port in self.warm:
            self.warm.remove(port)
            self._unused.append(port)

    def aim(self, row: int, remote: Address | None, payload_types: Collection[int]) -> None:
        self._legs[row].latch.aim(remote, payload_types)

    def relearn(self, row: int) -> None:
        self._legs[row].latch.forget()

    def release(self, row: int) -> None:
        leg = self._legs.pop(row, None)
        if leg is not None:
            self._network.unbind(leg.address)
            self._unused.append(leg.address[1])
        link = self._links.pop(row, None)
        if link is not None:
            self._hub.ends.pop(link.local, None)

    def remote(self, row: int) -> Address | None:
        leg = self._legs.get(row)
        return leg.latch.destination if leg is not None and leg.latch.settled else None

    def link(self, row: int, local: str, remote: str) -> None:
        self._hub.ends[local] = deque(maxlen=QUEUE)
        self._links[row] = _Link(local, remote)

    def receive(self, arrivals: Arrivals) -> None:
        """What has come since the last tick."""
        for row, leg in self._legs.items():
            while leg.waiting and arrivals.add(row, leg.waiting[0]):
                leg.waiting.popleft()
        for row, link in self._links.items():
            waiting = self._hub.ends[link.local]
            while waiting:
                arrivals.long.append((row, waiting.popleft()))

    def send(self, row: int, data: bytes) -> None:
        """One datagram of a row."""
        leg = self._legs.get(row)
        if leg is not None and leg.latch.destination is not None:
            self._network.send(data, leg.address, leg.latch.destination)
        link = self._links.get(row)
        if link is not None and link.remote in self._hub.ends:
            self._hub.ends[link.remote].append(data)

    def close(self) -> None:
        for row in [*self._legs, *self._links]:
            self.release(row)


class InlineWorker:
    """One media worker of a world. Give `accept` to a `MemoryListener`; `start` and `close` it.

    `audio` connects to the audio worker of the world, None where nothing is recorded.
    """

    def __init__(
        self,
        name: str,
        epoch: str,
        clock: Clock,
        wires: MemoryWires,
        prompts: Prompts,
        number: Callable[[int], int],
        *,
        audio: Connector | None = None,
        capacity: int = 64,
        warm_ports: int = 16,
    ) -> None:
        self._clock = clock
        self._arrivals = Arrivals(2 * capacity + 64)
        self._warm_ports = warm_ports
        self._wires = wires
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0
        self._audio = None if audio is None else _block_channel(name, epoch, clock, audio)
        self.host = MediaHost(capacity, wires, open_prompt=prompts.open, sink=self._record, number=number)
        self._server = Server(
            lambda peer: Endpoint(name, epoch, Command, describe=self._describe),
            clock,
            on_message=self._obey,
        )

    @property
    def accept(self) -> Callable[[], Receiver]:
        return self._server.accept

    def start(self) -> None:
        """Begin to tick."""
        self._wires.top_up(self._warm_ports)
        if self._audio is not None:
            self._audio.start()
        self._next = self._clock.now()
        self._arm()

    async def close(self) -> None:
        """Stop as a killed process does: nothing is said, nothing is finished."""
        if self._timer is not None:
            self._timer.cancel()
        if self._audio is not None:
            await self._audio.close()
        self._server.close()
        self._wires.close()

    def _arm(self) -> None:
        self._next += PERIOD
        wait = (self._next - self._clock.now()) / NS_PER_SECOND
        self._timer = asyncio.get_running_loop().call_later(max(wait, 0.0), self._tick)

    def _tick(self) -> None:
        self._wires.receive(self._arrivals)
        departures, events = self.host.tick(self._clock.now(), self._arrivals)
        for row in departures.rows.tolist():
            self._wires.send(row, departures.data[row, : departures.length[row]].tobytes())
        for row, datagram in departures.extra:
            self._wires.send(row, datagram)
        self._arrivals.clear()
        warmed = self._wires.top_up(self._warm_ports)
        self._tell([*events, WarmPorts(warmed)] if warmed else events)
        self._arm()

    def _obey(self, peer: str, command: Command) -> None:
        self._tell(self.host.handle(self._clock.now(), command))

    def _describe(self) -> dict[str, list[str]]:
        return self.host.describe() | {"port": [str(port) for port in self._wires.warm]}

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._server.send(CONTROL, event)

    def _record(self, block: RecorderBlock) -> None:
        if self._audio is not None:
            self._audio.send(block)


def _block_channel(name: str, epoch: str, clock: Clock, connect: Connector) -> Channel:
    def ignore(message: Any) -> None:
        """The audio worker says nothing to media workers."""

    return Channel(Endpoint(name, epoch, None, keep=True), connect, clock, on_message=ignore)


def _hear(leg: _Leg, data: bytes, source: Address) -> None:
    """Before the latch settles it decides; after it only the settled source is heard, as a connected
    socket.
    """
    latch = leg.latch
    if source == latch.destination if latch.settled else latch.offer(source, data):
        leg.waiting.append(data)
