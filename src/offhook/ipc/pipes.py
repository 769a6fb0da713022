"""A connection as a link sees it, and the real ones: Unix stream sockets in an asyncio loop.

A `Receiver` is told when its pipe opens, what arrives, and when it closes; a `Connector` opens a pipe to a
fixed place. `memory.py` has the same without sockets.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

MAX_BACKLOG = 16 << 20
"""Bytes that may wait for a peer that does not read; beyond it the connection is cut and later resumed."""


class Pipe(Protocol):
    """The sending half of a connection."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None:
        """Close at once; `Receiver.closed` follows."""
        ...


class Receiver(Protocol):
    """Who owns a connection. `closed` is the last call, and comes once."""

    def opened(self, pipe: Pipe) -> None: ...

    def data(self, data: bytes) -> None: ...

    def closed(self) -> None: ...


Connector = Callable[[Receiver], Awaitable[None]]
"""Opens a pipe and calls `opened` before it returns. Raises OSError when nobody is there."""


class _UnixPipe(asyncio.Protocol):
    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._receiver.opened(self)

    def data_received(self, data: bytes) -> None:
        self._receiver.data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiver.closed()

    def write(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_BACKLOG:
            self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def unix_connector(path: str) -> Connector:
    """Connects to the Unix stream socket at `path`."""

    async def connect(receiver: Receiver) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: _UnixPipe(receiver), path)

    return connect


async def unix_listener(path: str, accept: Callable[[], Receiver]) -> asyncio.Server:
    """Listen at `path`, replacing a socket left there by a process that is gone. Mode 0600."""
    remove_socket(path)
    server = await asyncio.get_running_loop().create_unix_server(lambda: _UnixPipe(accept()), path)
    os.chmod(path, 0o600)
    return server


def remove_socket(path: str) -> None:
    """Unlink what a former process left at `path`, if anything."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
