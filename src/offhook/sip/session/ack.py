"""The ACK to a 2xx, sent and received (RFC 3261 §13.2.2.4, §13.3.1.4).

It is a request of the dialog: new branch, the dialog's route set, the CSeq number of its INVITE and that
INVITE's credentials. It has no transaction; what is kept is its bytes, for every repeated 2xx.
"""

from offhook.sip.build import serialise
from offhook.sip.dialog import Dialog
from offhook.sip.events import Confirmed, ReofferAnswered
from offhook.sip.headers import cseq
from offhook.sip.message import Request
from offhook.sip.session.auth import CREDENTIALS
from offhook.sip.session.context import Context
from offhook.sip.session.inside import compose
from offhook.sip.session.state import Ack, Repeat, Session
from offhook.sip.session.table import On


def acknowledge(ctx: Context, session: Session, dialog: Dialog, key: str, invite: Request) -> None:
    """Acknowledge the 2xx that made or refreshed `dialog` in the INVITE transaction `key`."""
    credentials = [(name, value) for name in CREDENTIALS for value in invite.headers.get_all(name)]
    made, flow = compose(ctx, session, dialog, "ACK", cseq=cseq(invite).number, headers=credentials)
    ack = Ack(serialise(made), flow)
    session.acks[f"{key} {dialog.remote_tag}"] = ack
    ctx.uses(session, flow)
    ctx.transmit(ack.data, ack.flow)


def acknowledge_again(ctx: Context, session: Session, key: str, tag: str) -> bool:
    """Send the same ACK for a repeated 2xx; False when this 2xx is not a repetition."""
    ack = session.acks.get(f"{key} {tag}")
    if ack is None:
        return False
    ctx.transmit(ack.data, ack.flow)
    return True


def forget(session: Session, key: str) -> None:
    """The INVITE transaction has ended: no 2xx can be repeated in it any more (RFC 6026 §7.2)."""
    for known in [each for each in session.acks if each.startswith(f"{key} ")]:
        del session.acks[known]


def received(ctx: Context, session: Session, request: Request) -> None:
    """An ACK from the peer: the 2xx with its CSeq number is at rest; a second copy finds nothing."""
    number = cseq(request).number
    repeat = session.repeats.get(number)
    if repeat is None:
        return
    ctx.stop_repeating(session, number)
    if number == session.invite.cseq:
        ctx.advance(session, On.ACK, (request, repeat))
    elif not repeat.offered:
        ctx.emit(ReofferAnswered(session.id, request.body))


def confirmed(ctx: Context, session: Session, detail: tuple[Request, Repeat]) -> None:
    """The ACK to the first 2xx."""
    request, repeat = detail
    ctx.emit(Confirmed(session.id, b"" if repeat.offered else request.body))
