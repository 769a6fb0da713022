"""Who gets what: requests, responses, timers and commands find their session and verb here.

The order of the decisions about a request is that of docs/specs/sip-session.md.
"""

from offhook.sip.build import check_header
from offhook.sip.commands import (
    Answer,
    AnswerReoffer,
    Challenge,
    Command,
    Dial,
    HangUp,
    Reject,
    RejectReoffer,
    Reoffer,
    Ring,
    TurnAway,
)
from offhook.sip.dialog import Dialog
from offhook.sip.headers import call_id, cseq, from_, to
from offhook.sip.session import ack, bye, incoming, invite, offered, other, reoffer, streams
from offhook.sip.session.context import PREFIX, Context
from offhook.sip.session.state import Role, Session
from offhook.sip.session.table import On, Phase
from offhook.sip.transaction.key import server_key
from offhook.sip.transaction.reports import Acked, Arrived, Moved, Over, Refused, Replied, Report

_STEPS: dict[type, On] = {
    Ring: On.RING,
    Answer: On.ANSWER,
    Reject: On.REJECT,
    Challenge: On.CHALLENGE,
    TurnAway: On.TURN_AWAY,
    HangUp: On.HANG_UP,
}
_TIMERS = {"ring": On.RING_LIMIT, "cancel": On.CANCEL_LIMIT, "remind": On.REMIND}


def command(ctx: Context, given: Command) -> None:
    """A command of the application; one for a session that is gone does nothing.

    Raises LocalStateError, before anything has changed, for text that must not go into a message.
    """
    _check(given)
    if isinstance(given, Dial):
        invite.dial(ctx, given)
        return
    session = ctx.sessions.get(given.session)
    if session is None:
        return
    step = _STEPS.get(type(given))
    if step is not None:
        ctx.advance(session, step, given)
    elif isinstance(given, Reoffer):
        reoffer.offer(ctx, session, given)
    elif isinstance(given, AnswerReoffer):
        offered.answer(ctx, session, given)
    elif isinstance(given, RejectReoffer):
        offered.refuse(ctx, session, given)


def timer(ctx: Context, key: str) -> None:
    """A session timer is due; one whose session has moved on does nothing."""
    prefix, _, rest = key.partition(" ")
    name, _, identifier = rest.partition(" ")
    session = ctx.sessions.get(identifier)
    if prefix != PREFIX or session is None:
        return
    what, _, number = name.partition("/")
    if number.isdecimal() and int(number) in session.repeats:
        ctx.advance(session, On.REPEAT if what == "repeat" else On.NO_ACK, int(number))
    elif name == "glare":
        reoffer.waited(ctx, session)
    elif name == "reoffer":
        reoffer.overdue(ctx, session)
    elif name in _TIMERS:
        ctx.advance(session, _TIMERS[name])


def report(ctx: Context, given: Report) -> None:
    """What the transaction layer has to say."""
    if isinstance(given, Arrived):
        _arrived(ctx, given)
    elif isinstance(given, Replied):
        _replied(ctx, given)
    elif isinstance(given, Acked):
        _acked(ctx, given)
    elif isinstance(given, Over):
        _over(ctx, given)
    elif isinstance(given, Refused):
        other.refused(ctx, given)
    elif isinstance(given, Moved):
        streams.moved(ctx, given)


def _check(given: Command) -> None:
    if isinstance(given, Dial | Ring | Answer | Reject | TurnAway):
        for name, value in given.headers:
            check_header(name, value)
    if isinstance(given, HangUp | Reject) and given.reason is not None:
        check_header("Reason", given.reason)


def _arrived(ctx: Context, arrived: Arrived) -> None:
    request = arrived.request
    tag = to(request).tag
    if request.method == "CANCEL":
        _cancel(ctx, arrived)
    elif tag is not None:
        _inside(ctx, arrived, tag)
    elif request.method == "INVITE":
        incoming.begin(ctx, arrived)
    elif request.method == "OPTIONS":
        other.asked(ctx, arrived)
    else:
        other.stateless(ctx, arrived, 481)


def _cancel(ctx: Context, arrived: Arrived) -> None:
    """200 whenever the INVITE is known, whatever comes of it (RFC 3261 §9.2)."""
    target = ctx.layer.records.get(server_key(arrived.request, "INVITE"))
    if target is None:
        other.stateless(ctx, arrived, 481)
        return
    ctx.respond(Arrived(arrived.key, arrived.request, arrived.flow, target.tag), 200)
    session = ctx.sessions.get(target.owner)
    if session is None:
        return
    if target.purpose == "invite":
        ctx.advance(session, On.PEER_CANCEL, arrived)
    elif session.exchange.key == target.key:
        offered.withdraw(ctx, session)


def _inside(ctx: Context, arrived: Arrived, tag: str) -> None:
    request = arrived.request
    session = ctx.find(call_id(request), tag)
    dialog = session.dialog(from_(request).tag or "") if session else None
    if session is None or dialog is None:
        other.stateless(ctx, arrived, 481)
    elif not dialog.admit(cseq(request).number):
        ctx.respond(arrived, 500)
    elif request.method == "BYE":
        _bye(ctx, session, dialog, arrived)
    elif request.method in ("INVITE", "UPDATE"):
        target = dialog.target
        offered.receive(ctx, session, dialog, arrived)
        if dialog.target != target:
            ctx.keep(session)
    elif request.method == "INFO":
        other.info(ctx, arrived)
    else:
        other.options(ctx, arrived)


def _bye(ctx: Context, session: Session, dialog: Dialog, arrived: Arrived) -> None:
    fork = session.role is Role.CALLER and len(session.dialogs) > 1
    main = session.dialogs[0] is dialog and session.phase is not Phase.PROCEEDING
    if fork and not main:
        session.dialogs.remove(dialog)
        ctx.respond(arrived, 200)
    elif not ctx.advance(session, On.PEER_BYE, arrived):
        ctx.respond(arrived, 481)


def _acked(ctx: Context, given: Acked) -> None:
    session = ctx.find(call_id(given.request), to(given.request).tag or "")
    if session is not None and session.dialog(from_(given.request).tag or "") is not None:
        ack.received(ctx, session, given.request)


def _replied(ctx: Context, given: Replied) -> None:
    session = ctx.sessions.get(given.owner)
    if session is None:
        return
    if given.purpose == "invite":
        invite.replied(ctx, session, given)
    elif given.purpose == "reinvite":
        reoffer.replied(ctx, session, given)
    elif given.purpose == "bye":
        bye.replied(ctx, session, given)


def _over(ctx: Context, given: Over) -> None:
    session = ctx.sessions.get(given.owner)
    if session is None:
        return
    if given.key in session.transactions:
        session.transactions.remove(given.key)
    ack.forget(session, given.key)
    if given.purpose == "invite" and given.failure and given.key == session.invite.key:
        ctx.advance(session, On.NO_RESPONSE, given.failure)
    elif given.purpose == "reinvite":
        reoffer.over(ctx, session, given)
    ctx.release(session)
