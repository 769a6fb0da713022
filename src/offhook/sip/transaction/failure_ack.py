"""The two messages a transaction writes by itself: the ACK to a failure, and the 100 (RFC 3261 §17).

The ACK to a 2xx is another thing: a request of the dialog, written by the session.
"""

from offhook.sip.build import response, serialise
from offhook.sip.headers import cseq
from offhook.sip.message import Headers, Request
from offhook.sip.parser import parse

COPIED = ("Route", "Authorization", "Proxy-Authorization")
"""Headers of an INVITE that its ACK repeats (RFC 3261 §17.1.1.3, §22.1)."""


def failure_ack(invite: bytes, failure: bytes) -> bytes:
    """The ACK to a 3xx–6xx: the INVITE's own branch and Route, the To of the response (§17.1.1.3)."""
    request, answer = parse(invite), parse(failure)
    assert isinstance(request, Request)
    headers = Headers()
    headers.add("Via", request.headers.get("Via") or "")
    headers.add("Max-Forwards", "70")
    headers.add("From", request.headers.get("From") or "")
    headers.add("To", answer.headers.get("To") or request.headers.get("To") or "")
    headers.add("Call-ID", request.headers.get("Call-ID") or "")
    headers.add("CSeq", f"{cseq(request).number} ACK")
    for name in COPIED:
        for value in request.headers.get_all(name):
            headers.add(name, value)
    return serialise(Request("ACK", request.uri, headers, b""))


def trying(invite: bytes) -> bytes:
    """The 100 to an INVITE; it carries no To tag of ours (§8.2.6.2)."""
    request = parse(invite)
    assert isinstance(request, Request)
    return serialise(response(request, 100))
