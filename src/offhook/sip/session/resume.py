"""A session as a checkpoint, and back in a new process that has to end it (RFC 3261 §15).

What is kept is what a BYE or CANCEL needs: the dialogs, the flow, the INVITE and its transaction. Passwords
are not kept, and connections are those of the dead process: the peer's are replaced by the next hop. The
CSeq of a restored dialog jumps ahead, because requests may have been sent after the checkpoint; gaps are
allowed, going back is not (§12.2.2).
"""

from dataclasses import dataclass, replace

from offhook.sip.commands import Credentials
from offhook.sip.session.context import Context
from offhook.sip.session.state import Auth, Exchange, Session
from offhook.sip.session.streams import way_back
from offhook.sip.session.table import Phase
from offhook.sip.transaction import snapshot
from offhook.sip.transaction.machine import Record

CSEQ_JUMP = 1000

_RESTORED = {Phase.CALLING: Phase.PROCEEDING, Phase.ACCEPTED: Phase.CONFIRMED}
"""After a restart nobody can tell whether an answer came: a CANCEL or BYE at once is right."""
_ENDING = (Phase.CANCEL_WANTED, Phase.CANCELLING, Phase.LEAVING, Phase.ENDED)


@dataclass(slots=True)
class Checkpoint:
    """One session with the transaction of its INVITE."""

    session: Session
    invite: Record | None


def dump(ctx: Context, session_id: str) -> bytes | None:
    """The checkpoint of a session; None when it is unknown or its end has been reported already."""
    session = ctx.sessions.get(session_id)
    if session is None or session.phase in _ENDING:
        return None
    record = ctx.layer.records.get(session.invite.key)
    bare = replace(session, auth=Auth(), exchange=Exchange(), transactions=[], acks={}, repeats={})
    return snapshot.dump(Checkpoint(bare, record))


def load(ctx: Context, data: bytes, credentials: Credentials | None = None) -> str:
    """Take in a checkpoint; the session id. Raises ValueError when `data` is none."""
    checkpoint = snapshot.load(data, Checkpoint)
    session, record = checkpoint.session, checkpoint.invite
    session.phase = _RESTORED.get(session.phase, session.phase)
    session.auth = Auth(credentials)
    for dialog in session.dialogs:
        dialog.local_cseq += CSEQ_JUMP
    if session.flow.reliable:
        session.flow = way_back(session, session.flow)
        if record is not None:
            record.flow = record.reopen or session.flow
    ctx.add(session)
    ctx.taken(session)
    if record is not None and session.phase in (Phase.PROCEEDING, Phase.INCOMING):
        ctx.layer.restore(record)
        session.transactions.append(record.key)
    return session.id
