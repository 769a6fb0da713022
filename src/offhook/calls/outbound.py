"""An outbound leg: from the order to the answer, for REST and for `connect` alike.

Whoever orders the leg is its watcher and decides what happens when it is answered or over. `started` is sent
when the leg is made, before it is known whether it can be dialled at all.
"""

import logging
from asyncio import Future
from dataclasses import dataclass

from offhook.calls import legmedia, lifecycle, notices, states
from offhook.calls.conversation import Conversation
from offhook.calls.endpoints.plan import DialPlan, Elsewhere, Unroutable
from offhook.calls.exchange import Exchange
from offhook.calls.hooks import LegHooks
from offhook.calls.leg import Leg, Limits, Party, Signalling, Times, Watcher
from offhook.core.errors import LocalStateError, MediaError, RemoteProtocolError
from offhook.sip.commands import Dial
from offhook.sip.events import Answered, Failed, Ringing

log = logging.getLogger("offhook.calls")
SAFETY_SECONDS = 130.0
"""How much longer than our own ring limit the stack may wait: it guards against our failure only."""


@dataclass(frozen=True, slots=True)
class Order:
    """An outbound leg as somebody wants it."""

    party: Party
    hooks: LegHooks
    watcher: Watcher
    ring_s: float
    talk_s: float
    conversation: Conversation | None = None
    """None: a new one."""
    hops: int = 70


def create(exchange: Exchange, order: Order) -> Leg:
    """Make the leg, its row and its `started`."""
    return place(exchange, order)[0]


def place(exchange: Exchange, order: Order) -> "tuple[Leg, Future[list[str]]]":
    """As `create`, with what is done once the row is stored, or is owed (`owed.py`)."""
    party = order.party
    conversation = order.conversation
    fresh = conversation is None
    if conversation is None:
        conversation = exchange.new_conversation(party.account_id, party.application_id)
    leg = Leg(
        party=party,
        conversation=conversation,
        signalling=Signalling(exchange.ports.ids.token(16), hops=order.hops, quiet=True),
        hooks=order.hooks,
        times=Times(exchange.wall()),
        limits=Limits(ring_s=order.ring_s, talk_s=order.talk_s),
        watcher=order.watcher,
    )
    exchange.register(leg)
    exchange.gate.began(exchange.now(), order.party.account_id)
    return leg, lifecycle.begin(exchange, leg, new_conversation=fresh)


def dial(exchange: Exchange, leg: Leg, plan: DialPlan | Unroutable) -> None:
    """Send the INVITE, or fail the leg and say why."""
    if leg.over:
        return
    if isinstance(plan, DialPlan) and leg.signalling.hops < 1:
        plan = Unroutable("the call has gone through too many servers; it may be looping", "hops")
    if isinstance(plan, Unroutable):
        unroutable(exchange, leg, plan)
        return
    try:
        legmedia.reserve(exchange, leg)
    except MediaError as error:
        no_room(exchange, leg, str(error))
        return
    _arm(exchange, leg)
    _send(exchange, leg, plan)


def _send(exchange: Exchange, leg: Leg, plan: DialPlan) -> None:
    leg.signalling.quiet = False
    leg.signalling.trunk_id = plan.trunk_id
    leg.signalling.elsewhere = plan.elsewhere
    try:
        exchange.sip(leg, _invite(exchange, leg, plan))
    except LocalStateError as error:
        unroutable(exchange, leg, Unroutable(f"the INVITE cannot be sent: {error}"))


def _invite(exchange: Exchange, leg: Leg, plan: DialPlan) -> Dial:
    return Dial(
        session=leg.signalling.session,
        uri=plan.uri,
        from_uri=plan.from_uri,
        offer=legmedia.offer(exchange, leg),
        destination=plan.destination,
        headers=plan.headers,
        credentials=plan.credentials,
        max_forwards=leg.signalling.hops,
        ring_seconds=leg.limits.ring_s + SAFETY_SECONDS,
    )


def unroutable(exchange: Exchange, leg: Leg, why: Unroutable) -> None:
    """The leg cannot be dialled: `failed`, with the reason in an `error` webhook and in the journal."""
    log.info("leg %s not dialled (%s): %s", leg.leg_id, why.rule, why.reason)
    notices.error(exchange, leg, f"{why.reason} (rule {why.rule})")
    _never_sent(exchange, leg, states.NO_ROUTE)


def no_room(exchange: Exchange, leg: Leg, reason: str) -> None:
    """The platform has nothing left for the leg: `failed`, with the reason in an `error` webhook."""
    log.warning("leg %s not dialled: %s", leg.leg_id, reason)
    notices.error(exchange, leg, reason)
    _never_sent(exchange, leg, states.NO_RESOURCES)


def _never_sent(exchange: Exchange, leg: Leg, cause: states.Cause) -> None:
    leg.signalling.quiet = True
    lifecycle.finish(exchange, leg, cause)


def _arm(exchange: Exchange, leg: Leg) -> None:
    """The ring limit, from now."""
    if leg.limits.ring is not None:
        leg.limits.ring.cancel()
    leg.limits.ring = exchange.timers.after(
        leg.limits.ring_s, lambda: lifecycle.hang_up(exchange, leg, states.RANG_OUT)
    )


def ringing(exchange: Exchange, leg: Leg, event: Ringing) -> None:
    """A provisional response: the ring limit counts from the first one on."""
    if leg.status == "started":
        lifecycle.ringing(exchange, leg)
        _arm(exchange, leg)
    if leg.watcher is not None:
        leg.watcher.ringing(leg, event.body)


def answered(exchange: Exchange, leg: Leg, event: Answered) -> None:
    """The 2xx: media both ways, then the watcher's turn."""
    leg.signalling.accepted = True
    try:
        legmedia.complete(exchange, leg, event.body)
    except (RemoteProtocolError, LocalStateError) as error:
        log.info("leg %s ended: %s", leg.leg_id, error)
        notices.error(exchange, leg, f"the callee answered with unusable media: {error}")
        lifecycle.hang_up(exchange, leg, states.NOT_ACCEPTABLE)
        return
    lifecycle.answered(exchange, leg)
    if leg.watcher is not None:
        leg.watcher.answered(leg)


def failed(exchange: Exchange, leg: Leg, event: Failed) -> None:
    """A final response that is no answer, or none at all: the next trunk where that may help, or the end."""
    signalling = leg.signalling
    signalling.quiet = True
    cause = states.of_failure(event.status, local=event.local)
    elsewhere, signalling.elsewhere = signalling.elsewhere, None
    rang = leg.status == "ringing"
    if elsewhere is None or not states.tries_elsewhere(event.status, local=event.local, rang=rang):
        lifecycle.finish(exchange, leg, cause)
        return
    exchange.live.sessions.pop(signalling.session, None)
    exchange.tasks.start(_go_elsewhere(exchange, leg, elsewhere, cause), f"next trunk {leg.leg_id}")


async def _go_elsewhere(exchange: Exchange, leg: Leg, elsewhere: Elsewhere, cause: states.Cause) -> None:
    """A new INVITE to the next trunk, for the same leg and within the same ring limit."""
    try:
        plan = await elsewhere()
    except Exception:
        lifecycle.finish(exchange, leg, cause)
        raise
    if leg.over:
        return
    if isinstance(plan, Unroutable):  # the others have no address: what the last peer said counts
        lifecycle.finish(exchange, leg, cause)
        return
    log.info("leg %s goes to the next trunk after %s: %s", leg.leg_id, cause.sip_code, plan.uri)
    exchange.trace.leg(leg, "next trunk", {"uri": plan.uri, "after": cause.sip_code})
    legmedia.part(exchange, leg)  # early media of the first trunk
    leg.signalling.session = exchange.ports.ids.token(16)
    exchange.live.sessions[leg.signalling.session] = leg
    _send(exchange, leg, plan)
