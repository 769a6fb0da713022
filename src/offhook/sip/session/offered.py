"""The peer's later offers: re-INVITE and UPDATE (RFC 3261 §14.2, RFC 3311, RFC 5407 §3.1).

One offer at a time: while ours is out theirs gets 491, while theirs waits for the application a second one
gets 500. An UPDATE without a body refreshes the target and nothing else.
"""

from offhook.sip.build import serialise
from offhook.sip.commands import AnswerReoffer, RejectReoffer
from offhook.sip.dialog import Dialog
from offhook.sip.events import ReofferReceived
from offhook.sip.headers import cseq, description
from offhook.sip.session.answer import keep_repeating, success
from offhook.sip.session.context import Context, request_of
from offhook.sip.session.state import Offer, Role, Session
from offhook.sip.session.table import On, Phase
from offhook.sip.transaction.reports import Arrived

RETRY_AFTER = 10
"""Seconds, exclusive upper bound plus one, of the random Retry-After of a 500 (§14.2)."""


def receive(ctx: Context, session: Session, dialog: Dialog, arrived: Arrived) -> None:
    """A re-INVITE or an UPDATE inside a dialog whose CSeq was in order."""
    if session.phase in (Phase.LEAVING, Phase.ENDED, Phase.CANCELLING, Phase.CANCEL_WANTED):
        ctx.respond(arrived, 481)
        return
    if arrived.request.method == "UPDATE" and not description(arrived.request):
        _refresh(ctx, session, dialog, arrived)
        return
    if session.phase is Phase.ACCEPTED:
        _take_as_acknowledged(ctx, session, arrived)
    status = _obstacle(session)
    if status:
        wait = [("Retry-After", str(ctx.ids.number(RETRY_AFTER + 1)))] if status == 500 else []
        ctx.respond(arrived, status, wait)
        return
    exchange = session.exchange
    exchange.state, exchange.key = Offer.RECEIVED, arrived.key
    exchange.request = serialise(arrived.request)
    ctx.adopt(session, arrived.key, "offered")
    ctx.emit(ReofferReceived(session.id, description(arrived.request)))


def answer(ctx: Context, session: Session, command: AnswerReoffer) -> None:
    """Accept it: 200, repeated until the ACK when it is a re-INVITE."""
    exchange = session.exchange
    if exchange.state is not Offer.RECEIVED:
        return
    request = request_of(exchange.request)
    session.dialogs[0].refresh(request)
    made = success(ctx, session, request, (), command.body)
    record = ctx.layer.records.get(exchange.key)
    flow = record.flow if record else session.flow
    exchange.state = Offer.IDLE
    ctx.take(ctx.layer.respond(ctx.now, exchange.key, made))
    if request.method == "INVITE":
        keep_repeating(ctx, session, cseq(request).number, made, flow, bool(description(request)))


def refuse(ctx: Context, session: Session, command: RejectReoffer) -> None:
    """Refuse it: the session stays as it was (RFC 6141 §3)."""
    _finish(ctx, session, command.status)


def withdraw(ctx: Context, session: Session) -> None:
    """The peer has cancelled it, or the call ends: 487."""
    _finish(ctx, session, 487)


def _finish(ctx: Context, session: Session, status: int) -> None:
    exchange = session.exchange
    if exchange.state is not Offer.RECEIVED:
        return
    exchange.state = Offer.IDLE
    made = ctx.compose(request_of(exchange.request), status, None, session.invite.local_tag)
    ctx.take(ctx.layer.respond(ctx.now, exchange.key, made))


def _refresh(ctx: Context, session: Session, dialog: Dialog, arrived: Arrived) -> None:
    dialog.refresh(arrived.request)
    ctx.respond(arrived, 200, [("Contact", ctx.contact(session.flow))])


def _take_as_acknowledged(ctx: Context, session: Session, arrived: Arrived) -> None:
    # A re-INVITE proves that our 2xx has arrived; only when its ACK holds an answer is it still needed.
    repeat = session.repeats.get(session.invite.cseq)
    if repeat is not None and repeat.offered:
        ctx.stop_repeating(session, session.invite.cseq)
        ctx.advance(session, On.ACK, (arrived.request, repeat))


def _obstacle(session: Session) -> int:
    """The status that refuses an offer now, 0 when nothing is in its way (§14.2, RFC 6337 §3.4)."""
    if session.phase is not Phase.CONFIRMED:
        early_callee = session.role is Role.CALLEE and session.phase is Phase.INCOMING
        return 500 if early_callee else 491
    if session.exchange.state in (Offer.SENT, Offer.CANCELLED):
        return 491
    if session.exchange.state is Offer.RECEIVED:
        return 500
    return 491 if any(not each.offered for each in session.repeats.values()) else 0
