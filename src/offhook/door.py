"""The SIP side of a control process: its transports, bound to the supervisor's sockets, and the door before
the stack. What comes in waits at the door until the calls of a crashed process have been ended.
"""

import asyncio

from offhook.config import Settings
from offhook.core.clock import Clock
from offhook.sip.flow import Flow
from offhook.supervisor.sockets import Listening
from offhook.transport.acl import Acl
from offhook.transport.pool import StreamPool
from offhook.transport.streams import StreamLimits, StreamSink
from offhook.transport.tcp import TcpWire
from offhook.transport.transports import Transports
from offhook.transport.udp import UdpTransport

MOST_WAITING = 1000
"""Messages kept while the calls of a crashed process are ended; peers repeat what is lost."""


class Door:
    """Between the sockets and the stack: messages wait until the calls of a crashed process are ended."""

    def __init__(self, inside: StreamSink) -> None:
        self._inside = inside
        self._waiting: list[tuple[bytes, Flow]] | None = []

    def feed(self, data: bytes, flow: Flow) -> None:
        if self._waiting is None:
            self._inside.feed(data, flow)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting.append((data, flow))

    def transport_failed(self, flow: Flow, reason: str) -> None:
        self._inside.transport_failed(flow, reason)

    def disconnected(self, flow: Flow, reason: str) -> None:
        self._inside.disconnected(flow, reason)

    def open(self) -> None:
        """Let in what waited, in its order, and everything from now on."""
        waiting, self._waiting = self._waiting or [], None
        for data, flow in waiting:
            self._inside.feed(data, flow)


def make_transports(settings: Settings, clock: Clock, acl: Acl) -> tuple[Transports, TcpWire]:
    """Everything that carries SIP; nothing comes in before `bind_sip`."""
    wire = TcpWire()
    limits = StreamLimits(
        connections=settings.sip.tcp_connections,
        per_source=settings.sip.tcp_per_source,
        idle_s=settings.sip.tcp_idle,
    )
    tcp = StreamPool("tcp", wire, clock, asyncio.get_running_loop(), limits=limits, acl=acl)
    return Transports(UdpTransport(acl=acl, clock=clock), {"tcp": tcp}), wire


async def bind_sip(transports: Transports, door: Door, sockets: Listening) -> None:
    transports.deliver_to(door)
    for sock in sockets.sip:
        host, port = sock.getsockname()[:2]
        await transports.udp.bind(host, port, door, sock)
    for sock in sockets.sip_streams:
        transports.listen("tcp", sock)
