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
    for identifier in ctx.by_flow.on(flow):
        _leave(ctx, ctx.sessions[identifier], flow)

    def way(owner: str) -> Flow | None:
        session = ctx.sessions.get(owner)
        if session is None or session.flow.transport != flow.transport:
            return None  # a request that went here for its size only: the same connection is dialled again
        return session.flow

    ctx.take(ctx.layer.disconnected(ctx.now, flow, way))


def moved(ctx: Context, given: Moved) -> None:
    """A request of a session has gone another way than it was meant to."""
    session, record = ctx.sessions.get(given.owner), ctx.layer.records.get(given.key)
    if session is None or record is None:
        return
    if given.key == session.invite.key:
        session.flow, session.invite.request = record.flow, record.request
        ctx.uses(session, record.flow)
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


def _leave(ctx: Context, session: Session, flow: Flow) -> None:
    """Take a session off a flow."""
    if session.flow == flow:
        session.flow = way_back(session, flow)
    ctx.uses(session, session.flow)
    for ack in session.acks.values():
        if ack.flow == flow:
            ack.flow = session.flow
    for repeat in session.repeats.values():
        if repeat.flow == flow:
            repeat.flow = repeat.reopen or session.flow
            ctx.uses(session, repeat.flow)
