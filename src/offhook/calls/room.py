"""A named conversation: who is in, whether it has begun, and who does not hear whom. Pure; `rooms.py` acts.

Whoever enters decides each pair with the legs that are in already: it hears those that its `canHear` allows,
and is heard by those that its `canSpeak` allows. Lists of earlier legs are not applied to later ones
(docs/specs/calls.md, "Named conversations").
"""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from offhook.ncco.effects import EnterConversation

if TYPE_CHECKING:
    from offhook.calls.playbacks import Playback

NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class Member:
    """One leg that is in, and what it asked for."""

    wish: EnterConversation
    music: "Playback | None" = None
    """What it hears while it waits."""


@dataclass(slots=True)
class Room:
    """The state of a named conversation while legs are in."""

    name: str
    members: dict[str, Member] = field(default_factory=dict)
    """By leg id, in the order in which they entered."""
    started: bool = False
    """A leg with startOnEnter has entered; from then on it goes on until the last one leaves."""
    recorded: bool = False
    """Its one recording has begun."""
    deaf: dict[str, set[str]] = field(default_factory=dict)
    """Leg → the legs it does not hear."""

    def enter(self, leg_id: str, wish: EnterConversation) -> list[str]:
        """Take a leg in; gives the legs whose hearing changed, itself among them."""
        changed = [leg_id] if self._decide(leg_id, self._outside(wish.can_hear)) else []
        for other in self._outside(wish.can_speak):
            self.deaf.setdefault(other, set()).add(leg_id)
            changed.append(other)
        self.members[leg_id] = Member(wish)
        self.started = self.started or wish.start_on_enter
        return changed

    def leave(self, leg_id: str) -> list[str]:
        """Let a leg go; gives the legs whose hearing changed, itself among them."""
        self.members.pop(leg_id, None)
        changed = [leg_id] if self.deaf.pop(leg_id, None) else []
        for other, unheard in list(self.deaf.items()):
            if leg_id in unheard:
                unheard.discard(leg_id)
                changed.append(other)
                if not unheard:
                    del self.deaf[other]
        return changed

    def unheard(self, leg_id: str) -> Set[str]:
        """The legs that this one does not hear."""
        return self.deaf.get(leg_id, NOBODY)

    @property
    def recorder(self) -> str | None:
        """The leg whose wish the recording follows: the first that asked for one."""
        return next((leg for leg, member in self.members.items() if member.wish.recording is not None), None)

    def _decide(self, leg_id: str, unheard: list[str]) -> bool:
        if unheard:
            self.deaf[leg_id] = set(unheard)
        return bool(unheard)

    def _outside(self, allowed: tuple[str, ...] | None) -> list[str]:
        """Who is in and not on the list."""
        return [] if allowed is None else [leg for leg in self.members if leg not in allowed]
