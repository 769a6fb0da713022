"""Webhooks about a leg that are neither a status nor asked for by the program: `error` and `transfer`."""

from typing import Any

from offhook.calls import rows
from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.rows import Post, Rows
from offhook.webhooks import payloads

Json = Any
NO_DETECTION = (
    "Machine detection is not supported by this version of the server; the call goes on without it."
)


def error(exchange: Exchange, leg: Leg, reason: str, details: dict[str, Json] | None = None) -> None:
    """Tell the application that something of the call did not work."""
    body = payloads.error(reason, leg.conversation.conversation_id, exchange.wall(), details)
    rows.submit(exchange, leg, [Post("error", leg.hooks.application_event(), body)])


def no_detection(exchange: Exchange, leg: Leg) -> None:
    """Tell the application that the machine detection it asked for does not take place."""
    error(exchange, leg, NO_DETECTION)


def transfer(exchange: Exchange, leg: Leg, origin: str, *writes: Rows) -> None:
    """Tell the application that a leg went from the conversation `origin` to another one."""
    body = payloads.transfer(leg.leg_id, origin, leg.conversation.conversation_id, exchange.wall())
    rows.submit(exchange, leg, [Post("transfer", leg.hooks.event(), body)], *writes)
