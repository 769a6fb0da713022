"""A packet network in memory: addresses, loss, delay, duplication and reordering from a seed.

It carries datagrams between endpoints of one world: SIP messages and RTP packets alike. Nothing is
delivered in the call that sends; every packet takes at least `delay` of virtual time. Connections are in
`streams.py`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from offhook.core.clock import NS_PER_SECOND
from offhook.testing.loop import VirtualLoop
from offhook.testing.streams import MemoryStreams

Address = tuple[str, int]
Receiver = Callable[[bytes, Address], None]
FIRST_EPHEMERAL = 40_000


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a path treats packets. Seconds and probabilities."""

    delay: float = 0.001
    jitter: float = 0.0
    """Up to this much is added to `delay`, evenly distributed; more than the packet time reorders."""
    loss: float = 0.0
    duplicate: float = 0.0


class Network:
    """All endpoints of one world."""

    def __init__(self, loop: VirtualLoop, seed: int) -> None:
        self._loop = loop
        self._random = random.Random(seed)
        self._receivers: dict[Address, Receiver] = {}
        self._paths: dict[Address, Conditions] = {}
        self._next_port = FIRST_EPHEMERAL
        self.alter: Callable[[bytes], bytes] | None = None
        """Changes every datagram on its way, as a middlebox would."""
        self.conditions = Conditions()
        self.streams = MemoryStreams(loop, seed)
        """Connections between the same addresses; they have conditions of their own."""
        self.sent = 0
        self.lost = 0

    def bind(self, address: Address, receiver: Receiver) -> Address:
        """Listen on `address`; port 0 takes a free one. Raises OSError when it is taken."""
        host, port = address
        if port == 0:
            self._next_port += 2
            port = self._next_port
        if (host, port) in self._receivers:
            raise OSError(f"{host}:{port} is in use in this world")
        self._receivers[host, port] = receiver
        return host, port

    def unbind(self, address: Address) -> None:
        self._receivers.pop(address, None)

    @property
    def bound(self) -> list[Address]:
        """Addresses that somebody listens on."""
        return list(self._receivers)

    def degrade(self, destination: Address, conditions: Conditions) -> None:
        """Treat packets to one destination differently."""
        self._paths[destination] = conditions

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        """Send one datagram. A destination that nobody listens on swallows it, as UDP does."""
        path = self._paths.get(destination, self.conditions)
        self.sent += 1
        if self.alter is not None:
            data = self.alter(data)
        copies = 1 + (path.duplicate > 0 and self._random.random() < path.duplicate)
        for _ in range(copies):
            if path.loss > 0 and self._random.random() < path.loss:
                self.lost += 1
                continue
            wait = path.delay + (self._random.random() * path.jitter if path.jitter else 0.0)
            at = self._loop.clock.now() + round(wait * NS_PER_SECOND)
            self._loop.call_at(at / NS_PER_SECOND, self._deliver, data, source, destination)

    def _deliver(self, data: bytes, source: Address, destination: Address) -> None:
        receiver = self._receivers.get(destination)
        if receiver is not None:
            receiver(data, source)
