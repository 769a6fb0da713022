"""TCP sockets on asyncio as a wire of streams (`streams.py`): listens, dials, and knows nothing of SIP.

Listening sockets are read here and not by the loop's server, so that a peer can be turned away before
anything is made for it, and so that a socket of the supervisor stays open when this process ends.
"""

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable
from typing import cast

from offhook.core.tasks import Tasks
from offhook.sip.flow import Address
from offhook.transport.streams import Accept, Handler

log = logging.getLogger("offhook.transport")

AT_ONCE = 32
"""Connections taken in one turn of the loop."""
BACKLOG = 512
RESTING = 0.5
"""Seconds without accepting when the process is out of descriptors."""
PARTING = 5.0
"""Seconds in which a peer must take what was still to be sent when we close."""
EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class TcpWire:
    """Sockets of the running loop."""

    def __init__(self) -> None:
        self._listening: dict[Address, socket.socket] = {}
        self._tasks = Tasks()

    def listen(self, address: Address, accept: Accept, sock: socket.socket | None = None) -> Address:
        """Take connections at `address` (port 0 for any), or on a listening `sock`. Raises OSError."""
        made = sock if sock is not None else listening(address)
        made.setblocking(False)
        name = made.getsockname()
        bound = (str(name[0]), int(name[1]))
        self._listening[bound] = made
        self._watch(made, accept)
        return bound

    def unlisten(self, address: Address) -> None:
        made = self._listening.pop(address, None)
        if made is not None:
            asyncio.get_running_loop().remove_reader(made.fileno())
            made.close()

    def dial(self, local: Address, remote: Address, handler: Handler) -> Callable[[], None]:
        """Connect from the host of `local`, or from any where it is a wildcard; gives what cancels that."""
        protocol = _Protocol(handler)
        task = self._tasks.start(_connect(local[0], remote, protocol), f"dial {remote[0]}:{remote[1]}")

        def cancel() -> None:
            protocol.forget()
            task.cancel()

        return cancel

    def stop(self) -> None:
        """Listen no more. Connections that stand are left to whoever has them."""
        for address in list(self._listening):
            self.unlisten(address)

    async def close(self) -> None:
        """Listen and dial no more."""
        self.stop()
        await self._tasks.close()

    def _watch(self, made: socket.socket, accept: Accept) -> None:
        asyncio.get_running_loop().add_reader(made.fileno(), self._acceptable, made, accept)

    def _acceptable(self, made: socket.socket, accept: Accept) -> None:
        for _ in range(AT_ONCE):
            try:
                taken, peer = made.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("no connection can be taken: %s", error)
                if error.errno in EXHAUSTED:
                    self._rest(made, accept)
                return
            handler = accept((str(peer[0]), int(peer[1])))
            if handler is None:
                taken.close()
                continue
            taken.setblocking(False)
            self._tasks.start(_adopt(taken, _Protocol(handler)), f"connection from {peer[0]}:{peer[1]}")

    def _rest(self, made: socket.socket, accept: Accept) -> None:
        """A waiting connection that cannot be taken would spin the loop: look again in a while."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(made.fileno())
        loop.call_later(RESTING, lambda: self._watch(made, accept) if made.fileno() >= 0 else None)


class _Protocol(asyncio.Protocol):
    """Between a transport of the loop and a handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler: Handler | None = handler
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._handler is None:
            self._transport.abort()
        else:
            self._handler.opened(_Link(self._transport, self))

    def data_received(self, data: bytes) -> None:
        if self._handler is not None:
            self._handler.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.fail(str(exc) if exc is not None else "closed by the peer")

    def fail(self, reason: str) -> None:
        """It has ended or never came about."""
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.lost(reason)

    def forget(self) -> None:
        """Whoever had it has let go: nothing more is told."""
        self._handler = None


class _Link:
    """Our end of an open connection."""

    def __init__(self, transport: asyncio.Transport, protocol: _Protocol) -> None:
        self._transport = transport
        self._protocol = protocol

    @property
    def backlog(self) -> int:
        return self._transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        self._protocol.forget()
        self._transport.close()
        if self.backlog:
            asyncio.get_running_loop().call_later(PARTING, self._transport.abort)

    def abort(self) -> None:
        self._protocol.forget()
        self._transport.abort()


def listening(address: Address) -> socket.socket:
    """A new listening socket. Raises OSError."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


async def _connect(host: str, remote: Address, protocol: _Protocol) -> None:
    local = None if ipaddress.ip_address(host).is_unspecified else (host, 0)
    try:
        await asyncio.get_running_loop().create_connection(lambda: protocol, *remote, local_addr=local)
    except OSError as error:
        protocol.fail(error.strerror or str(error))


async def _adopt(taken: socket.socket, protocol: _Protocol) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: protocol, taken)
    except OSError as error:
        taken.close()
        protocol.fail(error.strerror or str(error))
