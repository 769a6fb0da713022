"""Which id of control's is which integer of the engine's. Plain data; every verb module works on it."""

from dataclasses import dataclass, field
from itertools import count

from offhook.media.engine import LegSettings

REMEMBERED = 4_096
"""Ids of things that have ended, kept so that a command that comes twice does not start them again."""


@dataclass(slots=True)
class Leg:
    """A leg and its row."""

    leg: str
    row: int
    settings: LegSettings
    remote: tuple[str, int] | None
    conversation: str | None = None
    idle_told: int = 0
    """Seconds of silence that were reported, 0 while packets arrive."""
    idle_from: int = 0
    """Milliseconds of silence that do not count, because the leg was on hold."""


@dataclass(slots=True)
class Link:
    link: str
    row: int
    conversation: str | None
    stands_for: str | None = None


@dataclass(slots=True)
class Running:
    """A playback or a recording: the id, and the conversation it holds if that is its target."""

    ident: str
    conversation: str | None


class Conversations:
    """Numbers for conversation ids; one lives as long as something holds it."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._holders: dict[str, int] = {}
        self._next = count(1)

    def hold(self, conversation: str) -> int:
        """The number, held once more."""
        self._holders[conversation] = self._holders.get(conversation, 0) + 1
        return self._numbers.setdefault(conversation, next(self._next))

    def release(self, conversation: str | None) -> None:
        if conversation is None or conversation not in self._holders:
            return
        self._holders[conversation] -= 1
        if self._holders[conversation] == 0:
            del self._holders[conversation], self._numbers[conversation]

    def __len__(self) -> int:
        return len(self._numbers)


class Ended:
    """The last ids that ended, oldest first out."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._ids: dict[str, None] = {}
        self._size = size

    def add(self, ident: str) -> None:
        self._ids[ident] = None
        if len(self._ids) > self._size:
            del self._ids[next(iter(self._ids))]

    def __contains__(self, ident: str) -> bool:
        return ident in self._ids


@dataclass(slots=True)
class Table:
    """Everything that is open."""

    conversations: Conversations = field(default_factory=Conversations)
    ended: Ended = field(default_factory=Ended)
    legs: dict[str, Leg] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    deaf: dict[str, list[str]] = field(default_factory=dict)
    """Leg or link → the legs it does not hear, those that are not here included."""
    standing: dict[str, int] = field(default_factory=dict)
    """Leg of another worker → the row of the link that stands for it here."""
    players: dict[int, Running] = field(default_factory=dict)
    recorders: dict[int, Running] = field(default_factory=dict)
    rows: dict[int, Leg] = field(default_factory=dict)
    sequences: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Engine number → (sequence id, leg id)."""

    def row_of(self, leg: str | None) -> int | None:
        """The row of a leg, None when there is no such leg here."""
        found = self.legs.get(leg) if leg is not None else None
        return None if found is None else found.row

    def voice_of(self, leg: str) -> int | None:
        """The row on which a leg is heard here: its own, or that of the link that stands for it."""
        return self.standing.get(leg) if leg not in self.legs else self.legs[leg].row

    def ears_of(self, ident: str) -> int | None:
        """The row of a leg or a link."""
        link = self.links.get(ident)
        return self.row_of(ident) if link is None else link.row

    def number_of(self, running: dict[int, Running], ident: str) -> int | None:
        """The engine's number of a playback or recording."""
        return next((number for number, entry in running.items() if entry.ident == ident), None)

    def describe(self) -> dict[str, list[str]]:
        """Kind → ids, for a control that connects."""
        return {
            "leg": list(self.legs),
            "link": list(self.links),
            "playback": [entry.ident for entry in self.players.values()],
            "recording": [entry.ident for entry in self.recorders.values()],
        }
