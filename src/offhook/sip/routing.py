"""Where a response goes (RFC 3261 §18.2, RFC 3581): the `received` and `rport` of the top Via.

Answers to a datagram go to the address it came from. `maddr` is not followed: it would let a sender aim
our answers at somebody else.
"""

from offhook.core.errors import RemoteProtocolError
from offhook.sip.flow import Flow
from offhook.sip.grammar import bracketed, split
from offhook.sip.headers import vias
from offhook.sip.message import Message, Request
from offhook.sip.via import Via

DEFAULT_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061, "ws": 80, "wss": 443}


def stamp_received(request: Request, flow: Flow) -> None:
    """Note in the top Via where `request` really came from; do it once, before anything copies the Via.

    `received` is set when the sender's own idea of its address differs or it asked for `rport`; whatever
    it wrote into either itself is replaced. A missing or malformed Via is left alone:
    `validate` has the answer to it.
    """
    top = _top(request)
    if top is None:
        return
    host, port = flow.remote
    params = top.params
    if top.host.lower() != host.lower() or top.wants_rport:
        params = params.having("received", host)
    else:
        params = params.lacking("received")
    if top.wants_rport:
        params = params.having("rport", str(port))
    if params == top.params:
        return
    values = split(request.headers.get("via") or "", ",", angle=False)
    if not values:
        # The first line is empty and the top value on a later one: make them a single line.
        values = [str(via) for via in vias(request)]
        request.headers.set("Via", "")
    head = values[0].partition(";")[0].rstrip()
    request.headers.replace_first("Via", ", ".join([f"{head}{params}", *values[1:]]))


def response_destination(message: Message, flow: Flow) -> Flow:
    """The flow for the response to a request that came on `flow`; `message` is either of the two.

    A stream answers on itself. A datagram is answered to its source address, and to its source port if
    `rport` was asked for, else to the port of the Via.
    """
    if flow.reliable:
        return flow
    top = _top(message)
    if top is None or top.wants_rport:
        return flow
    return Flow(flow.transport, flow.local, (flow.remote[0], _port(top, flow)))


def reopened_destination(message: Message, flow: Flow) -> Flow:
    """Where to connect when the stream that brought the request is gone (RFC 3261 §18.2.2)."""
    top = _top(message)
    if top is None:
        return flow
    return Flow(flow.transport, flow.local, (top.received or top.host, _port(top, flow)))


def alias_of(request: Request, flow: Flow) -> Flow | None:
    """The address that the sender of `request` wants to be reached at on this very connection (RFC 5923 §5).

    Only an address that the connection comes from counts: anybody may write any name into a Via.
    """
    top = _top(request) if flow.reliable else None
    if top is None or "alias" not in top.params or top.host.lower() != flow.remote[0].lower():
        return None
    return Flow(flow.transport, flow.local, (flow.remote[0], _port(top, flow)))


def retransported(request: Request, transport: str) -> Request:
    """A copy of a request of ours whose top Via names another transport, in upper case."""
    made = Request(request.method, request.uri, request.headers.copy(), request.body)
    _, _, rest = (made.headers.get("Via") or "").partition(" ")
    made.headers.replace_first("Via", f"SIP/2.0/{transport} {rest}")
    return made


def sent_by(host: str, port: int) -> str:
    """`host:port` for a Via or Contact of ours."""
    return f"{bracketed(host)}:{port}"


def _top(message: Message) -> Via | None:
    try:
        found = vias(message)
    except RemoteProtocolError:
        return None
    return found[0] if found else None


def _port(top: Via, flow: Flow) -> int:
    return top.port or DEFAULT_PORTS.get(flow.transport, 5060)
