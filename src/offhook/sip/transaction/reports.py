"""What the transaction layer tells its user, beside outputs for the wire and for the timers."""

from dataclasses import dataclass

from offhook.sip.flow import Flow
from offhook.sip.machine import Output
from offhook.sip.message import Request, Response


@dataclass(frozen=True, slots=True)
class Arrived:
    """A request that began a server transaction."""

    key: str
    request: Request
    flow: Flow
    tag: str
    """The To tag that every response above 100 will carry when the request has none."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that gets a stateless answer and no transaction."""

    request: Request
    status: int
    reply_to: Flow


@dataclass(frozen=True, slots=True)
class Acked:
    """An ACK to a 2xx (or to nothing we know)."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Replied:
    """A response to a request of ours."""

    key: str
    owner: str
    purpose: str
    response: Response
    flow: Flow
    sent: bytes
    """Our request."""


@dataclass(frozen=True, slots=True)
class Over:
    """A transaction has ended and is forgotten. `failure` is `timeout`, `transport` or empty."""

    key: str
    owner: str
    purpose: str
    failure: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A request of ours goes another way now: over UDP, because nobody takes connections (§18.1.1)."""

    key: str
    owner: str


Report = Arrived | Refused | Acked | Replied | Over | Moved
Item = Output | Report
