"""A connection to a web server that carries one request at a time, and is kept for the next.

Whoever asks again within 4 s saves the connecting; what the server closes meanwhile is not used again.
See docs/decisions/http-client-of-webhooks.md.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from offhook.core.errors import DeliveryError
from offhook.webhooks.attempts import CLOSED, TIMED_OUT
from offhook.webhooks.response import Received, ResponseReader


class HttpConnection(asyncio.Protocol):
    """Made by a loop's `create_connection`. `on_lost` is told when it is gone."""

    def __init__(self, on_lost: "Callable[[HttpConnection], None]") -> None:
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = ResponseReader()
        self._answer: asyncio.Future[Received] | None = None
        self._heard = 0.0
        self._patience = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._asked = 0
        self._begun = False
        """Something of the response has come."""
        self.idle_since = 0.0
        """When its last response was complete, by the loop's clock."""
        self.stale = False
        """It had carried a request before and was closed without a word to the next: the server has most
        likely closed it before that one came.
        """

    @property
    def usable(self) -> bool:
        """It may carry another request."""
        return self._transport is not None and self._reader.reusable and not self._transport.is_closing()

    async def ask(self, request: bytes, patience: float, limit: int) -> Received:
        """Send a whole request and give its response. Raises DeliveryError; the connection is then of no use.

        `patience` is in seconds, between two pieces and until the first; `limit` is in bytes of the body.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            raise DeliveryError(CLOSED, retryable=True)
        self._reader.expect(limit)
        self._asked += 1
        self._begun = False
        self._answer = self._loop.create_future()
        self._heard, self._patience = self._loop.time(), patience
        self._timer = self._loop.call_at(self._heard + patience, self._look)
        transport.write(request)
        try:
            return await self._answer
        except BaseException:
            transport.abort()  # whoever was cancelled leaves half a response behind
            raise
        finally:
            self._answer = None
            self._timer.cancel()

    def close(self) -> None:
        """Close it; nobody waits for anything."""
        if self._transport is not None:
            self._transport.close()

    # ── from the transport ──────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._heard = self._loop.time()
        self._begun = True
        try:
            self._reader.feed(data)
        except DeliveryError as error:
            self._fail(error)
            return
        if self._reader.done is None:
            return
        if self._answer is None:  # it speaks without being asked
            self.close()
        elif not self._answer.done():
            self.idle_since = self._heard
            self._answer.set_result(self._reader.done)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.stale = self._asked > 1 and not self._begun
        try:
            self._reader.ended()
        except DeliveryError as error:
            self._fail(error)
        else:
            if self._answer is not None and not self._answer.done() and self._reader.done is not None:
                self._answer.set_result(self._reader.done)
        self._on_lost(self)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _fail(self, error: DeliveryError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        elif self._transport is not None:
            self._transport.abort()

    def _look(self) -> None:
        """The timer: has the server been silent for so long, or only since the last piece?"""
        due = self._heard + self._patience
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._fail(DeliveryError(TIMED_OUT, retryable=True))
