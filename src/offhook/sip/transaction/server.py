"""The server transaction of every method but INVITE and ACK: RFC 3261 §17.2.2 as limited by RFC 4320."""

from offhook.sip.transaction.table import Do, On, Row, State, Table

_DONE = Row(State.COMPLETED, (Do.SEND_NEW, Do.START_J))
_FAILED = Row(State.TERMINATED, (Do.FAILED,))

SERVER: Table = {
    (State.INITIAL, On.START): Row(State.TRYING, (Do.DELIVER,)),
    (State.TRYING, On.REQUEST): Row(State.TRYING),
    (State.TRYING, On.SEND_PROVISIONAL): Row(State.PROCEEDING, (Do.SEND_NEW,)),
    (State.TRYING, On.SEND_FINAL): _DONE,
    (State.TRYING, On.ERROR): _FAILED,
    (State.PROCEEDING, On.REQUEST): Row(State.PROCEEDING, (Do.SEND_LAST,)),
    (State.PROCEEDING, On.SEND_PROVISIONAL): Row(State.PROCEEDING, (Do.SEND_NEW,)),
    (State.PROCEEDING, On.SEND_FINAL): _DONE,
    (State.PROCEEDING, On.ERROR): _FAILED,
    (State.COMPLETED, On.REQUEST): Row(State.COMPLETED, (Do.SEND_LAST,)),
    (State.COMPLETED, On.J): Row(State.TERMINATED),
    (State.COMPLETED, On.ERROR): _FAILED,
}
