"""An endpoint in an asyncio loop: carries its outputs out on whatever pipe it has, and arms its one timer."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from offhook.core.clock import NS_PER_SECOND, Clock
from offhook.core.errors import RemoteProtocolError
from offhook.ipc.endpoint import Dead, Deliver, Endpoint, Output, Unreadable, Up, Write
from offhook.ipc.pipes import Pipe, Receiver

log = logging.getLogger("offhook.ipc")

SHORTEST_WAIT = 0.001
"""In seconds: a timer that rounds to just before its instant must not spin."""


class Link:
    """`on_message` gets what the peer sends, `on_up` each agreement, `on_closed` why a connection ended.

    `on_closed(reason, dead)`: `dead` when the peer hung rather than hung up.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        clock: Clock,
        on_message: Callable[[Any], None],
        on_up: Callable[[Up], None],
        on_closed: Callable[[str, bool], None],
    ) -> None:
        self.endpoint = endpoint
        self._clock = clock
        self._on_message = on_message
        self._on_up = on_up
        self._on_closed = on_closed
        self._pipe: Pipe | None = None
        self._timer: asyncio.TimerHandle | None = None

    def receiver(self) -> Receiver:
        """What a new connection reports to; once opened it replaces the one before."""
        return _Ear(self)

    def send(self, message: msgspec.Struct) -> None:
        """Now if the link is up, otherwise as soon as it is."""
        self._carry_out(self.endpoint.send(message))

    def close(self) -> None:
        """End the connection; a new one may follow."""
        pipe, self._pipe = self._pipe, None
        self.endpoint.disconnected()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if pipe is not None:
            pipe.close()

    # ── from the connection ─────────────────────────────────────────────────────────────────────

    def opened(self, pipe: Pipe) -> None:
        self.close()
        self._pipe = pipe
        self._carry_out(self.endpoint.connected(self._clock.now()))
        self._arm()

    def data(self, pipe: Pipe, data: bytes) -> None:
        if pipe is not self._pipe:
            return
        try:
            outputs = self.endpoint.received(self._clock.now(), data)
        except RemoteProtocolError as error:
            self._end(str(error))
            return
        self._carry_out(outputs)

    def closed(self, pipe: Pipe) -> None:
        if pipe is self._pipe:
            self._end("the connection was closed")

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _carry_out(self, outputs: list[Output]) -> None:
        for output in outputs:
            if isinstance(output, Write):
                if self._pipe is not None:
                    self._pipe.write(output.data)
            elif isinstance(output, Deliver):
                self._guarded(self._on_message, output.message)
            elif isinstance(output, Up):
                self._guarded(self._on_up, output)
            elif isinstance(output, Unreadable):
                log.warning("%s: skipped: %s", self.endpoint.name, output.reason)
            elif isinstance(output, Dead):
                self._end(output.reason, dead=True)

    def _guarded(self, handler: Callable[[Any], None], value: Any) -> None:
        """A handler that fails must not take the messages behind it along."""
        try:
            handler(value)
        except Exception:
            log.exception("%s: the handler of %s failed", self.endpoint.name, type(value).__name__)

    def _end(self, reason: str, *, dead: bool = False) -> None:
        self.close()
        self._on_closed(reason, dead)

    def _arm(self) -> None:
        due = self.endpoint.next_check
        if due is None:
            return
        wait = max((due - self._clock.now()) / NS_PER_SECOND, SHORTEST_WAIT)
        self._timer = asyncio.get_running_loop().call_later(wait, self._check)

    def _check(self) -> None:
        self._timer = None
        self._carry_out(self.endpoint.check(self._clock.now()))
        self._arm()


class _Ear:
    """Passes a connection's reports to a link, with the pipe they are about."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._pipe: Pipe | None = None

    def opened(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._link.opened(pipe)

    def data(self, data: bytes) -> None:
        if self._pipe is not None:
            self._link.data(self._pipe, data)

    def closed(self) -> None:
        if self._pipe is not None:
            self._link.closed(self._pipe)
