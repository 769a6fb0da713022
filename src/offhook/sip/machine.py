"""Inputs and outputs of the SIP stack: the machine contract (`handle(now, input) -> list[Output]`)."""

from dataclasses import dataclass

from offhook.sip.commands import Command
from offhook.sip.events import Event
from offhook.sip.flow import Flow


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes of one whole message (a datagram, or what stream framing cut out)."""

    data: bytes
    flow: Flow


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The timer set under `key` is due."""

    key: str


@dataclass(frozen=True, slots=True)
class TransportFailed:
    """Nothing can be sent on `flow` any more (RFC 3261 §18.4)."""

    flow: Flow
    reason: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection of `flow` has ended after it had stood; what was sent on it may have arrived or not."""

    flow: Flow
    reason: str


@dataclass(frozen=True, slots=True)
class Send:
    """Put these bytes on the wire."""

    data: bytes
    flow: Flow


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Fire `key` at the monotonic instant `at` (ns). Setting a key again moves it."""

    key: str
    at: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """Forget the timer `key`; unknown keys are fine."""

    key: str


@dataclass(frozen=True, slots=True)
class Alias:
    """The peer at the far end of `flow` takes requests for `address` on this connection too (RFC 5923)."""

    flow: Flow
    address: Flow


Input = Received | TimerFired | TransportFailed | Disconnected | Command
Output = Send | SetTimer | CancelTimer | Alias | Event
