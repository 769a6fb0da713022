"""One transaction: plain data, and the walker that takes it from row to row of its table.

The walker is the same for the four machines of RFC 3261 §17; what differs is the table. It never raises on
an input that its table does not know: such an input is absorbed.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from offhook.sip.flow import Flow
from offhook.sip.machine import CancelTimer, Output, Send, SetTimer
from offhook.sip.timers import TRYING_AFTER, Timers
from offhook.sip.transaction.client import CLIENT
from offhook.sip.transaction.failure_ack import failure_ack, trying
from offhook.sip.transaction.invite_client import INVITE_CLIENT
from offhook.sip.transaction.invite_server import INVITE_SERVER
from offhook.sip.transaction.server import SERVER
from offhook.sip.transaction.table import Do, On, State, Table

PREFIX = "t"
"""The first word of the timer keys of transactions."""


class Kind(StrEnum):
    """The four machines."""

    INVITE_CLIENT = "invite client"
    CLIENT = "client"
    INVITE_SERVER = "invite server"
    SERVER = "server"


TABLES: dict[Kind, Table] = {
    Kind.INVITE_CLIENT: INVITE_CLIENT,
    Kind.CLIENT: CLIENT,
    Kind.INVITE_SERVER: INVITE_SERVER,
    Kind.SERVER: SERVER,
}


@dataclass(slots=True)
class Record:
    """Everything a transaction remembers."""

    key: str
    kind: Kind
    flow: Flow
    """Where requests (client) or responses (server) go."""
    request: bytes
    state: State = State.INITIAL
    reply: bytes = b""
    """Server: the last response sent. INVITE client: the ACK to a failure."""
    interval: int = 0
    """The running interval of timer A, E or G."""
    started: int = 0
    owner: str = ""
    """The session it belongs to; empty when none does."""
    purpose: str = ""
    """What the session wanted with it."""
    tag: str = ""
    """Server: the To tag of every response above 100."""
    reopen: Flow | None = None
    """Server: where responses go when the connection of the request is gone (§18.2.2)."""
    fallback: Flow | None = None
    """Client: the UDP flow of a request that goes over TCP for its size only (§18.1.1)."""
    resent: bool = False
    """Client: its connection ended before any response, and it was sent again on another."""


@dataclass(slots=True)
class Step:
    """What one input led to."""

    outputs: list[Output] = field(default_factory=list)
    deliver: bool = False
    """The message is the user's to see."""
    failure: str = ""
    """`timeout` or `transport` when the user must learn that the transaction failed."""


def timer_key(record: Record, on: On) -> str:
    """The key under which a transaction sets a timer, e.g. `t a c z9hG4bK…`."""
    return f"{PREFIX} {on.value.removeprefix('timer ')} {record.key}"


def read_timer_key(key: str) -> tuple[str, On] | None:
    """The transaction key and the input of a timer key; None when it is not one of ours."""
    parts = key.split(" ", 2)
    if len(parts) != 3 or parts[0] != PREFIX:
        return None
    try:
        return parts[2], On(f"timer {parts[1]}")
    except ValueError:
        return None


def step(record: Record, timers: Timers, now: int, on: On, message: bytes = b"") -> Step:
    """Take one input. `message` is the response to send, or the failure to acknowledge."""
    result = Step()
    _walk(record, timers, now, on, message, result)
    return result


def _walk(record: Record, timers: Timers, now: int, on: On, message: bytes, result: Step) -> None:
    row = TABLES[record.kind].get((record.state, on))
    if row is None:
        return
    record.state = row.next
    for do in row.do:
        _do(record, timers, now, do, message, result)


def _do(record: Record, timers: Timers, now: int, do: Do, message: bytes, result: Step) -> None:
    send, timer = _SENDS.get(do), _SETS.get(do)
    if do is Do.DELIVER:
        result.deliver = True
    elif do is Do.TIMED_OUT:
        result.failure = "timeout"
    elif do is Do.FAILED:
        result.failure = "transport"
    elif send is not None:
        _send(record, send, message, result)
    elif timer is not None:
        _set(record, timers, now, timer, do, result)
    else:
        result.outputs.append(CancelTimer(timer_key(record, _STOPS[do])))


def _send(record: Record, what: str, message: bytes, result: Step) -> None:
    if what == "request":
        data = record.request
    elif what == "ack":
        record.reply = data = record.reply or failure_ack(record.request, message)
    elif what == "new":
        record.reply = data = message
    elif what == "trying":
        record.reply = data = trying(record.request)
    else:
        data = record.reply
    if data:
        result.outputs.append(Send(data, record.flow))


def _set(record: Record, timers: Timers, now: int, on: On, do: Do, result: Step) -> None:
    reliable = record.flow.reliable
    if reliable and on in _REPEATS:
        return
    if reliable and on in _ABSORBERS:
        _walk(record, timers, now, on, b"", result)
        return
    if on in _REPEATS:
        record.interval = delay = _interval(record.interval, timers, do)
    else:
        delay = _delay(on, timers)
    result.outputs.append(SetTimer(timer_key(record, on), now + delay))


def _interval(previous: int, timers: Timers, do: Do) -> int:
    if do is Do.REPEAT_A:
        return timers.doubled(previous)
    if do in (Do.REPEAT_E, Do.REPEAT_G):
        return timers.capped(previous)
    return timers.t2 if do is Do.SLOW_E else timers.t1


def _delay(on: On, timers: Timers) -> int:
    if on is On.TRYING:
        return TRYING_AFTER
    if on is On.D:
        return timers.absorb_failures
    return timers.t4 if on in (On.I, On.K) else timers.give_up


_REPEATS = frozenset({On.A, On.E, On.G})
_ABSORBERS = frozenset({On.D, On.I, On.J, On.K})
"""Timers that are zero on a reliable transport (RFC 3261 §17, table 4); L and M are not."""

_SENDS = {
    Do.SEND_REQUEST: "request",
    Do.SEND_ACK: "ack",
    Do.SEND_NEW: "new",
    Do.SEND_LAST: "last",
    Do.SEND_TRYING: "trying",
}
_SETS = {
    Do.START_TRYING: On.TRYING,
    **dict.fromkeys((Do.START_A, Do.REPEAT_A), On.A),
    **dict.fromkeys((Do.START_E, Do.REPEAT_E, Do.SLOW_E), On.E),
    **dict.fromkeys((Do.START_G, Do.REPEAT_G), On.G),
    Do.START_B: On.B,
    Do.START_D: On.D,
    Do.START_F: On.F,
    Do.START_H: On.H,
    Do.START_I: On.I,
    Do.START_J: On.J,
    Do.START_K: On.K,
    Do.START_L: On.L,
    Do.START_M: On.M,
}
_STOPS = {
    Do.STOP_TRYING: On.TRYING,
    Do.STOP_A: On.A,
    Do.STOP_B: On.B,
    Do.STOP_E: On.E,
    Do.STOP_F: On.F,
    Do.STOP_G: On.G,
    Do.STOP_H: On.H,
}
