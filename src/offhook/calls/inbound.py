"""An inbound call: from the INVITE to the answer.

The order of one call is in `docs/specs/calls.md` §5: look up, 180 with `started` and `ringing`, answer
webhook, media and 200, `answered` with the ACK. The caller may give up at any point (RFC 3261 §9.2, §15).
"""

import logging
from dataclasses import replace
from typing import Any

from offhook.calls import legmedia, lifecycle, states
from offhook.calls.endpoints.phone import readable_credentials_of
from offhook.calls.exchange import Exchange
from offhook.calls.forwarding import Forwarding
from offhook.calls.hooks import LegHooks
from offhook.calls.leg import Leg, Party, Signalling, Times
from offhook.calls.overload import Refusal
from offhook.calls.program import Program
from offhook.calls.routing import Forward, NeedsDigest, Refused, Route, route
from offhook.calls.states import Cause
from offhook.core import e164
from offhook.core.errors import LocalStateError, MediaError, RemoteProtocolError
from offhook.ncco.events import Begin
from offhook.sip.commands import Answer, Challenge, Command, Reject, Ring, TurnAway
from offhook.sip.events import Confirmed, Ended, InviteReceived

Json = Any
log = logging.getLogger("offhook.calls")
UNKNOWN_CALLER = "unknown"
OVERLOADED = (("Retry-After", "10"),)


def invite(exchange: Exchange, event: InviteReceived) -> None:
    """A new inbound call: find out in the background where it belongs."""
    refusal = exchange.gate.refusal(exchange)
    if refusal is not None:
        _turn_away(exchange, event.session, refusal)
        return
    exchange.gate.began(exchange.now())
    event = _readable(event)
    exchange.trace.bare("sip.event", event)
    exchange.live.arriving.add(event.session)
    exchange.tasks.start(_arrive(exchange, event), f"inbound {event.session}")


async def _arrive(exchange: Exchange, event: InviteReceived) -> None:
    settings, unseal = exchange.settings, exchange.ports.unseal
    try:
        found = await exchange.ports.database.read(lambda rows: route(rows, event, settings, unseal))
    except Exception:
        exchange.live.arriving.discard(event.session)
        _refuse(exchange, Reject(event.session, 500), "the number could not be looked up")
        raise
    if event.session not in exchange.live.arriving:
        return  # the caller gave up meanwhile
    exchange.live.arriving.discard(event.session)
    if isinstance(found, Refused):
        _refuse(exchange, Reject(event.session, found.status), found.reason)
    elif isinstance(found, NeedsDigest):
        _refuse(exchange, Challenge(event.session, settings.sip_domain), found.reason)
    else:
        _admit(exchange, event, found)


def _readable(event: InviteReceived) -> InviteReceived:
    """The event with text that rows and REST can show: bytes that are no UTF-8 come as lone surrogates."""
    return replace(
        event,
        user=_text(event.user),
        from_uri=_text(event.from_uri),
        from_user=_text(event.from_user),
        headers=tuple((_text(name), _text(value)) for name, value in event.headers),
    )


def _text(raw: str) -> str:
    return raw if raw.isascii() else raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def refuse_arriving(exchange: Exchange) -> None:
    """Calls that are still being looked up are not waited for any more."""
    for session in sorted(exchange.live.arriving):
        exchange.live.arriving.discard(session)
        _refuse(exchange, Reject(session, 503, headers=OVERLOADED), "the platform is shutting down")


def _turn_away(exchange: Exchange, session: str, refusal: Refusal) -> None:
    """No call while there is no room: one answer, no look at the database, nothing kept."""
    if exchange.gate.note(exchange.now(), refusal):
        log.warning("new calls are refused: %s", refusal.reason)
    exchange.trace.bare("refused", {"session": session, "reason": refusal.reason})
    headers = (("Retry-After", str(refusal.retry_after)),)
    exchange.ports.sip.command(TurnAway(session, 503, headers))


def _refuse(exchange: Exchange, command: Command, reason: str) -> None:
    log.info("inbound call %s refused: %s", command.session, reason)
    exchange.trace.bare("refused", {"session": command.session, "reason": reason})
    exchange.trace.bare("sip.command", command)
    exchange.ports.sip.command(command)


def _admit(exchange: Exchange, event: InviteReceived, found: Route | Forward) -> None:
    """Ring, and ask the application what to do, or dial where the number forwards to."""
    if event.offer:
        try:
            legmedia.acceptable(exchange, event.offer)
        except RemoteProtocolError as error:
            _refuse(exchange, Reject(event.session, error.status or 488), str(error))
            return
    leg = _leg(exchange, event, found)
    exchange.register(leg)
    exchange.sip(leg, Ring(leg.signalling.session))
    lifecycle.begin(exchange, leg, new_conversation=True, ringing=True)
    if isinstance(found, Forward):
        Forwarding(exchange, leg, found.places, accept).start()
        return
    leg.program = Program(
        exchange, leg, lambda reason: _program_over(exchange, leg), on_ready=lambda: accept(exchange, leg)
    )
    leg.program.feed(Begin())
    if exchange.settings.answer == "at_once":
        accept(exchange, leg)


def _leg(exchange: Exchange, event: InviteReceived, found: Route | Forward) -> Leg:
    from_ = _caller(event)
    party = Party(
        leg_id=exchange.ports.ids.uuid(),
        application=found.application,
        direction="inbound",
        to={"type": "phone", "number": found.number.msisdn},
        from_=from_,
        kind=str(from_["type"]),
    )
    return Leg(
        party=party,
        conversation=exchange.new_conversation(party.account_id, party.application_id),
        signalling=Signalling(
            event.session,
            offer=event.offer,
            headers=event.headers,
            hops=event.max_forwards,
            trunk_id=found.trunk.trunk_id,
            credentials=readable_credentials_of(exchange, found.trunk),
        ),
        hooks=_hooks(found),
        times=Times(exchange.wall()),
    )


def _hooks(found: Route | Forward) -> LegHooks:
    if isinstance(found, Route):
        return LegHooks(found.application)
    return LegHooks(found.application, found.number.status_url, "POST", only_end=True)


def _caller(event: InviteReceived) -> dict[str, Json]:
    """The caller as REST shows it: a number where there is one, `unknown` where there is nothing.

    Numbers are shown without what is dialled before them: some carriers send `+` or `00`.
    """
    user = event.from_user.removeprefix("+")
    if e164.is_e164(user.removeprefix("00")):
        user = user.removeprefix("00")
    if not user:
        return {"type": "phone", "number": UNKNOWN_CALLER}
    if user.isascii() and user.isdigit():
        return {"type": "phone", "number": user}
    return {"type": "sip", "uri": event.from_uri}


def _program_over(exchange: Exchange, leg: Leg) -> None:
    lifecycle.hang_up(exchange, leg, states.HUNG_UP_BY_US if leg.answered else states.NEVER_ANSWERED)


def accept(exchange: Exchange, leg: Leg) -> None:
    """Take a port and send the 200; a second call does nothing."""
    if leg.over or leg.signalling.accepted:
        return
    try:
        legmedia.reserve(exchange, leg)
        offer = leg.signalling.offer
        body = legmedia.answer(exchange, leg, offer) if offer else legmedia.offer(exchange, leg)
    except MediaError as error:
        log.warning("call %s refused: %s", leg.leg_id, error)
        lifecycle.hang_up(exchange, leg, states.NO_RESOURCES, status=503)
        return
    except RemoteProtocolError as error:
        log.info("call %s refused: %s", leg.leg_id, error)
        lifecycle.hang_up(exchange, leg, states.NOT_ACCEPTABLE, status=488)
        return
    leg.signalling.accepted = True
    exchange.sip(leg, Answer(leg.signalling.session, body, credentials=leg.signalling.credentials))


def confirmed(exchange: Exchange, leg: Leg, event: Confirmed) -> None:
    """The ACK: the call stands, and the program may run. Only the first one counts."""
    if leg.answered:
        return
    if leg.media.offered:
        try:
            legmedia.complete(exchange, leg, event.body)
        except (RemoteProtocolError, LocalStateError) as error:
            log.info("call %s ended: %s", leg.leg_id, error)
            lifecycle.hang_up(exchange, leg, states.NOT_ACCEPTABLE)
            return
    legmedia.join(exchange, leg)
    lifecycle.answered(exchange, leg)
    if leg.program is not None:
        leg.program.go()


def cause_of(leg: Leg, event: Ended) -> Cause:
    """What an `Ended` from the stack means for the leg."""
    if leg.answered:
        return states.HUNG_UP_BY_PEER if event.by == "remote" else states.HUNG_UP_BY_US
    if event.by != "remote":
        return states.NEVER_CONFIRMED
    return states.CALLER_GAVE_UP if event.cancelled else states.HUNG_UP_BY_PEER
