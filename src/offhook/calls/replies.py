"""The reply of an application to a webhook that may answer with an NCCO.

The delivery is known only once its transaction is written, so the reply is a future that is filled later.
An empty reply and no reply at all are the same to the caller: nothing replaces the program.
"""

import asyncio
from asyncio import Future
from typing import Any

from offhook.calls.exchange import Exchange
from offhook.core.errors import DeliveryError

Json = Any


def reply_later(exchange: Exchange, submitted: "Future[list[str]]") -> "Future[Json | None]":
    """The reply to the one delivery of a transaction; raises DeliveryError when there was none."""
    future: Future[Json | None] = asyncio.get_running_loop().create_future()
    exchange.tasks.start(_wait(exchange, submitted, future), "webhook reply")
    return future


async def _wait(exchange: Exchange, submitted: "Future[list[str]]", reply: "Future[Json | None]") -> None:
    try:
        deliveries = await submitted
        document = await exchange.ports.outbox.reply_of(deliveries[0])
    except DeliveryError as error:
        if not reply.done():
            reply.set_exception(error)
            reply.exception()
        return
    except asyncio.CancelledError:
        reply.cancel()
        raise
    except Exception as error:
        if not reply.done():
            reply.set_exception(DeliveryError(f"the webhook could not be stored: {error}"))
            reply.exception()
        return
    if not reply.done():
        reply.set_result(document)
