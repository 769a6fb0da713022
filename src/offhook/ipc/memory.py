"""Connections without sockets, for worlds in virtual time and for tests.

Bytes are the bytes of a real connection: everything is still encoded, framed and decoded. They arrive in a
later callback of the same loop, in order, never inside the call that wrote them.

    listener = MemoryListener(server.accept)      # server: ipc.server.Server of the worker
    channel = Channel(endpoint, listener.connect, …)   # control's side
    listener.cut()                                # the worker is killed: connections break, new ones are
    refused listener.restore()                            # another one listens
"""

import asyncio
from collections.abc import Callable

from offhook.ipc.pipes import Receiver


class MemoryPipe:
    """One direction's writing end; what is written reaches the receiver of `far`."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._far: MemoryPipe | None = None
        self._open = True

    def write(self, data: bytes) -> None:
        if self._open and self._far is not None:
            asyncio.get_running_loop().call_soon(self._far._arrive, data)

    def close(self) -> None:
        """Break both directions. What was written before still arrives."""
        if self._open:
            loop = asyncio.get_running_loop()
            self._open = False
            loop.call_soon(self._receiver.closed)
            if self._far is not None:
                loop.call_soon(self._far._broken)

    def _arrive(self, data: bytes) -> None:
        if self._open:
            self._receiver.data(data)

    def _broken(self) -> None:
        if self._open:
            self._open = False
            self._receiver.closed()


def memory_pair(near: Receiver, far: Receiver) -> tuple[MemoryPipe, MemoryPipe]:
    """Connect two receivers; both are told `opened`, the far one first."""
    left, right = MemoryPipe(near), MemoryPipe(far)
    left._far, right._far = right, left
    far.opened(right)
    near.opened(left)
    return left, right


class MemoryListener:
    """A place to connect to. `connect` is a `Connector`; `accept` gives the receiver of each new
    connection.
    """

    def __init__(self, accept: Callable[[], Receiver]) -> None:
        self._accept = accept
        self._listening = True
        self._pipes: list[MemoryPipe] = []

    async def connect(self, receiver: Receiver) -> None:
        if not self._listening:
            raise ConnectionRefusedError("nobody listens here")
        self._pipes = [pipe for pipe in self._pipes if pipe._open]
        self._pipes.append(memory_pair(receiver, self._accept())[0])

    def cut(self) -> None:
        """What a killed process does: every connection breaks and new ones are refused."""
        self._listening = False
        for pipe in self._pipes:
            pipe.close()
        self._pipes.clear()

    def restore(self, accept: Callable[[], Receiver] | None = None) -> None:
        """Listen again, for the same owner or for another one."""
        self._accept = accept or self._accept
        self._listening = True
