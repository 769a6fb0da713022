"""The verbs of the session table and the functions that do them."""

from offhook.sip.session import ack, answer, bye, cancel, fork, invite
from offhook.sip.session.context import Context, Handler
from offhook.sip.session.state import Session
from offhook.sip.session.table import Verb


def nothing(ctx: Context, session: Session, detail: object) -> None:
    """All that was owed has been done."""


VERBS: dict[Verb, Handler] = {
    Verb.RINGING: invite.ringing,
    Verb.CONFIRM: invite.confirm,
    Verb.AUTHENTICATE: invite.authenticate,
    Verb.REFUSED: invite.refused,
    Verb.UNANSWERED: invite.unanswered,
    Verb.GIVE_UP: cancel.give_up,
    Verb.GIVE_UP_SENDING: cancel.give_up_sending,
    Verb.RANG_OUT: cancel.rang_out,
    Verb.RANG_OUT_SENDING: cancel.rang_out_sending,
    Verb.CANCEL: cancel.send,
    Verb.ABANDON: cancel.abandon,
    Verb.PEER_CANCELLED: cancel.peer_cancelled,
    Verb.ACK_AND_BYE: fork.acknowledge_and_leave,
    Verb.ACK_AGAIN: fork.acknowledge_again,
    Verb.RING: answer.ring,
    Verb.REMIND: answer.remind,
    Verb.ANSWER: answer.accept,
    Verb.REJECT: answer.reject,
    Verb.CHALLENGE: answer.challenge,
    Verb.TURN_AWAY: answer.turn_away,
    Verb.DECLINE: answer.decline,
    Verb.VANISHED: answer.vanished,
    Verb.REPEAT: answer.repeat,
    Verb.CONFIRMED: ack.confirmed,
    Verb.BYE: bye.hang_up,
    Verb.BYE_LATER: bye.hang_up_later,
    Verb.BYE_NOW: bye.leave,
    Verb.BYE_UNACKNOWLEDGED: bye.unacknowledged,
    Verb.BYE_LOST: bye.lost,
    Verb.PEER_LEFT: bye.peer_left,
    Verb.PEER_LEFT_EARLY: bye.peer_left_early,
    Verb.PEER_LEFT_UNANSWERED: bye.peer_left_unanswered,
    Verb.PEER_LEFT_TOO: bye.peer_left_too,
    Verb.NOTHING: nothing,
}
