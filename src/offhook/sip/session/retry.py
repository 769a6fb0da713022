"""The second attempt at a challenged request (RFC 3261 §22.2)."""

from offhook.sip.message import Request, Response
from offhook.sip.session import auth
from offhook.sip.session.context import Context
from offhook.sip.session.state import Session


def again(ctx: Context, session: Session, sent: Request, response: Response, number: int) -> Request:
    """A copy of `sent` with credentials, a new CSeq number and a new branch; all else stays as it was."""
    made = Request(sent.method, sent.uri, sent.headers.copy(), sent.body)
    made.headers.set("Via", ctx.via(session.flow))
    made.headers.set("CSeq", f"{number} {sent.method}")
    for name in auth.CREDENTIALS:
        made.headers.remove(name)
    for name, value in auth.answer(session.auth, response, sent):
        made.headers.add(name, value)
    return made
