"""From the wish of a `connect` action to an order for a leg and a plan to dial.

Both endpoint types come together here and nowhere else. The number shown is checked before the leg is made,
but a refusal still makes a leg: it fails with `cannot_route`, as the application expects.
"""

from dataclasses import dataclass
from typing import Any

from offhook.calls import identity
from offhook.calls.endpoints import phone, sip
from offhook.calls.endpoints.plan import DialPlan, Unroutable
from offhook.calls.exchange import Exchange
from offhook.calls.hooks import LegHooks
from offhook.calls.leg import Leg, Party, Watcher
from offhook.calls.outbound import Order
from offhook.core.errors import Invalid
from offhook.ncco.effects import Endpoint, PhoneEndpoint, StartConnect
from offhook.storage.records import Application

Json = Any


@dataclass(frozen=True, slots=True)
class CallerIdRefused:
    """The number asked for may not be shown."""

    asked: str
    reason: str


async def caller_id(exchange: Exchange, caller: Leg, wish: StartConnect) -> str | CallerIdRefused:
    """The user part of From."""
    party = caller.party
    asked = identity.Wish(wish.from_number, wish.random_from, party.platform_number)
    try:
        return await shown_to(exchange, asked, party.application, wish.endpoint)
    except Invalid as error:
        return CallerIdRefused(wish.from_number or "unknown", str(error))


async def shown_to(
    exchange: Exchange, asked: identity.Wish, application: Application, endpoint: Endpoint
) -> str:
    """What the endpoint is shown. Raises Invalid."""
    account_id, application_id = application.account_id, application.application_id
    own = await exchange.ports.database.read(
        lambda rows: identity.candidates(rows, account_id, application_id, asked)
    )
    if isinstance(endpoint, PhoneEndpoint):
        return identity.for_phone(
            asked, own, application_id, endpoint.number, unowned=exchange.settings.unowned_from
        )
    return identity.for_sip(asked, own, application_id, sip.uri_of(endpoint))


def order_of(
    exchange: Exchange, caller: Leg, wish: StartConnect, shown: str | CallerIdRefused, watcher: Watcher
) -> Order:
    """The leg that a connect adds to the caller's conversation."""
    application = caller.party.application
    text = shown.asked if isinstance(shown, CallerIdRefused) else shown
    url, method = wish.event_url, wish.event_method
    if url is None:
        url, method = caller.hooks.event_url, caller.hooks.event_method
    return Order(
        party=party_of(exchange, application, wish.endpoint, text),
        hooks=LegHooks(
            application, url, method, answer_url=wish.endpoint.on_answer_url, synchronous=wish.synchronous
        ),
        watcher=watcher,
        ring_s=wish.timeout_s,
        talk_s=wish.limit_s,
        conversation=caller.conversation,
        hops=caller.signalling.hops - 1,
    )


def party_of(exchange: Exchange, application: Application, endpoint: Endpoint, shown: str) -> Party:
    """Who an outbound leg connects."""
    if isinstance(endpoint, PhoneEndpoint):
        to: dict[str, Json] = {"type": "phone", "number": endpoint.number}
    else:
        to = {"type": "sip", "uri": sip.uri_of(endpoint)}
    return Party(
        leg_id=exchange.ports.ids.uuid(),
        application=application,
        direction="outbound",
        to=to,
        from_={"type": "phone", "number": shown},
        kind=str(to["type"]),
    )


async def plan_of(exchange: Exchange, caller: Leg, wish: StartConnect, shown: str) -> DialPlan | Unroutable:
    """How to reach the endpoint of a connect."""
    return await plan_for(exchange, wish.endpoint, caller.party.account_id, shown)


async def plan_for(
    exchange: Exchange, endpoint: Endpoint, account_id: str, shown: str
) -> DialPlan | Unroutable:
    """How to reach an endpoint."""
    if isinstance(endpoint, PhoneEndpoint):
        return await phone.plan(exchange, endpoint, account_id, shown)
    return await sip.plan(exchange, endpoint, shown)
