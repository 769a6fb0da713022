"""`POST /v1/calls`: an outbound call that an application asked for.

What is wrong with the request is refused with `Invalid` before anything is made. Afterwards the request has
succeeded: a destination that no trunk reaches is a `failed` event.
"""

import asyncio
from dataclasses import replace

from offhook.calls import identity, lifecycle, notices, outbound, states
from offhook.calls.answering import RestCall
from offhook.calls.connect_order import party_of, plan_for, shown_to
from offhook.calls.exchange import Exchange
from offhook.calls.hooks import LegHooks
from offhook.calls.leg import Leg
from offhook.calls.orders import CreateCall
from offhook.calls.outbound import Order
from offhook.calls.rows import record_of
from offhook.core import e164
from offhook.core.errors import Invalid, NccoError, Overloaded
from offhook.ncco.document import parse
from offhook.ncco.effects import Endpoint, PhoneEndpoint
from offhook.storage import records


async def create(exchange: Exchange, request: CreateCall) -> records.Leg:
    """Make the leg and dial in the background; gives its row once that is stored, or owed (`owed.py`).

    Raises Invalid for a wrong field, Overloaded while the platform shuts down or is full.
    """
    _check(exchange, request)
    wish = identity.Wish(request.from_number, request.random_from)
    shown = await shown_to(exchange, wish, request.application, request.endpoint)
    _check_room(exchange, request)  # once more: others may have come while the number was looked up
    dtmf = request.endpoint.dtmf_answer if isinstance(request.endpoint, PhoneEndpoint) else None
    order = Order(
        party=replace(
            party_of(exchange, request.application, request.endpoint, shown), client_ref=request.client_ref
        ),
        hooks=LegHooks(
            request.application,
            request.event_url,
            request.event_method,
            request.answer_url,
            request.answer_method,
        ),
        watcher=RestCall(exchange, request.ncco, dtmf),
        ring_s=request.ringing_timer,
        talk_s=request.length_timer,
    )
    leg, stored = outbound.place(exchange, order)
    row = record_of(leg)
    if request.machine_detection or request.advanced_machine_detection:
        notices.no_detection(exchange, leg)
    leg.limits.turn = exchange.pace.turn(lambda: _begin(exchange, leg, request.endpoint, shown))
    # Once it is committed the leg can be read. What cannot be written is owed, and the call is placed all the
    # same; nor does anybody who stops waiting stop the write.
    if not stored.done():
        await asyncio.wait((stored,))
    return row


def _begin(exchange: Exchange, leg: Leg, endpoint: Endpoint, shown: str) -> None:
    exchange.tasks.start(_dial(exchange, leg, endpoint, shown), f"dial {leg.leg_id}")


async def _dial(exchange: Exchange, leg: Leg, endpoint: Endpoint, shown: str) -> None:
    try:
        plan = await plan_for(exchange, endpoint, leg.party.account_id, shown)
    except Exception:
        leg.signalling.quiet = True
        lifecycle.finish(exchange, leg, states.NO_RESOURCES)
        raise
    outbound.dial(exchange, leg, plan)


def _check_room(exchange: Exchange, request: CreateCall) -> None:
    gate = exchange.gate
    refusal = gate.refusal(exchange) or gate.of_account(exchange.now(), request.application.account_id)
    if refusal is not None:
        exchange.gate.note(exchange.now(), refusal)
        raise Overloaded(refusal.reason, refusal.retry_after, rate=refusal.kind in ("rate", "account"))


def _check(exchange: Exchange, request: CreateCall) -> None:
    _check_room(exchange, request)
    if (request.ncco is None) == (request.answer_url is None):
        raise Invalid("ncco", "give exactly one of ncco and answer_url")
    if request.ncco is not None:
        try:
            parse(request.ncco)
        except NccoError as error:
            raise Invalid(f"ncco{error.path}", error.problem) from None
    if isinstance(request.endpoint, PhoneEndpoint):
        forbidden = e164.refusal(request.endpoint.number)
        if forbidden is not None:
            raise Invalid("to[0].number", f"{forbidden.message} (rule {forbidden.rule})")
