"""One connection as a state machine: what may happen to it, and what is done then.

Pure: it has no socket and no clock. Inputs are the methods; each gives the acts to be done, in order. The
table is printed with its reasons in docs/specs/sip-transport.md; where that page and the table disagree,
the page is right. Messages are cut by `sip.framing` (RFC 3261 §18.3); pings RFC 5626 §3.5.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from offhook.core.errors import RemoteProtocolError
from offhook.sip.framing import Keepalive, StreamFramer


class State(StrEnum):
    """Where a connection stands."""

    DIALLING = "dialling"
    FRESH = "fresh"
    """Accepted, and no whole message has come yet."""
    IDLE = "idle"
    """Between messages."""
    PARTIAL = "partial"
    """In the middle of a message."""
    CLOSED = "closed"


class On(StrEnum):
    """What can happen."""

    CONNECTED = "connected"
    MESSAGE = "message"
    PART = "part of a message"
    PING = "ping"
    GARBAGE = "garbage"
    LOST = "lost"
    SEND = "send"
    OVERFLOW = "backlog full"
    SHUT = "shut"
    DIAL_LIMIT = "dial limit"
    FIRST_LIMIT = "first limit"
    MESSAGE_LIMIT = "message limit"
    IDLE_LIMIT = "idle limit"


class Do(StrEnum):
    """What a row makes the pool do, in the order written."""

    FLUSH = "flush"
    QUEUE = "queue"
    WRITE = "write"
    PONG = "pong"
    DELIVER = "deliver"
    CLOSE = "close"
    ABORT = "abort"
    TELL_FAILED = "tell failed"
    TELL_GONE = "tell gone"
    START_DIAL = "start dial"
    START_FIRST = "start first"
    START_MESSAGE = "start message"
    START_IDLE = "start idle"
    STOP = "stop limit"
    """Of the limits only one runs at a time."""


class Row(NamedTuple):
    """Where a pair (state, input) leads, and what is done on the way."""

    next: State
    do: tuple[Do, ...] = ()


_GONE = Row(State.CLOSED, (Do.STOP, Do.ABORT, Do.TELL_GONE))
_DROPPED = Row(State.CLOSED, (Do.STOP, Do.ABORT))
_ENDED = Row(State.CLOSED, (Do.STOP, Do.TELL_GONE))
_NEVER = Row(State.CLOSED, (Do.STOP, Do.ABORT, Do.TELL_FAILED))

TABLE: Mapping[tuple[State, On], Row] = {
    (State.DIALLING, On.CONNECTED): Row(State.IDLE, (Do.FLUSH, Do.START_IDLE)),
    (State.DIALLING, On.SEND): Row(State.DIALLING, (Do.QUEUE,)),
    (State.DIALLING, On.LOST): Row(State.CLOSED, (Do.STOP, Do.TELL_FAILED)),
    (State.DIALLING, On.DIAL_LIMIT): _NEVER,
    (State.DIALLING, On.OVERFLOW): _NEVER,
    (State.DIALLING, On.SHUT): _DROPPED,
    (State.FRESH, On.MESSAGE): Row(State.IDLE, (Do.DELIVER, Do.START_IDLE)),
    (State.FRESH, On.PART): Row(State.FRESH),
    (State.FRESH, On.PING): Row(State.FRESH, (Do.PONG,)),
    (State.FRESH, On.SEND): Row(State.FRESH, (Do.WRITE,)),
    (State.FRESH, On.GARBAGE): _DROPPED,
    (State.FRESH, On.LOST): Row(State.CLOSED, (Do.STOP,)),
    (State.FRESH, On.OVERFLOW): _DROPPED,
    (State.FRESH, On.FIRST_LIMIT): _DROPPED,
    (State.FRESH, On.SHUT): _DROPPED,
    (State.IDLE, On.MESSAGE): Row(State.IDLE, (Do.DELIVER, Do.START_IDLE)),
    (State.IDLE, On.PART): Row(State.PARTIAL, (Do.START_MESSAGE,)),
    (State.IDLE, On.PING): Row(State.IDLE, (Do.PONG, Do.START_IDLE)),
    (State.IDLE, On.SEND): Row(State.IDLE, (Do.WRITE, Do.START_IDLE)),
    (State.IDLE, On.GARBAGE): _GONE,
    (State.IDLE, On.LOST): _ENDED,
    (State.IDLE, On.OVERFLOW): _GONE,
    (State.IDLE, On.IDLE_LIMIT): Row(State.CLOSED, (Do.CLOSE, Do.TELL_GONE)),
    (State.IDLE, On.SHUT): Row(State.CLOSED, (Do.STOP, Do.CLOSE)),
    (State.PARTIAL, On.MESSAGE): Row(State.IDLE, (Do.DELIVER, Do.START_IDLE)),
    (State.PARTIAL, On.PART): Row(State.PARTIAL),
    (State.PARTIAL, On.SEND): Row(State.PARTIAL, (Do.WRITE,)),
    (State.PARTIAL, On.GARBAGE): _GONE,
    (State.PARTIAL, On.LOST): _ENDED,
    (State.PARTIAL, On.OVERFLOW): _GONE,
    (State.PARTIAL, On.MESSAGE_LIMIT): _GONE,
    (State.PARTIAL, On.SHUT): Row(State.CLOSED, (Do.STOP, Do.CLOSE)),
}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to be done: the word of the table and, for words that carry bytes, those."""

    do: Do
    data: bytes = b""


class Connection:
    """The state of one connection, and what waits until it stands."""

    def __init__(self, *, dialled: bool, backlog: int) -> None:
        self.state = State.DIALLING if dialled else State.FRESH
        self._backlog = backlog
        self._framer = StreamFramer()
        self._queue: list[bytes] = []
        self._queued = 0

    def begin(self) -> list[Act]:
        """The first acts: the limit that runs from the start."""
        return [Act(Do.START_DIAL if self.state is State.DIALLING else Do.START_FIRST)]

    def connected(self) -> list[Act]:
        """The peer has answered our dial; one that was given up meanwhile is closed."""
        return [Act(Do.ABORT)] if self.state is State.CLOSED else self._take(On.CONNECTED)

    def received(self, data: bytes) -> list[Act]:
        """Bytes have come. What follows the end of the connection in them is dropped."""
        if self.state is State.CLOSED:
            return []
        try:
            found = self._framer.feed(data)
        except RemoteProtocolError:
            return self._take(On.GARBAGE)
        acts: list[Act] = []
        for item in found:
            acts += self._take(On.PING) if isinstance(item, Keepalive) else self._take(On.MESSAGE, item)
        if self._framer.broken:
            return acts + self._take(On.GARBAGE)
        return acts + self._take(On.PART) if self._framer.partial else acts

    def send(self, data: bytes, waiting: int) -> list[Act]:
        """A message of ours, while `waiting` bytes have not left yet."""
        if max(waiting, self._queued) + len(data) > self._backlog:
            return self._take(On.OVERFLOW)
        return self._take(On.SEND, data)

    def happen(self, on: On) -> list[Act]:
        """Anything that carries no bytes: it is lost, shut, or a limit has passed."""
        return self._take(on)

    def _take(self, on: On, data: bytes = b"") -> list[Act]:
        row = TABLE.get((self.state, on))
        if row is None:
            return []
        self.state = row.next
        acts: list[Act] = []
        for do in row.do:
            if do is Do.QUEUE:
                self._queue.append(data)
                self._queued += len(data)
            elif do is Do.FLUSH:
                acts += [Act(Do.WRITE, each) for each in self._queue]
                self._queue.clear()
                self._queued = 0
            else:
                acts.append(Act(do, data if do in (Do.WRITE, Do.DELIVER) else b""))
        return acts
