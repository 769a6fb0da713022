"""A new INVITE: the session it makes and how it is told to the application (RFC 3261 §13.3)."""

from offhook.core.errors import RemoteProtocolError
from offhook.sip.dialog import callee_dialog
from offhook.sip.events import DigestOffered, InviteReceived
from offhook.sip.headers import authorizations, call_id, cseq, description, from_, max_forwards, to
from offhook.sip.message import Request
from offhook.sip.session.context import Context
from offhook.sip.session.state import Invite, Role, Session
from offhook.sip.session.table import Phase
from offhook.sip.transaction.machine import read_timer_key
from offhook.sip.transaction.reports import Arrived
from offhook.sip.transaction.table import On as Due
from offhook.sip.uri import Uri

DEFAULT_HOPS = 70
"""Taken when Max-Forwards is missing, which old peers do (§16.3)."""
FIRST_CSEQ_BELOW = 2**30


def begin(ctx: Context, arrived: Arrived) -> None:
    """Make the session and report it. Nothing is sent: the 100 is the transaction's."""
    request, key = arrived.request, arrived.key
    invite = Invite(
        key=key,
        request=ctx.layer.records[key].request,
        cseq=cseq(request).number,
        call_id=call_id(request),
        local_tag=arrived.tag,
        offered=bool(description(request)),
    )
    session = Session(ctx.ids.uuid(), Role.CALLEE, Phase.INCOMING, arrived.flow, invite)
    session.dialogs.append(callee_dialog(request, arrived.tag, 1 + ctx.ids.number(FIRST_CSEQ_BELOW)))
    ctx.add(session)
    ctx.adopt(session, key, "invite")
    ctx.emit(_event(ctx, session, arrived))


def trying(ctx: Context, timer: str) -> None:
    """A timer of a transaction is due. If it is that of our 100, a successor has to know of the session: the
    caller repeats its INVITE no more (§17.1.1.2).
    """
    found = read_timer_key(timer)
    if found is None or found[1] is not Due.TRYING:
        return
    record = ctx.layer.records.get(found[0])
    session = None if record is None else ctx.sessions.get(record.owner)
    if session is not None and session.phase is Phase.INCOMING:
        ctx.keep(session)


def _event(ctx: Context, session: Session, arrived: Arrived) -> InviteReceived:
    request = arrived.request
    sender, hops = from_(request), max_forwards(request)
    return InviteReceived(
        session=session.id,
        call_id=session.invite.call_id,
        request_uri=request.uri,
        user=_user(request.uri),
        from_uri=sender.uri,
        from_user=_user(sender.uri),
        from_display=sender.display,
        to_uri=to(request).uri,
        headers=tuple(request.headers.items()),
        offer=description(request),
        flow=arrived.flow,
        digest=_digest(ctx, request),
        max_forwards=DEFAULT_HOPS if hops is None else hops,
    )


def _user(uri: str) -> str:
    try:
        return Uri.parse(uri).user_name
    except RemoteProtocolError:
        return ""


def _digest(ctx: Context, request: Request) -> DigestOffered | None:
    try:
        for given in authorizations(request):
            if given.scheme == "digest" and not given.proxy:
                return ctx.nonces.check(ctx.now, given, request.method, request.body)
    except RemoteProtocolError:
        return None
    return None
