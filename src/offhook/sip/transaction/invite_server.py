"""The INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.

It repeats failures until their ACK. A 2xx is repeated by the session, never here; what stays here is the
memory that this INVITE has been answered, so that a late copy of it makes no second call.
"""

from offhook.sip.transaction.table import Do, On, Row, State, Table

INVITE_SERVER: Table = {
    (State.INITIAL, On.START): Row(State.PROCEEDING, (Do.START_TRYING, Do.DELIVER)),
    (State.PROCEEDING, On.REQUEST): Row(State.PROCEEDING, (Do.SEND_LAST,)),
    (State.PROCEEDING, On.TRYING): Row(State.PROCEEDING, (Do.SEND_TRYING,)),
    (State.PROCEEDING, On.SEND_PROVISIONAL): Row(State.PROCEEDING, (Do.STOP_TRYING, Do.SEND_NEW)),
    (State.PROCEEDING, On.SEND_SUCCESS): Row(State.ACCEPTED, (Do.STOP_TRYING, Do.SEND_NEW, Do.START_L)),
    (State.PROCEEDING, On.SEND_FAILURE): Row(
        State.COMPLETED, (Do.STOP_TRYING, Do.SEND_NEW, Do.START_G, Do.START_H)
    ),
    (State.PROCEEDING, On.ERROR): Row(State.TERMINATED, (Do.STOP_TRYING, Do.FAILED)),
    (State.ACCEPTED, On.REQUEST): Row(State.ACCEPTED),
    (State.ACCEPTED, On.SEND_SUCCESS): Row(State.ACCEPTED, (Do.SEND_NEW,)),
    (State.ACCEPTED, On.ACK): Row(State.ACCEPTED, (Do.DELIVER,)),
    (State.ACCEPTED, On.L): Row(State.TERMINATED),
    (State.COMPLETED, On.REQUEST): Row(State.COMPLETED, (Do.SEND_LAST,)),
    (State.COMPLETED, On.G): Row(State.COMPLETED, (Do.SEND_LAST, Do.REPEAT_G)),
    (State.COMPLETED, On.ACK): Row(State.CONFIRMED, (Do.STOP_G, Do.STOP_H, Do.START_I)),
    (State.COMPLETED, On.H): Row(State.TERMINATED, (Do.STOP_G, Do.TIMED_OUT)),
    (State.COMPLETED, On.ERROR): Row(State.TERMINATED, (Do.STOP_G, Do.STOP_H, Do.FAILED)),
    (State.CONFIRMED, On.REQUEST): Row(State.CONFIRMED),
    (State.CONFIRMED, On.ACK): Row(State.CONFIRMED),
    (State.CONFIRMED, On.I): Row(State.TERMINATED),
}
