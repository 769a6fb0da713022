"""How messages find their transaction: RFC 3261 §17.1.3 and §17.2.3, with the rules for RFC 2543 peers.

Keys are strings without meaning outside this package. The parts are joined by spaces, which none of them
can contain, except where the RFC 2543 rules need whole header values; those come last.
"""

from offhook.core.errors import RemoteProtocolError
from offhook.sip.headers import call_id, cseq, from_, to, vias
from offhook.sip.message import Message, Request
from offhook.sip.via import MAGIC_COOKIE, Via


def client_key(message: Message) -> str:
    """The key of the transaction that we began: branch of the top Via and method of the CSeq."""
    return f"c {_top(message).branch or ''} {cseq(message).method}"


def server_key(request: Request, method: str | None = None) -> str:
    """The key of the transaction that a peer began. An ACK has the key of its INVITE.

    `method` replaces the request's own: a CANCEL finds what it cancels with `INVITE`.
    """
    name = method or request.method
    name = "INVITE" if name == "ACK" else name
    via = _top(request)
    branch = via.branch or ""
    if branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE):
        return f"s {branch} {via.sent_by} {name}"
    return f"s 2543 {name} {_identity(request)} {request.uri} {via.raw}"


def merge_key(request: Request) -> str | None:
    """What two copies of one request share that came by two paths (RFC 3261 §8.2.2.2).

    None for requests that are never merged: ACK, CANCEL, and everything inside a dialog.
    """
    if request.method in ("ACK", "CANCEL") or to(request).tag:
        return None
    return f"{request.method} {_identity(request)}"


def _identity(request: Request) -> str:
    return f"{cseq(request).number} {from_(request).tag or ''} {call_id(request)}"


def _top(message: Message) -> Via:
    found = vias(message)
    if not found:
        raise RemoteProtocolError("Via is missing: a message without it cannot be matched.", 400)
    return found[0]
