"""Our later offers: the re-INVITE (RFC 3261 §14.1).

A 491 is waited out once: 2.1–4 s when the Call-ID is ours, 0–2 s when it is theirs, in steps of 10 ms. A peer
that goes silent after a 100 is cancelled after 64·T1 and given up after as long again.
"""

from offhook.core.clock import NS_PER_MS
from offhook.sip.commands import Reoffer
from offhook.sip.events import ReofferAnswered, ReofferFailed
from offhook.sip.message import Request
from offhook.sip.session import auth
from offhook.sip.session.ack import acknowledge, acknowledge_again
from offhook.sip.session.cancel import cancel_of
from offhook.sip.session.context import METHODS, Context, request_of
from offhook.sip.session.inside import compose, dialog_of, flow_to
from offhook.sip.session.retry import again
from offhook.sip.session.state import Offer, Role, Session
from offhook.sip.session.table import On, Phase
from offhook.sip.transaction.reports import Over, Replied

STEP = 10 * NS_PER_MS


def offer(ctx: Context, session: Session, command: Reoffer) -> None:
    """Send an offer; refused with 491 at once while another exchange is under way."""
    if session.phase is Phase.ENDED or session.phase is Phase.LEAVING:
        return
    exchange = session.exchange
    if session.phase is not Phase.CONFIRMED or exchange.state is not Offer.IDLE or exchange.offer:
        ctx.emit(ReofferFailed(session.id, 491))
        return
    if any(not each.offered for each in session.repeats.values()):
        ctx.emit(ReofferFailed(session.id, 491))
        return
    exchange.offer, exchange.glared = command.offer, False
    _send(ctx, session)


def replied(ctx: Context, session: Session, report: Replied) -> None:
    """A response to a re-INVITE of ours."""
    status = report.response.status
    if status < 200:
        return
    sent = request_of(report.sent)
    if status < 300:
        _succeeded(ctx, session, report, sent)
    elif report.key == session.exchange.key and session.phase is Phase.CONFIRMED:
        _failed(ctx, session, report, sent)


def over(ctx: Context, session: Session, report: Over) -> None:
    """A re-INVITE transaction has ended; without any response the dialog is gone (§12.2.1.2)."""
    exchange = session.exchange
    current = report.key == exchange.key and exchange.state in (Offer.SENT, Offer.CANCELLED)
    if not current or not report.failure:
        return
    if report.failure == "timeout":
        ctx.advance(session, On.LOST, "the peer did not respond to a re-INVITE")
    else:
        _give_up(ctx, session, 503)


def waited(ctx: Context, session: Session) -> None:
    """The wait after a 491 is over: once more, unless an offer of the peer's is being answered."""
    exchange = session.exchange
    if not exchange.offer or session.phase is not Phase.CONFIRMED:
        return
    if exchange.state in (Offer.IDLE, Offer.WAITING):
        _send(ctx, session)
    elif exchange.state is Offer.RECEIVED:
        exchange.offer = b""
        ctx.emit(ReofferFailed(session.id, 491))


def overdue(ctx: Context, session: Session) -> None:
    """No final response for 64·T1: CANCEL; and after as long again the dialog is lost."""
    exchange = session.exchange
    dialog = session.dialogs[0] if session.dialogs else None
    if exchange.state is Offer.CANCELLED:
        ctx.advance(session, On.LOST, "the peer left a re-INVITE without a final response")
    elif exchange.state is Offer.SENT and dialog is not None:
        exchange.state = Offer.CANCELLED
        taken_back = cancel_of(request_of(exchange.request), None, ctx.config.user_agent)
        record = ctx.layer.records.get(exchange.key)
        flow = record.flow if record is not None else flow_to(dialog, session.flow)
        ctx.send(session, taken_back, flow, "cancel")
        ctx.set_timer(session, "reoffer", ctx.now + ctx.config.timers.give_up)


def _send(ctx: Context, session: Session) -> None:
    exchange, dialog = session.exchange, session.dialogs[0]
    uri, _ = dialog.addressing()
    headers = [("Allow", ", ".join(METHODS)), ("Accept", "application/sdp")]
    headers += auth.authorize(session.auth, "INVITE", uri, exchange.offer)
    made, flow = compose(ctx, session, dialog, "INVITE", headers=headers, body=exchange.offer)
    exchange.state = Offer.SENT
    exchange.key = ctx.send(session, made, flow, "reinvite")
    _remember(ctx, session)
    ctx.set_timer(session, "reoffer", ctx.now + ctx.config.timers.give_up)


def _succeeded(ctx: Context, session: Session, report: Replied, sent: Request) -> None:
    dialog = dialog_of(session, sent)
    if dialog is None or acknowledge_again(ctx, session, report.key, dialog.remote_tag):
        return
    dialog.refresh(report.response)
    auth.learn(session.auth, report.response)
    acknowledge(ctx, session, dialog, report.key, sent)
    if report.key == session.exchange.key and session.phase is Phase.CONFIRMED:
        _rest(ctx, session)
        ctx.emit(ReofferAnswered(session.id, report.response.body))


def _failed(ctx: Context, session: Session, report: Replied, sent: Request) -> None:
    exchange, status = session.exchange, report.response.status
    dialog = dialog_of(session, sent)
    if exchange.state is Offer.SENT and dialog and auth.can_answer(session.auth, report.response, sent):
        made = again(ctx, session, sent, report.response, dialog.next_cseq())
        exchange.key = ctx.send(session, made, flow_to(dialog, session.flow), "reinvite")
        _remember(ctx, session)
    elif status == 491 and exchange.state is Offer.SENT and not exchange.glared:
        exchange.state, exchange.glared = Offer.WAITING, True
        ctx.cancel_timer(session, "reoffer")
        ctx.set_timer(session, "glare", ctx.now + _glare_wait(ctx, session))
    elif status in (408, 481):
        ctx.advance(session, On.LOST, f"the peer refused a re-INVITE with {status}")
    else:
        _give_up(ctx, session, status)


def _glare_wait(ctx: Context, session: Session) -> int:
    if session.role is Role.CALLER:
        return (210 + ctx.ids.number(191)) * STEP
    return ctx.ids.number(201) * STEP


def _give_up(ctx: Context, session: Session, status: int) -> None:
    _rest(ctx, session)
    if session.phase is Phase.CONFIRMED:
        ctx.emit(ReofferFailed(session.id, status))


def _rest(ctx: Context, session: Session) -> None:
    session.exchange.state, session.exchange.offer = Offer.IDLE, b""
    ctx.cancel_timer(session, "reoffer")


def _remember(ctx: Context, session: Session) -> None:
    record = ctx.layer.records.get(session.exchange.key)
    session.exchange.request = record.request if record else b""
