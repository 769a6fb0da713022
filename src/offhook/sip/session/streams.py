"""What a session does about connections: requests too large for UDP, and connections that have ended.

Large requests: RFC 3261 §18.1.1. A connection that ends takes no call with it (B11): what was on its way is
sent once more on a new one, responses go to where their request's Via points (§18.2.2), requests to the
next hop of their dialog.
"""

from offhook.core.errors import RemoteProtocolError
from offhook.sip.flow import Flow
from offhook.sip.session.context import Context
from offhook.sip.session.inside import reachable
from offhook.sip.session.state import Role, Session
from offhook.sip.transaction.reports import Moved
from offhook.sip.uri import Uri


def disconnected(ctx: Context, flow: Flow) -> None:
    """`flow` carries nothing any more: whoever used it gets another way, or the same one to be dialled."""
    moved: dict[str, Flow] = {}
    for session in ctx.sessions.values():
        moved[session.id] = _leave(session, flow)
    ctx.take(ctx.layer.disconnected(ctx.now, flow, moved))


def moved(ctx: Context, given: Moved) -> None:
    """A request of a session has gone another way than it was meant to."""
    session, record = ctx.sessions.get(given.owner), ctx.layer.records.get(given.key)
    if session is None or record is None:
        return
    if given.key == session.invite.key:
        session.flow, session.invite.request = record.flow, record.request
    elif given.key == session.exchange.key:
        session.exchange.request = record.request


def way_back(session: Session, flow: Flow) -> Flow:
    """Where requests of a session go when the connection that they used is gone.

    What we dialled is dialled again. A connection of the peer's cannot be: its next hop is taken, at the
    address we know it by where the next hop is a name.
    """
    if session.role is Role.CALLER or not session.dialogs:
        return flow
    try:
        hop = Uri.parse(session.dialogs[0].next_hop())
    except RemoteProtocolError:
        return flow
    found = reachable(hop, flow)
    if found is not None:
        return Flow(flow.transport, flow.local, found)
    return Flow(flow.transport, flow.local, (flow.remote[0], hop.port or 5060))


def _leave(session: Session, flow: Flow) -> Flow:
    """Take a session off a flow; the flow on which its requests go from now on."""
    if session.flow == flow:
        session.flow = way_back(session, flow)
    again = session.flow
    for ack in session.acks.values():
        if ack.flow == flow:
            ack.flow = again
    for repeat in session.repeats.values():
        if repeat.flow == flow:
            repeat.flow = repeat.reopen or again
    return again
