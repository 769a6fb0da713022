"""The reply of an application to a webhook that may answer with an NCCO.

The delivery is known only once its transaction is written, so the reply is a future that is filled later.
An empty reply and no reply at all are the same to the caller: nothing replaces the program. A reply that
should have been an NCCO and cannot run has led to the fallback URL already; it is told here.
"""

import asyncio
from asyncio import Future
from typing import Any

from offhook.calls import notices
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.core.errors import DeliveryError, NccoError
from offhook.ncco.document import is_nothing, parse

Json = Any


def check(document: Json) -> None:
    """Raise NccoError for a reply that is neither nothing nor an NCCO that can run."""
    if not is_nothing(document):
        parse(document)


def tell_broken(exchange: Exchange, leg: Leg, error: NccoError) -> None:
    """The `error` webhook for a document of the application that cannot run."""
    notices.error(exchange, leg, error.REASON, {"path": error.path, "problem": error.problem})


def reply_later(exchange: Exchange, leg: Leg, submitted: "Future[list[str]]") -> "Future[Json | None]":
    """The reply to the one delivery of a transaction; raises DeliveryError when there was none."""
    future: Future[Json | None] = asyncio.get_running_loop().create_future()
    exchange.tasks.start(_wait(exchange, leg, submitted, future), "webhook reply")
    return future


async def _wait(
    exchange: Exchange, leg: Leg, submitted: "Future[list[str]]", future: "Future[Json | None]"
) -> None:
    try:
        deliveries = await submitted
        reply = await exchange.ports.outbox.reply_of(deliveries[0])
    except asyncio.CancelledError:
        future.cancel()
        raise
    except DeliveryError as error:
        _fail(future, error)
        return
    except Exception as error:
        _fail(future, DeliveryError(f"the webhook could not be stored: {error}"))
        return
    for broken in reply.broken:
        tell_broken(exchange, leg, broken)
    if not future.done():
        future.set_result(reply.document)


def _fail(future: "Future[Json | None]", error: DeliveryError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # a call that ended meanwhile never looks; that is no error
