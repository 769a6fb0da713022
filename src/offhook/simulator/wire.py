"""What carries a phone's packets: real sockets, or the memory network of a world.

A wire has many endpoints; each is bound to an address and told of every datagram that reaches it. It knows
neither SIP nor RTP. Streams are a wire of their own beside it. The memory network of `offhook.testing.wire`
has the same surface.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Protocol

from offhook.sip.flow import Address
from offhook.transport.streams import StreamWire
from offhook.transport.tcp import TcpWire

log = logging.getLogger("offhook.simulator")

Receiver = Callable[[bytes, Address], None]
MAX_DATAGRAM = 65_536
BURST = 40
"""Datagrams read in one turn of the loop, so that one busy socket cannot starve the others. Fewer than the
jitter buffer of a phone takes for a new stream.
"""
RECEIVE_BUFFER = 1 << 20


class Wire(Protocol):
    """A packet network, and the streams beside it."""

    @property
    def streams(self) -> StreamWire:
        """Connections between the same hosts."""
        ...

    def bind(self, address: Address, receiver: Receiver) -> Address:
        """Listen on `address`, port 0 for any free one; gives the address bound. Raises OSError."""
        ...

    def unbind(self, address: Address) -> None:
        """Stop listening; an address that is not bound is fine."""
        ...

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        """Send one datagram from a bound address. It may be lost."""
        ...


class UdpWire:
    """Real sockets on the running event loop."""

    def __init__(self) -> None:
        self._sockets: dict[Address, socket.socket] = {}
        self.streams = TcpWire()

    def bind(self, address: Address, receiver: Receiver) -> Address:
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        made = socket.socket(family, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            made.bind(address)
        except BaseException:
            made.close()
            raise
        name = made.getsockname()
        local = (str(name[0]), int(name[1]))
        self._sockets[local] = made
        asyncio.get_running_loop().add_reader(made.fileno(), self._readable, made, receiver)
        return local

    def unbind(self, address: Address) -> None:
        made = self._sockets.pop(address, None)
        if made is None:
            return
        try:
            asyncio.get_running_loop().remove_reader(made.fileno())
        finally:
            made.close()

    def send(self, data: bytes, source: Address, destination: Address) -> None:
        made = self._sockets.get(source)
        if made is None:
            return
        try:
            made.sendto(data, destination)
        except OSError as error:
            # A full buffer or a closed port at the far end loses the datagram, as the network may.
            log.debug("a datagram to %s:%d was lost: %s", *destination, error)

    def close(self) -> None:
        """Unbind everything."""
        for address in list(self._sockets):
            self.unbind(address)
        self.streams.stop()

    def _readable(self, made: socket.socket, receiver: Receiver) -> None:
        for _ in range(BURST):
            try:
                data, sender = made.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                # Linux reports a refused datagram of ours on the next read; it says nothing about this one.
                log.debug("receiving failed: %s", error)
                return
            try:
                receiver(data, (sender[0], sender[1]))
            except Exception:
                log.exception("a datagram from %s could not be handled", sender)
            if made.fileno() < 0:
                return
