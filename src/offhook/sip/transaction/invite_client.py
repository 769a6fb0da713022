"""The INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.

It acknowledges failures itself. A 2xx is acknowledged by the session, never here.
"""

from offhook.sip.transaction.table import Do, On, Row, State, Table

_QUIET = (Do.STOP_A, Do.STOP_B)

INVITE_CLIENT: Table = {
    (State.INITIAL, On.START): Row(State.CALLING, (Do.SEND_REQUEST, Do.START_A, Do.START_B)),
    (State.CALLING, On.A): Row(State.CALLING, (Do.SEND_REQUEST, Do.REPEAT_A)),
    (State.CALLING, On.B): Row(State.TERMINATED, (Do.STOP_A, Do.TIMED_OUT)),
    (State.CALLING, On.ERROR): Row(State.TERMINATED, (*_QUIET, Do.FAILED)),
    (State.CALLING, On.PROVISIONAL): Row(State.PROCEEDING, (*_QUIET, Do.DELIVER)),
    (State.CALLING, On.SUCCESS): Row(State.ACCEPTED, (*_QUIET, Do.START_M, Do.DELIVER)),
    (State.CALLING, On.FAILURE): Row(State.COMPLETED, (*_QUIET, Do.SEND_ACK, Do.DELIVER, Do.START_D)),
    (State.PROCEEDING, On.PROVISIONAL): Row(State.PROCEEDING, (Do.DELIVER,)),
    (State.PROCEEDING, On.SUCCESS): Row(State.ACCEPTED, (Do.START_M, Do.DELIVER)),
    (State.PROCEEDING, On.FAILURE): Row(State.COMPLETED, (Do.SEND_ACK, Do.DELIVER, Do.START_D)),
    (State.ACCEPTED, On.SUCCESS): Row(State.ACCEPTED, (Do.DELIVER,)),
    (State.ACCEPTED, On.M): Row(State.TERMINATED),
    (State.COMPLETED, On.FAILURE): Row(State.COMPLETED, (Do.SEND_ACK,)),
    (State.COMPLETED, On.D): Row(State.TERMINATED),
    (State.COMPLETED, On.ERROR): Row(State.TERMINATED, (Do.FAILED,)),
}
