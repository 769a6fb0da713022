"""A conversation: the legs that hear each other, in the order in which they joined.

Only the book-keeping; the mix is the media worker's (`legmedia.py` sends it there) and the row is
`storage/conversations`. An implicit conversation is made with the call and ends with its last leg; a named
one has a `room`, and `rooms.py` acts on it.
"""

from dataclasses import dataclass, field

from offhook.calls.room import Room


@dataclass(slots=True)
class Conversation:
    """One room. `legs` holds leg ids in joining order; a leg is in one conversation at a time."""

    conversation_id: str
    account_id: str
    application_id: str
    legs: list[str] = field(default_factory=list)
    recordings: set[str] = field(default_factory=set)
    """Recordings that run on it."""
    room: Room | None = None
    """Of a named conversation."""

    def add(self, leg_id: str) -> None:
        if leg_id not in self.legs:
            self.legs.append(leg_id)

    def remove(self, leg_id: str) -> bool:
        """Take a leg out; true when the conversation is empty now."""
        if leg_id in self.legs:
            self.legs.remove(leg_id)
        return not self.legs

    @property
    def target(self) -> str:
        """As the media worker names it."""
        return f"conversation:{self.conversation_id}"
