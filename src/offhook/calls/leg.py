"""A live leg: plain data, grouped by who cares about it.

The verbs are elsewhere: `lifecycle.py` moves the status, `legmedia.py` handles ports and SDP, `program.py`
runs the NCCO, `inbound.py` and `outbound.py` handle the signalling of either direction.
"""

from asyncio import Future, TimerHandle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from offhook.calls import states
from offhook.calls.conversation import Conversation
from offhook.calls.endpoints.plan import Elsewhere
from offhook.calls.hooks import LegHooks
from offhook.calls.pace import Turn
from offhook.sip.commands import Credentials
from offhook.storage.records import Application

if TYPE_CHECKING:
    from offhook.calls.program import Program

Json = Any


@dataclass(frozen=True, slots=True)
class Party:
    """Who is connected: fixed when the leg is made."""

    leg_id: str
    application: Application
    direction: str
    """`inbound` or `outbound`."""
    to: dict[str, Json]
    """Endpoint objects as REST shows them."""
    from_: dict[str, Json]
    kind: str
    """`phone` or `sip`: `endpoint_type` of the answer webhook."""
    client_ref: str | None = None
    """Goes with `started` of a call whose creator was not told its ids."""

    @property
    def account_id(self) -> str:
        return self.application.account_id

    @property
    def platform_number(self) -> str | None:
        """Our own number in this call: the one that was dialled, or the one that was shown."""
        ours = self.to if self.direction == "inbound" else self.from_
        number = ours.get("number")
        return number if isinstance(number, str) else None

    @property
    def application_id(self) -> str:
        return self.application.application_id


@dataclass(slots=True)
class Signalling:
    """The SIP side."""

    session: str
    offer: bytes = b""
    """The peer's offer of an inbound call, until it is answered."""
    headers: tuple[tuple[str, str], ...] = ()
    hops: int = 70
    """Max-Forwards that is left for legs made on behalf of this one (RFC 3261 §16.6)."""
    accepted: bool = False
    """A 2xx was sent or received."""
    quiet: bool = False
    """The stack has no session to end: not dialled yet, ended or failed."""
    trunk_id: str | None = None
    """The trunk that was dialled, or that the call came over, kept for a restart."""
    credentials: Credentials | None = None
    """What answers the challenges of the trunk that an inbound call came over."""
    elsewhere: Elsewhere | None = None
    """Another way to the same endpoint, for when the peer cannot take the call."""


@dataclass(slots=True)
class LegMedia:
    """The audio side."""

    reservation: Any = None
    sdp_id: int = 0
    local: bytes = b""
    """Our last SDP."""
    offered: bool = False
    """`local` is an offer that waits for its answer."""
    lost: bool = False
    """Its media worker died: whatever ends the leg from now on, that is the cause."""
    opened: bool = False
    joined: bool = False
    muted: bool = False
    earmuffed: bool = False


@dataclass(slots=True)
class Times:
    """UTC microseconds."""

    created_at: int
    answered_at: int | None = None
    ended_at: int | None = None


@dataclass(slots=True)
class Limits:
    """Seconds, and the timers that hold them."""

    ring_s: float = 60.0
    talk_s: float = 7200.0
    ring: TimerHandle | None = None
    talk: TimerHandle | None = None
    turn: Turn | None = None
    """Its place among those that wait to be dialled."""

    def cancel(self) -> None:
        for timer in (self.ring, self.talk, self.turn):
            if timer is not None:
                timer.cancel()


class Watcher(Protocol):
    """Whoever asked for an outbound leg and acts on what becomes of it."""

    def ringing(self, leg: "Leg", body: bytes) -> None: ...

    def answered(self, leg: "Leg") -> None: ...

    def over(self, leg: "Leg") -> None: ...


@dataclass(slots=True)
class Leg:
    """One connection into or out of the platform."""

    party: Party
    conversation: Conversation
    signalling: Signalling
    hooks: LegHooks
    times: Times
    status: str = states.NEW
    cause: states.Cause | None = None
    """Set once the leg is over."""
    media: LegMedia = field(default_factory=LegMedia)
    limits: Limits = field(default_factory=Limits)
    program: "Program | None" = None
    watcher: Watcher | None = None
    reply: "Future[Json | None] | None" = None
    """The application's reply to a failure event that may carry an NCCO."""

    @property
    def leg_id(self) -> str:
        return self.party.leg_id

    @property
    def over(self) -> bool:
        return self.cause is not None

    @property
    def answered(self) -> bool:
        return self.times.answered_at is not None

    @property
    def order_key(self) -> str:
        """Webhooks of one leg go out one after another under this key."""
        return f"leg:{self.party.leg_id}"
