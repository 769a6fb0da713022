"""Where the parts of a conversation are, and which links join them. Pure: gives the commands to send.

One worker is the home of a conversation; every other worker with a leg of it has one link to the home, so
that the parts form a star and a frame passes at most two links. A worker's part is what its own mix holds.
Legs that not everybody hears travel beside the star (`taps.py`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from offhook.ipc.media import CloseLink, OpenLink
from offhook.media.taps import Sends, Taps


@dataclass(slots=True)
class Placement:
    """One conversation."""

    home: str
    members: dict[str, str] = field(default_factory=dict)
    """Leg → worker."""
    holders: dict[str, str] = field(default_factory=dict)
    """Playback or recording with the conversation as its target → the worker it runs on."""
    links: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Other worker → (link id at home, link id there)."""
    taps: Taps = field(default_factory=Taps)

    def parts(self) -> set[str]:
        """Workers that have a part."""
        return {self.home, *self.links}

    def ends(self) -> dict[str, str]:
        """Link id → the worker it is at."""
        here = {near: self.home for near, _ in self.links.values()}
        return here | {far: worker for worker, (_, far) in self.links.items()}


class Plan:
    """All conversations. `token()` names links; their sockets lie in `run_dir`."""

    def __init__(self, run_dir: str, token: Callable[[], str]) -> None:
        self._deaf: dict[str, frozenset[str]] = {}
        self._of_holder: dict[str, str] = {}
        self._of_leg: dict[str, str] = {}
        self._placements: dict[str, Placement] = {}
        self._run_dir = run_dir
        self._token = token

    def __len__(self) -> int:
        return len(self._placements)

    def home(self, conversation: str | None) -> str | None:
        """The worker that holds a conversation, if anything of it exists."""
        found = self._placements.get(conversation) if conversation is not None else None
        return None if found is None else found.home

    def links_of(self, worker: str) -> set[str]:
        """Link ids that should be open at a worker."""
        links: set[str] = set()
        for placement in self._placements.values():
            for other, (here, there) in placement.links.items():
                links |= {here} if placement.home == worker else {there} if other == worker else set()
            links |= placement.taps.links_of(worker)
        return links

    def join(self, leg: str, conversation: str, worker: str) -> Sends:
        """A leg of `worker` joins, leaving where it was; what to send besides its `Join`."""
        if self._of_leg.get(leg) == conversation:
            return []
        sends = self.leave(leg)
        placement = self._placements.setdefault(conversation, Placement(worker))
        placement.members[leg] = worker
        self._of_leg[leg] = conversation
        sends += self._connect(conversation, placement, worker)
        return sends + self._settle(conversation, placement)

    def hear(self, leg: str, deaf_to: Collection[str]) -> Sends:
        """The legs that a leg does not hear from now on."""
        self._deaf.pop(leg, None)
        if deaf_to:
            self._deaf[leg] = frozenset(deaf_to)
        conversation = self._of_leg.get(leg)
        return [] if conversation is None else self._settle(conversation, self._placements[conversation])

    def forget(self, leg: str) -> None:
        """A leg is closed, after it has left."""
        self._deaf.pop(leg, None)

    def leave(self, leg: str) -> Sends:
        """A leg leaves or is closed."""
        conversation = self._of_leg.pop(leg, None)
        if conversation is None:
            return []
        del self._placements[conversation].members[leg]
        return self._tidy(conversation)

    def hold(self, holder: str, conversation: str, preferred: str) -> str:
        """A playback or recording targets a conversation; gives the worker to run it on.

        That is `preferred` if it has a part, or if nobody has; otherwise the home.
        """
        placement = self._placements.setdefault(conversation, Placement(preferred))
        worker = preferred if preferred in placement.parts() else placement.home
        placement.holders[holder] = worker
        self._of_holder[holder] = conversation
        return worker

    def move(self, holder: str, conversation: str | None, worker: str) -> Sends:
        """A recording of `worker` targets another conversation, or none; what to send before it does."""
        before = self._of_holder.get(holder)
        if before == conversation:
            return []
        sends: Sends = []
        if conversation is not None:
            placement = self._placements.setdefault(conversation, Placement(worker))
            placement.holders[holder] = worker
            sends += self._connect(conversation, placement, worker)
            sends += self._settle(conversation, placement)
        sends += self.release(holder)
        if conversation is not None:
            self._of_holder[holder] = conversation
        return sends

    def release(self, holder: str) -> Sends:
        """A playback or recording ended."""
        conversation = self._of_holder.pop(holder, None)
        if conversation is None:
            return []
        del self._placements[conversation].holders[holder]
        return self._tidy(conversation)

    def lose(self, worker: str) -> Sends:
        """A worker is gone with all it had; conversations that had their home there move to another part."""
        sends: Sends = []
        for conversation, placement in list(self._placements.items()):
            for leg in [leg for leg, at in placement.members.items() if at == worker]:
                del placement.members[leg], self._of_leg[leg]
            for holder in [holder for holder, at in placement.holders.items() if at == worker]:
                del placement.holders[holder], self._of_holder[holder]
            if placement.home == worker:
                sends += self._rehome(conversation, placement)
            elif worker in placement.links:
                sends.append((placement.home, CloseLink(placement.links.pop(worker)[0])))
            sends += self._tidy(conversation)
        return sends

    def _rehome(self, conversation: str, placement: Placement) -> Sends:
        sends: Sends = [(worker, CloseLink(there)) for worker, (_, there) in placement.links.items()]
        placement.links.clear()
        remaining = [*placement.members.values(), *placement.holders.values()]
        if remaining:
            placement.home = max(dict.fromkeys(remaining), key=remaining.count)
            for worker in dict.fromkeys(remaining):
                sends += self._connect(conversation, placement, worker)
        return sends

    def _connect(self, conversation: str, placement: Placement, worker: str) -> Sends:
        if worker in placement.parts():
            return []
        name = self._token()
        near, far = f"{self._run_dir}/{name}.a", f"{self._run_dir}/{name}.b"
        placement.links[worker] = (f"{name}.a", f"{name}.b")
        return [
            (placement.home, OpenLink(f"{name}.a", conversation, near, far)),
            (worker, OpenLink(f"{name}.b", conversation, far, near)),
        ]

    def _settle(self, conversation: str, placement: Placement) -> Sends:
        """Let those travel alone that somebody on another worker does not hear."""
        return placement.taps.settle(
            conversation,
            placement.members,
            placement.ends(),
            sorted(placement.parts()),
            self._deaf,
            lambda: f"{self._run_dir}/{self._token()}",
        )

    def _tidy(self, conversation: str) -> Sends:
        """Close links that lead to nobody; forget a conversation that nothing holds."""
        placement = self._placements[conversation]
        live = {*placement.members.values(), *placement.holders.values()}
        sends: Sends = []
        for worker in [worker for worker in placement.links if worker not in live]:
            here, there = placement.links.pop(worker)
            sends += [(placement.home, CloseLink(here)), (worker, CloseLink(there))]
        sends += self._settle(conversation, placement)
        if not live:
            del self._placements[conversation]
        return sends
