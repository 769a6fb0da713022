"""Requests inside a dialog: how they are written and which way they go (RFC 3261 §12.2.1)."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from offhook.core.errors import RemoteProtocolError
from offhook.sip.build import request
from offhook.sip.dialog import Dialog
from offhook.sip.flow import Flow
from offhook.sip.headers import to
from offhook.sip.message import Request
from offhook.sip.session.context import Context
from offhook.sip.session.state import Session
from offhook.sip.uri import Uri

MAX_FORWARDS = 70
DEFAULT_PORT = 5060


def compose(
    ctx: Context,
    session: Session,
    dialog: Dialog,
    method: str,
    *,
    cseq: int | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> tuple[Request, Flow]:
    """The next request of a dialog and its flow. `cseq` is given for an ACK, else the dialog counts."""
    flow = flow_to(dialog, session.flow)
    uri, routes = dialog.addressing()
    made = request(
        method,
        uri,
        via=ctx.via(flow),
        from_=dialog.local,
        to=dialog.remote,
        call_id=dialog.call_id,
        cseq=dialog.next_cseq() if cseq is None else cseq,
        max_forwards=MAX_FORWARDS,
        routes=routes,
        contact=ctx.contact(flow) if method in ("INVITE", "UPDATE") else None,
        headers=[*headers, ("User-Agent", ctx.config.user_agent)],
        body=body,
        content_type="application/sdp" if body else None,
    )
    return made, flow


def flow_to(dialog: Dialog, flow: Flow) -> Flow:
    """The flow to the next hop of a dialog.

    A stream stays a stream. Over UDP the next hop's address is used when it can be reached; one that asks
    for `transport=tcp` gets a connection.
    """
    if flow.reliable:
        return flow
    try:
        hop = Uri.parse(dialog.next_hop())
    except RemoteProtocolError:
        return flow
    found = reachable(hop, flow)
    if found is None:
        return flow
    wanted = (hop.params.get("transport") or "").lower()
    return Flow("tcp" if wanted == "tcp" else flow.transport, flow.local, found)


def reachable(hop: Uri, flow: Flow) -> tuple[str, int] | None:
    """The address of a next hop, when it is one (names are not resolved here) and may be believed.

    It must be of one host, of `flow`'s family, and not private where we know the peer by a public address.
    """
    host, known = _address(hop.host), _address(flow.remote[0])
    if host is None or known is None or host.version != known.version:
        return None
    if host.is_unspecified or host.is_multicast:
        return None
    if host.is_private and not known.is_private:
        return None
    return hop.host, hop.port or DEFAULT_PORT


def dialog_of(session: Session, sent: Request) -> Dialog | None:
    """The dialog that a request of ours was sent in."""
    return session.dialog(to(sent).tag or "")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
