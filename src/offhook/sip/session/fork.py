"""More than one 2xx to our INVITE: repeated ones, and answers that are not wanted (RFC 3261 §13.2.2.4).

Every 2xx is acknowledged. The first answer of a call that is still wanted is the call; every other one gets
an ACK and a BYE, also long after the call has ended, until the INVITE transaction forgets (64·T1).
"""

from offhook.sip.dialog import caller_dialog
from offhook.sip.headers import to
from offhook.sip.message import Response
from offhook.sip.session.ack import acknowledge
from offhook.sip.session.ack import acknowledge_again as acknowledge_repeated
from offhook.sip.session.bye import say_bye
from offhook.sip.session.context import Context, request_of
from offhook.sip.session.state import Session


def acknowledge_and_leave(ctx: Context, session: Session, response: Response) -> None:
    """An answer that nobody wants: ACK, then BYE."""
    invite = request_of(session.invite.request)
    tag = to(response).tag or ""
    dialog = session.dialog(tag)
    if dialog is None:
        dialog = caller_dialog(invite, response)
        session.dialogs.append(dialog)
    dialog.confirm(response)
    acknowledge(ctx, session, dialog, session.invite.key, invite)
    say_bye(ctx, session, dialog)


def acknowledge_again(ctx: Context, session: Session, response: Response) -> None:
    """Another 2xx after the first: the same ACK for a repetition, ACK and BYE for another fork."""
    if not acknowledge_repeated(ctx, session, session.invite.key, to(response).tag or ""):
        acknowledge_and_leave(ctx, session, response)
