"""The replies to webhooks that may be answered with an NCCO: one future per delivery.

The reply may come before anybody asks for it, because a delivery can be answered in the same turn of the loop
in which its transaction is known to be kept. Such replies wait to be claimed, a bounded number of them.
"""

import asyncio
from collections import OrderedDict
from typing import Any, NamedTuple

from offhook.core.errors import DeliveryError, NccoError
from offhook.webhooks.delivery import Outcome

Json = Any
UNCLAIMED = 1000


class Reply(NamedTuple):
    """What an application answered to a webhook."""

    document: Json | None
    """The decoded JSON; None when the reply says nothing, or nothing that can run."""
    broken: tuple[NccoError, ...] = ()
    """What was wrong with replies that should have been an NCCO: the event URL's, then the fallback's."""


class Replies:
    """Futures that wait for replies, and replies that wait for futures."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._unclaimed: OrderedDict[str, Outcome] = OrderedDict()
        self._closed: str | None = None

    def future_of(self, delivery_id: str) -> "asyncio.Future[Reply]":
        """The reply to a delivery; DeliveryError when there was none. Each can be claimed once."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        outcome = self._unclaimed.pop(delivery_id, None)
        if outcome is not None:
            _settle(future, outcome)
        elif self._closed is not None:
            _fail(future, self._closed)
        else:
            self._waiting[delivery_id] = future
        return future

    def settle(self, delivery_id: str, outcome: Outcome) -> None:
        """A delivery has ended."""
        future = self._waiting.pop(delivery_id, None)
        if future is not None:
            _settle(future, outcome)
            return
        self._unclaimed[delivery_id] = outcome
        if len(self._unclaimed) > UNCLAIMED:
            self._unclaimed.popitem(last=False)

    def close(self, reason: str) -> None:
        """Nothing comes any more: every future that waits, and every later one, fails with this reason."""
        self._closed = reason
        for future in self._waiting.values():
            _fail(future, reason)
        self._waiting.clear()


def _settle(future: "asyncio.Future[Reply]", outcome: Outcome) -> None:
    if not outcome.delivered:
        _fail(future, outcome.error or "The webhook was not answered.")
    elif not future.done():
        future.set_result(Reply(outcome.reply, outcome.broken))


def _fail(future: "asyncio.Future[Reply]", reason: str) -> None:
    if not future.done():
        future.set_exception(DeliveryError(reason))
        future.exception()  # a call that ended meanwhile never looks; that is no error
