"""BYE, ours and the peer's, and when ours has to wait (RFC 3261 §15, RFC 5407)."""

from offhook.sip.commands import HangUp
from offhook.sip.dialog import Dialog
from offhook.sip.events import Ended, Failed
from offhook.sip.reasons import REASONS
from offhook.sip.session import auth
from offhook.sip.session.answer import finish
from offhook.sip.session.cancel import send as send_cancel
from offhook.sip.session.context import Context, request_of
from offhook.sip.session.inside import compose, dialog_of, flow_to
from offhook.sip.session.offered import withdraw
from offhook.sip.session.retry import again
from offhook.sip.session.state import Session
from offhook.sip.transaction.reports import Arrived, Replied


def hang_up(ctx: Context, session: Session, command: HangUp) -> None:
    """Hang up a call that stands."""
    session.reason = command.reason
    leave(ctx, session, None)
    ctx.emit(Ended(session.id, "local", False, command.reason or "", ()))


def hang_up_later(ctx: Context, session: Session, command: HangUp) -> None:
    """A callee must not say BYE before the ACK to its 2xx (§15)."""
    session.reason = command.reason
    ctx.emit(Ended(session.id, "local", False, command.reason or "", ()))


def leave(ctx: Context, session: Session, _: object) -> None:
    """BYE in the session's dialog; the end has been reported or is being reported."""
    withdraw(ctx, session)
    say_bye(ctx, session, session.dialogs[0])


def unacknowledged(ctx: Context, session: Session, _: object) -> None:
    """Our 2xx was repeated for 64·T1 and never acknowledged (§13.3.1.4)."""
    leave(ctx, session, None)
    ctx.emit(Ended(session.id, "failure", False, "the answer was never acknowledged", ()))


def lost(ctx: Context, session: Session, why: str) -> None:
    """The peer does not know the dialog or does not respond: the call is over (§12.2.1.2)."""
    leave(ctx, session, None)
    ctx.emit(Ended(session.id, "failure", False, why, ()))


def peer_left(ctx: Context, session: Session, arrived: Arrived) -> None:
    """The peer hangs up; also before its ACK has come, which is then taken as sent."""
    withdraw(ctx, session)
    ctx.respond(arrived, 200)
    _report(ctx, session, arrived, cancelled=False)


def peer_left_early(ctx: Context, session: Session, arrived: Arrived) -> None:
    """BYE in an early dialog: 200, then 487 to the INVITE (§15.1.2)."""
    ctx.respond(arrived, 200)
    finish(ctx, session, 487)
    _report(ctx, session, arrived, cancelled=True)


def peer_left_unanswered(ctx: Context, session: Session, arrived: Arrived) -> None:
    """The callee says BYE though we have seen no answer: its answer was lost on the way."""
    ctx.respond(arrived, 200)
    headers = tuple(arrived.request.headers.items())
    ctx.cancel_timer(session, "ring")
    ctx.emit(Failed(session.id, 487, REASONS[487], headers, local=False))
    send_cancel(ctx, session)


def peer_left_too(ctx: Context, session: Session, arrived: Arrived) -> None:
    """Both hang up at once: each BYE gets its 200 (RFC 5407 §3.1.6)."""
    ctx.respond(arrived, 200)


def say_bye(ctx: Context, session: Session, dialog: Dialog) -> None:
    """Send BYE in a dialog."""
    uri, _ = dialog.addressing()
    headers = auth.authorize(session.auth, "BYE", uri, b"")
    if session.reason:
        headers.append(("Reason", session.reason))
    made, flow = compose(ctx, session, dialog, "BYE", headers=headers)
    ctx.send(session, made, flow, "bye")


def replied(ctx: Context, session: Session, report: Replied) -> None:
    """A response to our BYE: a challenge is answered, any other final one is the end of it."""
    sent = request_of(report.sent)
    dialog = dialog_of(session, sent)
    if dialog is not None and auth.can_answer(session.auth, report.response, sent):
        made = again(ctx, session, sent, report.response, dialog.next_cseq())
        ctx.send(session, made, flow_to(dialog, session.flow), "bye")
    elif report.response.status >= 200:
        ctx.settle(session)


def _report(ctx: Context, session: Session, arrived: Arrived, cancelled: bool) -> None:
    headers = arrived.request.headers
    reason = headers.get("Reason") or ""
    ctx.emit(Ended(session.id, "remote", cancelled, reason, tuple(headers.items())))
