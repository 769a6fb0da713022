"""A session as plain data: one INVITE usage (RFC 3261 §13), from the first INVITE until nothing is owed.

Only data and lookups. What happens to it is in `table` (which verb, which phase comes next) and in one
module per verb.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from offhook.sip.commands import Credentials
from offhook.sip.dialog import Dialog
from offhook.sip.flow import Flow
from offhook.sip.session.table import Phase


class Role(StrEnum):
    """Who sent the first INVITE."""

    CALLER = "caller"
    CALLEE = "callee"


class Offer(StrEnum):
    """Where a later offer stands (RFC 3261 §14, RFC 3264)."""

    IDLE = "idle"
    SENT = "sent"
    CANCELLED = "cancelled"
    """Sent, and taken back because no final response came."""
    WAITING = "waiting"
    """Refused with 491; sent again when the timer fires."""
    RECEIVED = "received"


@dataclass(slots=True)
class Invite:
    """The INVITE that began the session."""

    key: str
    """Its transaction."""
    request: bytes
    """As sent, or as received with its Via stamped."""
    cseq: int
    call_id: str
    local_tag: str
    offered: bool = True
    """Whether it held an offer; if not, the offer is in the 2xx and the answer in the ACK."""
    status: int = 0
    """Callee: the last provisional status above 100, sent again every minute (§13.3.1.1)."""


@dataclass(slots=True)
class Repeat:
    """A 2xx of ours that goes out again until its ACK comes (§13.3.1.4)."""

    response: bytes
    flow: Flow
    interval: int
    deadline: int
    offered: bool
    """The INVITE held an offer, so nothing of interest is in the ACK."""
    reopen: Flow | None = None
    """Where it goes when the connection that brought the INVITE is gone (§18.2.2)."""


@dataclass(slots=True)
class Ack:
    """An ACK to a 2xx; every repeated 2xx gets the same bytes."""

    data: bytes
    flow: Flow


@dataclass(slots=True)
class Exchange:
    """An offer after the first: our re-INVITE or the peer's re-INVITE or UPDATE."""

    state: Offer = Offer.IDLE
    key: str = ""
    request: bytes = b""
    offer: bytes = b""
    """Ours, kept for the second attempt after a 491."""
    glared: bool = False
    """A 491 has been waited out already: there is one second attempt, not more (§14.1)."""


@dataclass(slots=True)
class AuthStep:
    """One thing that happened to the authenticator of a session."""

    kind: str
    """`answer`, `authorize` or `learn`."""
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    method: str = ""
    uri: str = ""


@dataclass(slots=True)
class Auth:
    """What is needed to answer challenges: the credentials and what has happened with them so far."""

    credentials: Credentials | None = None
    steps: list[AuthStep] = field(default_factory=list)


@dataclass(slots=True)
class Session:
    """Everything a session remembers."""

    id: str
    role: Role
    phase: Phase
    flow: Flow
    invite: Invite
    dialogs: list[Dialog] = field(default_factory=list)
    """Early ones by fork; the first is the confirmed one once there is one."""
    acks: dict[str, Ack] = field(default_factory=dict)
    """By INVITE transaction and remote tag."""
    repeats: dict[int, Repeat] = field(default_factory=dict)
    """By CSeq number."""
    exchange: Exchange = field(default_factory=Exchange)
    auth: Auth = field(default_factory=Auth)
    transactions: list[str] = field(default_factory=list)
    """The ones that have not ended: an ended session stays until the list is empty."""
    reason: str | None = None
    """The Reason for a BYE or CANCEL that cannot be sent yet."""

    def dialog(self, remote_tag: str) -> Dialog | None:
        """The dialog with this remote tag."""
        return next((each for each in self.dialogs if each.remote_tag == remote_tag), None)


def dialog_key(call_id: str, local_tag: str) -> str:
    """How an in-dialog request finds its session; the remote tag is compared there."""
    return f"{local_tag} {call_id}"
