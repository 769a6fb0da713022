"""One media worker as control sees it: its channel, its ports, its legs."""

from collections.abc import Callable
from dataclasses import dataclass

from offhook.core.clock import Clock
from offhook.ipc.channel import Channel
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.media import Event, Load
from offhook.ipc.pipes import Connector


@dataclass(frozen=True, slots=True)
class WorkerAddress:
    """Where a media worker is. `host` is the address that goes into SDP."""

    name: str
    host: str
    connect: Connector


class PoolWorker:
    """A port is free, reserved or a leg's; the worker may announce one it has announced before."""

    def __init__(
        self,
        address: WorkerAddress,
        clock: Clock,
        name: str,
        epoch: str,
        *,
        on_event: Callable[["PoolWorker", Event], None],
        on_up: Callable[["PoolWorker", Up], None],
        on_lost: Callable[["PoolWorker"], None],
    ) -> None:
        self.name = address.name
        self.host = address.host
        self.legs: dict[str, int] = {}
        """Leg → port."""
        self.load: Load | None = None
        self.reserved: set[int] = set()
        self._free: dict[int, None] = {}
        self.channel = Channel(
            Endpoint(name, epoch, Event),
            address.connect,
            clock,
            on_message=lambda event: on_event(self, event),
            on_up=lambda up: on_up(self, up),
            on_lost=lambda reason: on_lost(self),
        )

    @property
    def usable(self) -> bool:
        """It answers and has a port."""
        return self.channel.up and bool(self._free)

    @property
    def burden(self) -> int:
        """Legs it has or is about to have."""
        return len(self.legs) + len(self.reserved)

    def announce(self, ports: list[int]) -> None:
        """Ports that wait at the worker."""
        taken = set(self.legs.values()) | self.reserved
        self._free.update((port, None) for port in ports if port not in taken)

    def reserve(self) -> int:
        """The port that has waited longest."""
        port = next(iter(self._free))
        del self._free[port]
        self.reserved.add(port)
        return port

    def give_back(self, port: int) -> None:
        """A reserved port was not needed."""
        if port in self.reserved:
            self.reserved.discard(port)
            self._free[port] = None

    def forget(self) -> None:
        """The process is gone, and its ports and legs with it."""
        self.legs.clear()
        self.reserved.clear()
        self._free.clear()
        self.load = None

    def missing(self) -> str | None:
        """None when usable, else why not."""
        if not self.channel.up:
            reason = self.channel.reason
            return f"media worker {self.name} is not connected" + (f" ({reason})" if reason else "")
        return None if self._free else f"media worker {self.name} has no free port"
