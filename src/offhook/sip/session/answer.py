"""What we say to a peer's INVITE: ringing, the answer and its repeats, refusals, a challenge.

RFC 3261 §13.3.1; challenges §22.2 and RFC 7616. The 2xx is repeated here on every transport, because a
proxy may lose it on a hop that we cannot see.
"""

from collections.abc import Iterable

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import RemoteProtocolError
from offhook.sip.build import serialise
from offhook.sip.commands import Answer, Challenge, HangUp, Reject, Ring, TurnAway
from offhook.sip.events import Ended
from offhook.sip.flow import Flow
from offhook.sip.headers import authorizations
from offhook.sip.message import Request, Response
from offhook.sip.routing import reopened_destination
from offhook.sip.session.context import METHODS, Context, request_of
from offhook.sip.session.state import Auth, Repeat, Session

REMIND_EVERY = 60 * NS_PER_SECOND
"""A call that rings for long is confirmed to proxies this often (§13.3.1.1)."""

Pairs = Iterable[tuple[str, str]]


def ring(ctx: Context, session: Session, command: Ring) -> None:
    """A provisional response; above 100 it makes an early dialog."""
    _provisional(ctx, session, command.status, command.headers, command.body)
    if command.status > 100:
        session.invite.status = command.status
        ctx.set_timer(session, "remind", ctx.now + REMIND_EVERY)


def remind(ctx: Context, session: Session, _: None) -> None:
    """Still ringing."""
    if not session.invite.status:
        return
    _provisional(ctx, session, session.invite.status, (), b"")
    ctx.set_timer(session, "remind", ctx.now + REMIND_EVERY)


def accept(ctx: Context, session: Session, command: Answer) -> None:
    """The 200, repeated until its ACK."""
    ctx.cancel_timer(session, "remind")
    session.auth = Auth(command.credentials)
    record = ctx.layer.records.get(session.invite.key)
    flow = record.flow if record else session.flow
    made = success(ctx, session, request_of(session.invite.request), command.headers, command.body)
    ctx.take(ctx.layer.respond(ctx.now, session.invite.key, made))
    keep_repeating(ctx, session, session.invite.cseq, made, flow, session.invite.offered)


def success(ctx: Context, session: Session, request: Request, headers: Pairs, body: bytes) -> Response:
    """A 200 to an INVITE or UPDATE: with Contact, for it refreshes the target."""
    extra = [("Contact", ctx.contact(session.flow)), ("Allow", ", ".join(METHODS)), *headers]
    return ctx.compose(request, 200, None, session.invite.local_tag, extra, body)


def keep_repeating(
    ctx: Context, session: Session, number: int, made: Response, flow: Flow, offered: bool
) -> None:
    """Repeat a 2xx after T1, doubling up to T2, until its ACK or for 64·T1 (§13.3.1.4)."""
    timers = ctx.config.timers
    deadline = ctx.now + timers.give_up
    reopen = reopened_destination(made, flow) if flow.reliable else None
    session.repeats[number] = Repeat(serialise(made), flow, timers.t1, deadline, offered, reopen)
    ctx.uses(session, flow)
    ctx.set_timer(session, f"repeat/{number}", ctx.now + timers.t1)
    ctx.set_timer(session, f"ack/{number}", deadline)


def repeat(ctx: Context, session: Session, number: int) -> None:
    """Once more."""
    kept = session.repeats.get(number)
    if kept is None:
        return
    ctx.transmit(kept.response, kept.flow)
    kept.interval = ctx.config.timers.capped(kept.interval)
    ctx.set_timer(session, f"repeat/{number}", ctx.now + kept.interval)


def reject(ctx: Context, session: Session, command: Reject) -> None:
    """A refusal that the application has chosen."""
    finish(ctx, session, command.status, command.reason, command.headers)
    ctx.emit(Ended(session.id, "local", True, command.reason or "", ()))


def decline(ctx: Context, session: Session, command: HangUp) -> None:
    """Hung up before it was answered."""
    extra = [("Reason", command.reason)] if command.reason else []
    finish(ctx, session, command.status, None, extra)
    ctx.emit(Ended(session.id, "local", True, command.reason or "", ()))


def challenge(ctx: Context, session: Session, command: Challenge) -> None:
    """401 with one challenge for each algorithm, sent once and then forgotten (§26.3.2.4).

    Nothing is reported: the retry is a new session.
    """
    request = request_of(session.invite.request)
    stale = _is_stale(ctx, request, command.realm)
    lines = ctx.nonces.challenge(ctx.now, command.realm, stale)
    headers = [("WWW-Authenticate", line) for line in lines]
    record = ctx.layer.records.get(session.invite.key)
    if record is not None:
        made = ctx.compose(request, 401, None, session.invite.local_tag, headers)
        ctx.transmit(serialise(made), record.flow)
    ctx.take(ctx.layer.forget(session.invite.key))


def turn_away(ctx: Context, session: Session, command: TurnAway) -> None:
    """A refusal that costs nothing: sent once and forgotten (§8.2.7). A copy of it is a new session."""
    request = request_of(session.invite.request)
    record = ctx.layer.records.get(session.invite.key)
    if record is not None:
        made = ctx.compose(request, command.status, None, session.invite.local_tag, command.headers)
        ctx.transmit(serialise(made), record.flow)
    ctx.take(ctx.layer.forget(session.invite.key))


def vanished(ctx: Context, session: Session, failure: str) -> None:
    """Nothing can be sent to the caller any more."""
    ctx.emit(Ended(session.id, "failure", True, f"the caller cannot be reached ({failure})", ()))


def finish(
    ctx: Context, session: Session, status: int, reason: str | None = None, headers: Pairs = ()
) -> None:
    """The final response to the first INVITE."""
    request = request_of(session.invite.request)
    made = ctx.compose(request, status, reason, session.invite.local_tag, headers)
    ctx.take(ctx.layer.respond(ctx.now, session.invite.key, made))


def _provisional(ctx: Context, session: Session, status: int, headers: Pairs, body: bytes) -> None:
    request = request_of(session.invite.request)
    extra = [*headers]
    if status > 100:
        extra.insert(0, ("Contact", ctx.contact(session.flow)))
    made = ctx.compose(request, status, None, session.invite.local_tag, extra, body)
    ctx.take(ctx.layer.respond(ctx.now, session.invite.key, made))


def _is_stale(ctx: Context, request: Request, realm: str) -> bool:
    try:
        given = [each for each in authorizations(request) if each.get("realm") == realm]
        return any(ctx.nonces.check(ctx.now, each, request.method).stale for each in given)
    except RemoteProtocolError:
        return False
