"""The client transaction of every method but INVITE and ACK: RFC 3261 §17.1.2."""

from offhook.sip.transaction.table import Do, On, Row, State, Table

_QUIET = (Do.STOP_E, Do.STOP_F)
_DONE = Row(State.COMPLETED, (*_QUIET, Do.DELIVER, Do.START_K))
_TIMED_OUT = Row(State.TERMINATED, (Do.STOP_E, Do.TIMED_OUT))
_FAILED = Row(State.TERMINATED, (*_QUIET, Do.FAILED))

CLIENT: Table = {
    (State.INITIAL, On.START): Row(State.TRYING, (Do.SEND_REQUEST, Do.START_E, Do.START_F)),
    (State.TRYING, On.E): Row(State.TRYING, (Do.SEND_REQUEST, Do.REPEAT_E)),
    (State.TRYING, On.F): _TIMED_OUT,
    (State.TRYING, On.ERROR): _FAILED,
    (State.TRYING, On.PROVISIONAL): Row(State.PROCEEDING, (Do.DELIVER,)),
    (State.TRYING, On.FINAL): _DONE,
    (State.PROCEEDING, On.E): Row(State.PROCEEDING, (Do.SEND_REQUEST, Do.SLOW_E)),
    (State.PROCEEDING, On.F): _TIMED_OUT,
    (State.PROCEEDING, On.ERROR): _FAILED,
    (State.PROCEEDING, On.PROVISIONAL): Row(State.PROCEEDING, (Do.DELIVER,)),
    (State.PROCEEDING, On.FINAL): _DONE,
    (State.COMPLETED, On.K): Row(State.TERMINATED),
}
