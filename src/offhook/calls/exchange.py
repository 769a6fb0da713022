"""The exchange: what every verb of the calls domain shares, and the tables of what is alive.

It holds no behaviour of calls. Verbs are functions of other modules that take the exchange first; the only
indirection is `perform`, by which a program reaches the modules of `perform/` without importing them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from offhook.calls.conversation import Conversation
from offhook.calls.leg import Leg
from offhook.calls.overload import Gate
from offhook.calls.owed import Owed
from offhook.calls.pace import Pace
from offhook.calls.ports import CallsPorts, CallsSettings
from offhook.calls.shelf import Shelf
from offhook.calls.timers import Timers
from offhook.calls.trace import Trace
from offhook.core.tasks import Tasks
from offhook.ipc import media
from offhook.ncco.effects import Effect, ListenKeys
from offhook.sip import commands

if TYPE_CHECKING:
    from offhook.calls.playbacks import Playback
    from offhook.calls.program import Program
    from offhook.calls.recordings import LiveRecording

Perform = Callable[["Program", Effect], None]


@dataclass(slots=True)
class Live:
    """Everything that is going on, by id."""

    legs: dict[str, Leg] = field(default_factory=dict)
    sessions: dict[str, Leg] = field(default_factory=dict)
    arriving: set[str] = field(default_factory=set)
    """Inbound sessions whose trunk and number are being looked up."""
    early: set[str] = field(default_factory=set)
    """Inbound sessions without a leg that are stored under their own name: their callers got our 100."""
    conversations: dict[str, Conversation] = field(default_factory=dict)
    rooms: dict[tuple[str, str], Conversation] = field(default_factory=dict)
    """Named conversations by application and name."""
    shelf: Shelf = field(default_factory=Shelf)
    """Music on hold that several legs hear."""
    listeners: dict[str, ListenKeys] = field(default_factory=dict)
    """Legs whose keys are webhooks one by one (asynchronous input, REST `input/dtmf`), and where those go."""
    playbacks: dict[str, "Playback"] = field(default_factory=dict)
    slots: dict[tuple[str, str], "Playback"] = field(default_factory=dict)
    """The `talk` and the `stream` of REST that play on a leg."""
    recordings: dict[str, "LiveRecording"] = field(default_factory=dict)


class Exchange:
    """The shared surroundings of all verbs."""

    def __init__(self, ports: CallsPorts, settings: CallsSettings, perform: Perform) -> None:
        self.ports = ports
        self.settings = settings
        self.perform = perform
        self.live = Live()
        self.tasks = Tasks()
        self.timers = Timers(ports.clock)
        self.trace = Trace(ports.clock, ports.journal)
        self.owed = Owed(ports.database, self.tasks)
        self.closing = False
        self.draining = False
        self.gate = Gate(settings.per_second, settings.per_account)
        self.pace = Pace(settings.dials_per_second, ports.clock, self.timers.at)

    @property
    def full(self) -> bool:
        """No further leg may begin: there are too many, or the database cannot be written.

        Calls that are being looked up count: they may all be let in.
        """
        if self.ports.database.ready() is not None:
            return True
        return len(self.live.legs) + len(self.live.arriving) >= self.settings.max_legs

    @property
    def too_full(self) -> str:
        """Why no further leg may begin, and what to do."""
        problem = self.ports.database.ready()
        if problem is not None:
            return f"no new calls while {problem}"
        return f"{self.settings.max_legs} legs are up; raise OFFHOOK_CALLS__MAX_LEGS or wait"

    def no_room(self, account_id: str) -> str | None:
        """Why no leg may be dialled now on behalf of another one of this account; counted as its wish."""
        if self.full:
            return self.too_full
        refusal = self.gate.of_account(self.now(), account_id)
        if refusal is None:
            return None
        self.gate.note(self.now(), refusal)
        return refusal.reason

    def now(self) -> int:
        return self.ports.clock.now()

    def wall(self) -> int:
        return self.ports.clock.wall()

    def sip(self, leg: Leg, command: commands.Command) -> None:
        """Send a SIP command on behalf of a leg."""
        self.trace.leg(leg, "sip.command", command)
        self.ports.sip.command(command)

    def media(self, leg: Leg, command: media.Command) -> None:
        """Send a media command on behalf of a leg."""
        self.trace.leg(leg, "media.command", command)
        self.ports.media.command(command)

    def new_conversation(self, account_id: str, application_id: str) -> Conversation:
        """An implicit conversation, alive but without a row yet."""
        conversation = Conversation(self.ports.ids.conversation(), account_id, application_id)
        self.live.conversations[conversation.conversation_id] = conversation
        return conversation

    def register(self, leg: Leg) -> None:
        """Make a leg findable by its id and its session, and a member of its conversation."""
        self.live.legs[leg.leg_id] = leg
        self.live.sessions[leg.signalling.session] = leg
        leg.conversation.add(leg.leg_id)
        if self.settings.mask_digits:
            self.trace.hide_digits(leg)

    def forget(self, leg: Leg) -> None:
        """The leg is over: nothing finds it any more."""
        self.live.legs.pop(leg.leg_id, None)
        self.live.listeners.pop(leg.leg_id, None)
        self.live.sessions.pop(leg.signalling.session, None)
        self.trace.over(leg)
