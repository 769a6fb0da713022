"""CANCEL, ours and the peer's (RFC 3261 §9).

Ours goes out after a provisional response and never before one; until then the wish is remembered. If no
final response follows within 64·T1 the call is over without one.
"""

from offhook.sip.commands import HangUp
from offhook.sip.events import Ended, Failed
from offhook.sip.message import Headers, Request, Response
from offhook.sip.reasons import REASONS
from offhook.sip.session.answer import finish
from offhook.sip.session.auth import CREDENTIALS
from offhook.sip.session.context import Context, request_of
from offhook.sip.session.state import Session
from offhook.sip.transaction.reports import Arrived


def give_up(ctx: Context, session: Session, command: HangUp) -> None:
    """The application does not want the answer any more; nothing has been heard from the peer yet."""
    session.reason = command.reason
    _report(ctx, session, 487)


def give_up_sending(ctx: Context, session: Session, command: HangUp) -> None:
    """The same, and the peer can be told at once."""
    give_up(ctx, session, command)
    send(ctx, session)


def rang_out(ctx: Context, session: Session, _: None) -> None:
    """The ring limit has passed in silence."""
    _report(ctx, session, 408)


def rang_out_sending(ctx: Context, session: Session, _: None) -> None:
    """The ring limit has passed while it rang."""
    _report(ctx, session, 408)
    send(ctx, session)


def send(ctx: Context, session: Session, _: Response | None = None) -> None:
    """Send the CANCEL of the first INVITE and bound the wait for its final response."""
    invite = request_of(session.invite.request)
    ctx.send(session, cancel_of(invite, session.reason, ctx.config.user_agent), session.flow, "cancel")
    ctx.set_timer(session, "cancel", ctx.now + ctx.config.timers.give_up)


def cancel_of(invite: Request, reason: str | None, user_agent: str) -> Request:
    """The CANCEL of an INVITE: its branch, Request-URI, Route, From, To and CSeq number (§9.1)."""
    headers = Headers()
    headers.add("Via", invite.headers.get("Via") or "")
    for name in ("Route", "Max-Forwards", "From", "To", "Call-ID"):
        for value in invite.headers.get_all(name):
            headers.add(name, value)
    headers.add("CSeq", (invite.headers.get("CSeq") or "").replace("INVITE", "CANCEL"))
    for name in CREDENTIALS:
        for value in invite.headers.get_all(name):
            headers.add(name, value)
    if reason:
        headers.add("Reason", reason)
    headers.add("User-Agent", user_agent)
    return Request("CANCEL", invite.uri, headers, b"")


def abandon(ctx: Context, session: Session, _: None) -> None:
    """No final response to the INVITE in 64·T1 after the CANCEL: its transaction is destroyed (§9.1)."""
    ctx.take(ctx.layer.forget(session.invite.key))


def peer_cancelled(ctx: Context, session: Session, arrived: Arrived) -> None:
    """The caller takes its INVITE back before we answered: 487 (§9.2)."""
    finish(ctx, session, 487)
    headers = arrived.request.headers
    reason = headers.get("Reason") or ""
    ctx.emit(Ended(session.id, "remote", True, reason, tuple(headers.items())))


def _report(ctx: Context, session: Session, status: int) -> None:
    ctx.cancel_timer(session, "ring")
    ctx.emit(Failed(session.id, status, REASONS[status], (), local=True))
