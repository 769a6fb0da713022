"""Our INVITE: sent, challenged, rung, answered or refused (RFC 3261 §13.2)."""

from offhook.core.clock import seconds
from offhook.core.errors import LocalStateError
from offhook.sip.build import request
from offhook.sip.commands import Dial
from offhook.sip.dialog import MAX_CSEQ, caller_dialog
from offhook.sip.events import Answered, Failed, Ringing
from offhook.sip.headers import cseq, description, to
from offhook.sip.message import Request, Response
from offhook.sip.reasons import REASONS
from offhook.sip.session import auth
from offhook.sip.session.ack import acknowledge
from offhook.sip.session.context import METHODS, Context, request_of
from offhook.sip.session.retry import again
from offhook.sip.session.state import Auth, Invite, Role, Session
from offhook.sip.session.table import On, Phase
from offhook.sip.transaction.key import client_key
from offhook.sip.transaction.reports import Replied

MAX_FORKS = 16
"""Early dialogs kept; further forks can still answer, but are not told apart while they ring."""
FIRST_CSEQ_BELOW = MAX_CSEQ // 2
"""Leaves room to count (§8.1.1.5)."""


def dial(ctx: Context, command: Dial) -> None:
    """Start a session. Raises LocalStateError when the id is in use or a header cannot be sent."""
    if command.session in ctx.sessions:
        raise LocalStateError(f"session {command.session} exists already; dial with a new id")
    made = _compose(ctx, command)
    tag = made.headers.get("From") or ""
    invite = Invite(
        key=client_key(made),
        request=b"",
        cseq=cseq(made).number,
        call_id=made.headers.get("Call-ID") or "",
        local_tag=tag.rpartition("tag=")[2],
        offered=bool(command.offer),
    )
    session = Session(command.session, Role.CALLER, Phase.CALLING, command.destination, invite)
    session.auth = Auth(command.credentials)
    _launch(ctx, session, made)
    ctx.add(session)
    ctx.keep(session)
    ctx.set_timer(session, "ring", ctx.now + seconds(command.ring_seconds))


def replied(ctx: Context, session: Session, report: Replied) -> None:
    """A response to the INVITE; the last one sent, not one that was challenged before it."""
    if report.key != session.invite.key:
        return
    status = report.response.status
    if status < 200:
        ctx.advance(session, On.PROVISIONAL, report.response)
    elif status < 300:
        ctx.advance(session, On.SUCCESS, report.response)
    elif _to_be_retried(session, report.response, request_of(report.sent)):
        ctx.advance(session, On.CHALLENGED, report)
    else:
        ctx.advance(session, On.FAILURE, report.response)


def ringing(ctx: Context, session: Session, response: Response) -> None:
    """A provisional response: above 100 it makes an early dialog, tag or no tag, and is reported (§12.1)."""
    if response.status == 100:
        return
    tag = to(response).tag or ""
    if session.dialog(tag) is None and len(session.dialogs) < MAX_FORKS:
        session.dialogs.append(caller_dialog(request_of(session.invite.request), response))
    ctx.emit(Ringing(session.id, response.status, response.reason, description(response), tag))


def confirm(ctx: Context, session: Session, response: Response) -> None:
    """The first 2xx: its dialog is the session's; acknowledged at once (§13.2.2.4)."""
    ctx.cancel_timer(session, "ring")
    invite = request_of(session.invite.request)
    dialog = session.dialog(to(response).tag or "") or caller_dialog(invite, response)
    dialog.confirm(response)
    session.dialogs = [dialog, *(each for each in session.dialogs if each is not dialog)]
    auth.learn(session.auth, response)
    acknowledge(ctx, session, dialog, session.invite.key, invite)
    ctx.emit(Answered(session.id, description(response), tuple(response.headers.items())))


def authenticate(ctx: Context, session: Session, report: Replied) -> None:
    """Once more with credentials: same Call-ID and From tag, CSeq + 1, new branch (§22.2)."""
    sent = request_of(report.sent)
    made = again(ctx, session, sent, report.response, session.invite.cseq + 1)
    session.invite.cseq += 1
    session.invite.key = client_key(made)
    session.dialogs.clear()
    _launch(ctx, session, made)


def refused(ctx: Context, session: Session, response: Response) -> None:
    """A final response that is no answer."""
    headers = tuple(response.headers.items())
    ctx.emit(Failed(session.id, response.status, response.reason, headers, local=False))


def unanswered(ctx: Context, session: Session, failure: str) -> None:
    """Nobody answered, or nothing could be sent (§8.1.3.1)."""
    status = 503 if failure == "transport" else 408
    ctx.emit(Failed(session.id, status, REASONS[status], (), local=True))


def _to_be_retried(session: Session, response: Response, sent: Request) -> bool:
    waiting = session.phase in (Phase.CALLING, Phase.PROCEEDING)
    return waiting and auth.can_answer(session.auth, response, sent)


def _compose(ctx: Context, command: Dial) -> Request:
    flow = command.destination
    display = command.from_display
    quoted = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '" ' if display else ""
    return request(
        "INVITE",
        command.uri,
        via=ctx.via(flow),
        from_=f"{quoted}<{command.from_uri}>;tag={ctx.ids.token(8)}",
        to=f"<{command.to_uri or command.uri}>",
        call_id=ctx.ids.uuid(),
        cseq=1 + ctx.ids.number(FIRST_CSEQ_BELOW),
        max_forwards=command.max_forwards,
        contact=ctx.contact(flow),
        headers=[
            ("Allow", ", ".join(METHODS)),
            ("Accept", "application/sdp"),
            ("User-Agent", ctx.config.user_agent),
            *command.headers,
        ],
        body=command.offer,
        content_type="application/sdp" if command.offer else None,
    )


def _launch(ctx: Context, session: Session, made: Request) -> None:
    ctx.send(session, made, session.flow, "invite")
    record = ctx.layer.records.get(session.invite.key)
    if record is not None:
        session.flow, session.invite.request = record.flow, record.request
