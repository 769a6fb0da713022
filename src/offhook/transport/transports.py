"""Every transport of one SIP element: messages go out on the one that their flow names."""

import socket

from offhook.sip.flow import Address, Flow
from offhook.transport.pool import StreamPool
from offhook.transport.streams import StreamSink
from offhook.transport.udp import UdpTransport


class Transports:
    """UDP, and one pool of connections for each kind of stream, by its word in flows."""

    def __init__(self, udp: UdpTransport, streams: dict[str, StreamPool]) -> None:
        self._sink: StreamSink | None = None
        self._streams = streams
        self._udp = udp

    @property
    def udp(self) -> UdpTransport:
        return self._udp

    def deliver_to(self, sink: StreamSink) -> None:
        """Who gets what comes on streams, and who is told of flows that nothing serves."""
        self._sink = sink
        for pool in self._streams.values():
            pool.deliver_to(sink)

    def addresses(self, transport: str) -> list[Address]:
        """Where it listens for a transport; empty for one that is not served."""
        if transport == "udp":
            return self._udp.addresses
        pool = self._streams.get(transport)
        return [] if pool is None else pool.addresses

    def listen(self, transport: str, sock: socket.socket) -> Address:
        """Take connections on a listening socket."""
        name = sock.getsockname()
        return self._streams[transport].listen((str(name[0]), int(name[1])), sock)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send one message. A failure is told to the sink as `transport_failed`."""
        if flow.transport == "udp":
            self._udp.send(data, flow)
            return
        pool = self._streams.get(flow.transport)
        if pool is not None:
            pool.send(data, flow)
        elif self._sink is not None:
            self._sink.transport_failed(flow, f"SIP over {flow.transport} is not served")

    def alias(self, flow: Flow, address: Flow) -> None:
        """Requests to `address` may go down `flow` (RFC 5923)."""
        pool = self._streams.get(flow.transport)
        if pool is not None:
            pool.alias(flow, address)

    def close(self) -> None:
        """Close everything; streams send what waits first."""
        for pool in self._streams.values():
            pool.close()
        self._udp.close()
