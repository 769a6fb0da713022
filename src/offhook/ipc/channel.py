"""Control's side of the connection to one worker of any kind: it connects, reconnects and says when a
worker is lost.

A connection that breaks is tried again at once: if the same process answers, nothing was lost and nobody
is told. If nobody answers, or another process does, or the worker is silent for 3 s, its owner learns it
by `on_lost` or by `on_up` with `fresh`.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from offhook.core.clock import Clock
from offhook.core.tasks import Tasks
from offhook.ipc.endpoint import Endpoint, Up
from offhook.ipc.link import Link
from offhook.ipc.pipes import Connector

log = logging.getLogger("offhook.ipc")

FIRST_WAIT = 0.05
LONGEST_WAIT = 1.0
"""Seconds between two attempts: the first, doubled up to the longest."""


class Channel:
    """Messages to and from one worker.

    `on_up(up)`: the worker answers; `up.fresh` when it is another process than before. `on_lost(reason)`:
    once for each outage, only after it was up. `on_message(message)`: everything it says, in order.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        connect: Connector,
        clock: Clock,
        *,
        on_message: Callable[[Any], None],
        on_up: Callable[[Up], None] = lambda up: None,
        on_lost: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self._connect = connect
        self._on_up = on_up
        self._on_lost = on_lost
        self._link = Link(endpoint, clock, on_message, self._came_up, self._closed)
        self._ended = asyncio.Event()
        self._reason = ""
        self._known = False
        self._came = False
        self._tasks = Tasks()

    @property
    def up(self) -> bool:
        """The worker answers now."""
        return self._link.endpoint.up

    @property
    def reason(self) -> str:
        """Why the last connection ended or could not be made; empty at first."""
        return self._reason

    def start(self) -> None:
        """Connect, and keep connected until `close`."""
        self._tasks.start(self._keep_connected(), f"channel {self._link.endpoint.name}")

    def send(self, message: msgspec.Struct) -> None:
        """Now if the worker answers, otherwise when it does. What waits is dropped when the worker is
        lost.
        """
        self._link.send(message)

    async def close(self) -> None:
        await self._tasks.close()
        self._link.close()

    async def _keep_connected(self) -> None:
        wait = FIRST_WAIT
        while True:
            self._ended.clear()
            self._came = False
            try:
                await self._connect(self._link.receiver())
            except OSError as error:
                self._reason = error.strerror or str(error)
                self._lose()
            else:
                await self._ended.wait()
            if self._came:
                wait = FIRST_WAIT
                continue
            self._lose()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _came_up(self, up: Up) -> None:
        self._known = True
        self._came = True
        self._on_up(up)

    def _closed(self, reason: str, dead: bool) -> None:
        self._reason = reason
        if dead:
            self._lose()
        self._ended.set()

    def _lose(self) -> None:
        if self._known:
            self._known = False
            self._link.endpoint.outbox.abandon()
            log.warning("lost the worker: %s", self._reason)
            self._on_lost(self._reason)
