"""What the SIP stack tells the application. Each names its session.

For one session the order is fixed: an inbound one is `InviteReceived`, then at most one of `Confirmed` and
`Ended`; an outbound one is any number of `Ringing`, then `Answered` or `Failed`; a confirmed one of either
kind may see re-offers and always finishes with exactly one `Ended`. After `Failed` or `Ended` the session
id is never used again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from offhook.sip.commands import HeaderList
from offhook.sip.flow import Flow


@dataclass(frozen=True, slots=True)
class DigestOffered:
    """The credentials a peer sent with its INVITE. The nonce has been checked already."""

    username: str
    realm: str
    stale: bool
    """True when the nonce is too old or unknown: challenge again, whatever the password."""
    matches: Callable[[str], bool]
    """Whether the response was made with this password; compares in constant time."""


@dataclass(frozen=True, slots=True)
class InviteReceived:
    """A new inbound call. The stack has sent nothing yet but a 100 after 200 ms of silence."""

    session: str
    call_id: str
    request_uri: str
    """As received, e.g. `sip:442079460000@127.0.0.1:5060;user=phone`."""
    user: str
    """The user part of the Request-URI, unescaped, without parameters; empty when there is none."""
    from_uri: str
    from_user: str
    from_display: str
    to_uri: str
    headers: HeaderList
    """All headers with their names as received, in order: `X-…` and `User-to-User` are taken from here."""
    offer: bytes
    """The SDP offer; empty when the peer wants ours in the 200 (RFC 3261 §13.2.1)."""
    flow: Flow
    digest: DigestOffered | None
    max_forwards: int


@dataclass(frozen=True, slots=True)
class Ringing:
    """A provisional response above 100 to our INVITE."""

    session: str
    status: int
    reason: str
    body: bytes
    """SDP of early media, or empty."""
    to_tag: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A 2xx to our INVITE; the ACK has been sent."""

    session: str
    body: bytes
    headers: HeaderList


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK to our 200 arrived. `body` is the SDP answer when the 200 carried the offer."""

    session: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """Our INVITE ended without an answer.

    `status` is the final status received, or ours: 408 no response, 503 transport failed,
    487 we cancelled it. `local` is true when no peer said so.
    """

    session: str
    status: int
    reason: str
    headers: HeaderList
    local: bool


@dataclass(frozen=True, slots=True)
class ReofferReceived:
    """The peer sent a re-INVITE; answer with `AnswerReoffer` or `RejectReoffer`."""

    session: str
    offer: bytes


@dataclass(frozen=True, slots=True)
class ReofferAnswered:
    """Our re-INVITE was accepted."""

    session: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ReofferFailed:
    """Our re-INVITE was refused; the session stays as it was (RFC 3261 §14.1)."""

    session: str
    status: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over.

    `by` is `remote` (BYE or CANCEL from the peer), `local` (we hung up) or `failure` (no ACK, a lost
    dialog, a transport error). `cancelled` is true when an inbound call ended before it was answered.
    """

    session: str
    by: str
    cancelled: bool
    reason: str
    headers: HeaderList


Event = (
    InviteReceived
    | Ringing
    | Answered
    | Confirmed
    | Failed
    | ReofferReceived
    | ReofferAnswered
    | ReofferFailed
    | Ended
)
