"""The table of the INVITE usage: (phase, what happens) → next phase and the verb that does the work.

It is the specification of docs/specs/sip-session.md as data. A pair that is not in the table changes
nothing. The end is reported to the application when it is decided; the wire is tidied up afterwards, so
the phases after the report (`cancel wanted`, `cancelling`, `leaving`, `ended`) are silent.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where an INVITE usage stands."""

    CALLING = "calling"
    PROCEEDING = "proceeding"
    CANCEL_WANTED = "cancel wanted"
    CANCELLING = "cancelling"
    INCOMING = "incoming"
    ACCEPTED = "accepted"
    LEAVING = "leaving"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class On(StrEnum):
    """What can happen to an INVITE usage."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    CHALLENGED = "401/407 we can answer"
    FAILURE = "3xx-6xx"
    NO_RESPONSE = "timeout or transport error"
    RING_LIMIT = "ring limit"
    CANCEL_LIMIT = "cancel limit"
    HANG_UP = "hang up"
    RING = "ring"
    ANSWER = "answer"
    REJECT = "reject"
    CHALLENGE = "challenge"
    TURN_AWAY = "turn away"
    REMIND = "minute passed"
    PEER_CANCEL = "peer cancels"
    PEER_BYE = "peer says bye"
    ACK = "ack"
    REPEAT = "repeat timer"
    NO_ACK = "no ack"
    LOST = "dialog lost"


class Verb(StrEnum):
    """The piece of work; each is a function of the module of its name."""

    RINGING = "invite.ringing"
    CONFIRM = "invite.confirm"
    AUTHENTICATE = "invite.authenticate"
    REFUSED = "invite.refused"
    UNANSWERED = "invite.unanswered"
    GIVE_UP = "cancel.give_up"
    GIVE_UP_SENDING = "cancel.give_up_sending"
    RANG_OUT = "cancel.rang_out"
    RANG_OUT_SENDING = "cancel.rang_out_sending"
    CANCEL = "cancel.send"
    ABANDON = "cancel.abandon"
    PEER_CANCELLED = "cancel.peer_cancelled"
    ACK_AND_BYE = "fork.acknowledge_and_leave"
    ACK_AGAIN = "fork.acknowledge_again"
    RING = "answer.ring"
    REMIND = "answer.remind"
    ANSWER = "answer.accept"
    REJECT = "answer.reject"
    CHALLENGE = "answer.challenge"
    TURN_AWAY = "answer.turn_away"
    DECLINE = "answer.decline"
    VANISHED = "answer.vanished"
    REPEAT = "answer.repeat"
    CONFIRMED = "ack.confirmed"
    BYE = "bye.hang_up"
    BYE_LATER = "bye.hang_up_later"
    BYE_NOW = "bye.leave"
    BYE_UNACKNOWLEDGED = "bye.unacknowledged"
    BYE_LOST = "bye.lost"
    PEER_LEFT = "bye.peer_left"
    PEER_LEFT_EARLY = "bye.peer_left_early"
    PEER_LEFT_UNANSWERED = "bye.peer_left_unanswered"
    PEER_LEFT_TOO = "bye.peer_left_too"
    NOTHING = "nothing"


class Row(NamedTuple):
    """Where a pair leads and what is done."""

    next: Phase
    verb: Verb


Table = Mapping[tuple[Phase, On], Row]

CALLER: Table = {
    (Phase.CALLING, On.PROVISIONAL): Row(Phase.PROCEEDING, Verb.RINGING),
    (Phase.CALLING, On.SUCCESS): Row(Phase.CONFIRMED, Verb.CONFIRM),
    (Phase.CALLING, On.CHALLENGED): Row(Phase.CALLING, Verb.AUTHENTICATE),
    (Phase.CALLING, On.FAILURE): Row(Phase.ENDED, Verb.REFUSED),
    (Phase.CALLING, On.NO_RESPONSE): Row(Phase.ENDED, Verb.UNANSWERED),
    (Phase.CALLING, On.HANG_UP): Row(Phase.CANCEL_WANTED, Verb.GIVE_UP),
    (Phase.CALLING, On.RING_LIMIT): Row(Phase.CANCEL_WANTED, Verb.RANG_OUT),
    (Phase.PROCEEDING, On.PROVISIONAL): Row(Phase.PROCEEDING, Verb.RINGING),
    (Phase.PROCEEDING, On.SUCCESS): Row(Phase.CONFIRMED, Verb.CONFIRM),
    (Phase.PROCEEDING, On.CHALLENGED): Row(Phase.CALLING, Verb.AUTHENTICATE),
    (Phase.PROCEEDING, On.FAILURE): Row(Phase.ENDED, Verb.REFUSED),
    (Phase.PROCEEDING, On.HANG_UP): Row(Phase.CANCELLING, Verb.GIVE_UP_SENDING),
    (Phase.PROCEEDING, On.RING_LIMIT): Row(Phase.CANCELLING, Verb.RANG_OUT_SENDING),
    (Phase.PROCEEDING, On.PEER_BYE): Row(Phase.CANCELLING, Verb.PEER_LEFT_UNANSWERED),
    (Phase.CANCEL_WANTED, On.PROVISIONAL): Row(Phase.CANCELLING, Verb.CANCEL),
    (Phase.CANCEL_WANTED, On.SUCCESS): Row(Phase.ENDED, Verb.ACK_AND_BYE),
    (Phase.CANCEL_WANTED, On.FAILURE): Row(Phase.ENDED, Verb.NOTHING),
    (Phase.CANCEL_WANTED, On.NO_RESPONSE): Row(Phase.ENDED, Verb.NOTHING),
    (Phase.CANCELLING, On.SUCCESS): Row(Phase.ENDED, Verb.ACK_AND_BYE),
    (Phase.CANCELLING, On.FAILURE): Row(Phase.ENDED, Verb.NOTHING),
    (Phase.CANCELLING, On.CANCEL_LIMIT): Row(Phase.ENDED, Verb.ABANDON),
    (Phase.CANCELLING, On.PEER_BYE): Row(Phase.CANCELLING, Verb.PEER_LEFT_TOO),
    (Phase.CONFIRMED, On.SUCCESS): Row(Phase.CONFIRMED, Verb.ACK_AGAIN),
    (Phase.ENDED, On.SUCCESS): Row(Phase.ENDED, Verb.ACK_AGAIN),
}

CALLEE: Table = {
    (Phase.INCOMING, On.RING): Row(Phase.INCOMING, Verb.RING),
    (Phase.INCOMING, On.REMIND): Row(Phase.INCOMING, Verb.REMIND),
    (Phase.INCOMING, On.ANSWER): Row(Phase.ACCEPTED, Verb.ANSWER),
    (Phase.INCOMING, On.REJECT): Row(Phase.ENDED, Verb.REJECT),
    (Phase.INCOMING, On.CHALLENGE): Row(Phase.ENDED, Verb.CHALLENGE),
    (Phase.INCOMING, On.TURN_AWAY): Row(Phase.ENDED, Verb.TURN_AWAY),
    (Phase.INCOMING, On.HANG_UP): Row(Phase.ENDED, Verb.DECLINE),
    (Phase.INCOMING, On.PEER_CANCEL): Row(Phase.ENDED, Verb.PEER_CANCELLED),
    (Phase.INCOMING, On.PEER_BYE): Row(Phase.ENDED, Verb.PEER_LEFT_EARLY),
    (Phase.INCOMING, On.NO_RESPONSE): Row(Phase.ENDED, Verb.VANISHED),
    (Phase.ACCEPTED, On.REPEAT): Row(Phase.ACCEPTED, Verb.REPEAT),
    (Phase.ACCEPTED, On.ACK): Row(Phase.CONFIRMED, Verb.CONFIRMED),
    (Phase.ACCEPTED, On.NO_ACK): Row(Phase.ENDED, Verb.BYE_UNACKNOWLEDGED),
    (Phase.ACCEPTED, On.PEER_BYE): Row(Phase.ENDED, Verb.PEER_LEFT),
    (Phase.ACCEPTED, On.HANG_UP): Row(Phase.LEAVING, Verb.BYE_LATER),
    (Phase.LEAVING, On.REPEAT): Row(Phase.LEAVING, Verb.REPEAT),
    (Phase.LEAVING, On.ACK): Row(Phase.ENDED, Verb.BYE_NOW),
    (Phase.LEAVING, On.NO_ACK): Row(Phase.ENDED, Verb.BYE_NOW),
    (Phase.LEAVING, On.PEER_BYE): Row(Phase.ENDED, Verb.PEER_LEFT_TOO),
}

EITHER: Table = {
    (Phase.CONFIRMED, On.HANG_UP): Row(Phase.ENDED, Verb.BYE),
    (Phase.CONFIRMED, On.PEER_BYE): Row(Phase.ENDED, Verb.PEER_LEFT),
    (Phase.CONFIRMED, On.LOST): Row(Phase.ENDED, Verb.BYE_LOST),
    (Phase.CONFIRMED, On.REPEAT): Row(Phase.CONFIRMED, Verb.REPEAT),
    (Phase.CONFIRMED, On.NO_ACK): Row(Phase.ENDED, Verb.BYE_UNACKNOWLEDGED),
    (Phase.ENDED, On.PEER_BYE): Row(Phase.ENDED, Verb.PEER_LEFT_TOO),
}

SESSION: Table = {**CALLER, **CALLEE, **EITHER}

KEEPING = frozenset({Verb.AUTHENTICATE, Verb.CONFIRM, Verb.RING, Verb.ANSWER})
"""Verbs after which a successor of this process would have to end the session in another way than before."""

OWING = frozenset(
    {
        Verb.ACK_AND_BYE,
        Verb.BYE,
        Verb.BYE_NOW,
        Verb.BYE_UNACKNOWLEDGED,
        Verb.BYE_LOST,
        Verb.REJECT,
        Verb.DECLINE,
        Verb.PEER_CANCELLED,
        Verb.PEER_LEFT_EARLY,
    }
)
"""Verbs that end a session while the peer has still to be told: a BYE or a refusal is on its way."""
