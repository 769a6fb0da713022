"""The answer webhook of a leg: its parameters, its address, its fallback."""

from dataclasses import dataclass
from typing import Any

from offhook.calls.exchange import Exchange
from offhook.calls.leg import Leg
from offhook.calls.replies import tell_broken
from offhook.calls.rows import record_of
from offhook.core.errors import DeliveryError
from offhook.ncco.effects import FetchNcco
from offhook.webhooks import payloads
from offhook.webhooks.attempts import BrokenDocument
from offhook.webhooks.hook import Hook

Json = Any
KIND = "answer"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A decoded document, and whether the fallback answer URL gave it."""

    document: Json
    fallback: bool


async def fetch(exchange: Exchange, leg: Leg, effect: FetchNcco) -> Fetched:
    """Ask for an NCCO, and the fallback after it. Raises DeliveryError when nobody gave a document.

    With `effect.fallback` the first address has given something that is no NCCO, and only the fallback is
    left to be asked. Once the leg is over nobody else is asked, and nothing is told.
    """
    first = leg.hooks.document(effect.url, effect.method) if effect.url else leg.hooks.answer()
    params = payloads.answer(
        record_of(leg),
        sip_headers=leg.signalling.headers,
        region_url=exchange.settings.public_url,
        extra=exchange.settings.answer_details,
    )
    if first is None:
        raise DeliveryError("The application has no answer_url; set one with `offhook apps update`.")
    if effect.fallback:
        return await _ask_fallback(exchange, leg, first, params, effect.reason or "")
    try:
        return Fetched(await _ask(exchange, leg, first, params), False)
    except DeliveryError as error:
        if leg.over:
            raise
        return await _ask_fallback(exchange, leg, first, params, str(error))


async def _ask_fallback(
    exchange: Exchange, leg: Leg, first: Hook, params: dict[str, Json], reason: str
) -> Fetched:
    """The same data, why, and what it replaces."""
    fallback = leg.hooks.fallback()
    if fallback is None:
        raise DeliveryError(f"{reason} There is no fallback_answer_url.")
    body = payloads.fallback(params, reason=reason, url=first.url, kind=KIND)
    try:
        return Fetched(await _ask(exchange, leg, fallback, body), True)
    except DeliveryError as error:
        raise DeliveryError(f"{reason} The fallback URL: {error}") from error


async def _ask(exchange: Exchange, leg: Leg, hook: Hook, params: dict[str, Json]) -> Json:
    exchange.trace.leg(leg, "webhook.out", {"kind": KIND, "url": hook.url, "body": params})
    try:
        reply = await exchange.ports.webhooks.fetch_ncco(hook, params)
    except BrokenDocument as error:
        if not leg.over:
            tell_broken(exchange, leg, error.error)
        raise
    exchange.trace.leg(leg, "webhook.in", {"kind": KIND, "url": hook.url, "document": reply})
    return reply
