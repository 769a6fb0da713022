"""What the application asks of the SIP stack. Each names a session by its id.

A session is one INVITE usage (RFC 3261 §13): the id of an outbound one is chosen by whoever dials, the id
of an inbound one comes with `InviteReceived`. Commands never fail loudly on a session that has just ended:
they answer with nothing, because the end has been reported already.
"""

from dataclasses import dataclass

from offhook.sip.flow import Flow

HeaderList = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """User name and password for digest authentication towards a peer (RFC 7616, RFC 8760)."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, …)"


@dataclass(frozen=True, slots=True)
class Dial:
    """Send an INVITE with an SDP offer."""

    session: str
    uri: str
    """The Request-URI, also used in To unless `to_uri` is given."""
    from_uri: str
    offer: bytes
    destination: Flow
    """Where to send it: the address is resolved already."""
    from_display: str | None = None
    to_uri: str | None = None
    headers: HeaderList = ()
    """Extra headers, e.g. `X-…` or `User-to-User`. Checked: no CR, LF or control character passes."""
    credentials: Credentials | None = None
    max_forwards: int = 70
    ring_seconds: float = 120.0
    """A safety limit: the call is given up this long after it was sent when no final response came."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Send a provisional response (default 180) on an inbound session."""

    session: str
    status: int = 180
    body: bytes = b""
    headers: HeaderList = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Send the 200 to an inbound INVITE, with the SDP answer (or the offer, when the INVITE had none)."""

    session: str
    body: bytes
    headers: HeaderList = ()
    credentials: Credentials | None = None
    """For when the peer challenges a request of ours inside the call."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Send a final 3xx–6xx to an inbound INVITE."""

    session: str
    status: int
    reason: str | None = None
    headers: HeaderList = ()


@dataclass(frozen=True, slots=True)
class TurnAway:
    """Refuse an INVITE that nobody has looked at, at no cost: nothing of it is kept and no event follows."""

    session: str
    status: int = 503
    headers: HeaderList = ()


@dataclass(frozen=True, slots=True)
class Challenge:
    """Answer an inbound INVITE with 401 and a digest challenge for `realm`; the retry is a new session."""

    session: str
    realm: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End a session whatever its state: CANCEL, BYE, a final response, or BYE once the ACK has come."""

    session: str
    reason: str | None = None
    """A ready-made Reason header value, e.g. `Q.850;cause=16;text="normal clearing"` (RFC 3326)."""
    status: int = 603
    """The status for an inbound session that has not been answered."""


@dataclass(frozen=True, slots=True)
class Reoffer:
    """Send a re-INVITE with a new SDP offer on a confirmed session."""

    session: str
    offer: bytes


@dataclass(frozen=True, slots=True)
class AnswerReoffer:
    """Accept the peer's re-INVITE with an SDP answer (or an offer, when theirs had none)."""

    session: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RejectReoffer:
    """Refuse the peer's re-INVITE; the session stays as it was."""

    session: str
    status: int = 488


Command = (
    Dial | Ring | Answer | Reject | TurnAway | Challenge | HangUp | Reoffer | AnswerReoffer | RejectReoffer
)
