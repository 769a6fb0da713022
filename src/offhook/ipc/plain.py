"""An endpoint on a plain non-blocking socket, for a process whose loop is a 20 ms clock and not asyncio.

Nothing here waits: `readable` takes what is there, `flush` gives what fits, and a peer that does not read
is cut off rather than waited for. Its messages stay in the outbox and go out on the next connection.
"""

import logging
import os
import socket

import msgspec

from offhook.core.errors import RemoteProtocolError
from offhook.ipc.endpoint import Dead, Deliver, Endpoint, Output, Unreadable, Up, Write
from offhook.ipc.pipes import MAX_BACKLOG, remove_socket

log = logging.getLogger("offhook.ipc")

READ_SIZE = 1 << 16
READS = 16
"""Reads of one call at most: a talkative peer must not hold up the clock."""

Arrival = Up | Deliver


class PlainLine:
    """One endpoint and the socket it has at the moment, if any."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._backlog = bytearray()
        self._socket: socket.socket | None = None

    @property
    def open(self) -> bool:
        return self._socket is not None

    @property
    def backlog(self) -> int:
        """Bytes that the socket has not taken yet."""
        return len(self._backlog)

    def fileno(self) -> int:
        """The descriptor to poll, −1 without a connection."""
        return -1 if self._socket is None else self._socket.fileno()

    def attach(self, now: int, connection: socket.socket) -> None:
        """Use this connection from now on; one that was there is closed."""
        self.close()
        connection.setblocking(False)
        self._socket = connection
        self._carry_out(self.endpoint.connected(now))

    def send(self, message: msgspec.Struct) -> None:
        """Number and keep a message; written at the next `flush`."""
        self._carry_out(self.endpoint.send(message))

    def readable(self, now: int) -> list[Arrival]:
        """What has arrived: agreements and messages, in order."""
        arrivals: list[Arrival] = []
        for _ in range(READS):
            if self._socket is None:
                break
            try:
                data = self._socket.recv(READ_SIZE)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._end(error.strerror or "the connection broke")
                break
            if not data:
                self._end("the connection was closed")
                break
            try:
                arrivals += self._carry_out(self.endpoint.received(now, data))
            except RemoteProtocolError as error:
                self._end(str(error))
        return arrivals

    def check(self, now: int) -> None:
        """The timer: cheap enough to call on every turn."""
        due = self.endpoint.next_check
        if due is not None and now >= due:
            self._carry_out(self.endpoint.check(now))

    def flush(self) -> None:
        """Write what fits."""
        if self._socket is None or not self._backlog:
            return
        try:
            sent = self._socket.send(self._backlog)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._end(error.strerror or "the connection broke")
            return
        del self._backlog[:sent]
        if len(self._backlog) > MAX_BACKLOG:
            self._end(f"the peer does not read: {len(self._backlog)} bytes wait")

    def close(self) -> None:
        self.endpoint.disconnected()
        self._backlog.clear()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _carry_out(self, outputs: list[Output]) -> list[Arrival]:
        arrivals: list[Arrival] = []
        for output in outputs:
            if isinstance(output, Write):
                self._backlog += output.data
            elif isinstance(output, Deliver | Up):
                arrivals.append(output)
            elif isinstance(output, Unreadable):
                log.warning("%s: skipped: %s", self.endpoint.name, output.reason)
            elif isinstance(output, Dead):
                self._end(output.reason)
        return arrivals

    def _end(self, reason: str) -> None:
        log.info("%s: connection ended: %s", self.endpoint.name, reason)
        self.close()


def listen(path: str) -> socket.socket:
    """A non-blocking Unix stream listener at `path`, mode 0600, replacing one left by a process that is
    gone.
    """
    remove_socket(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(8)
    listener.setblocking(False)
    return listener


def dial(path: str) -> socket.socket | None:
    """Connect to a Unix stream socket without waiting; None when nobody listens or its queue is full."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        return None
    return connection


def accept(listener: socket.socket) -> socket.socket | None:
    """The next waiting connection, None when there is none."""
    try:
        return listener.accept()[0]
    except OSError:
        return None
