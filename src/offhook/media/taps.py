"""Voices that not everybody in a conversation of several workers hears. Pure; part of `plan.py`.

A link between two workers carries one mixture, out of which no voice can be taken again. So a leg that
somebody on another worker does not hear is left out of the links of its conversation and travels alone: by a
*tap*, a link that carries its voice to each other worker, where it stands for the leg.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from offhook.ipc.media import CloseLink, OpenLink, OpenTap, SetHearing

Command = OpenLink | CloseLink | OpenTap | SetHearing
Sends = list[tuple[str, Command]]
"""(worker, command) in order."""
Deaf = Mapping[str, Collection[str]]
"""Leg → the legs it does not hear."""


@dataclass(frozen=True, slots=True)
class Tap:
    """Both ends of one tap."""

    origin: str
    near: str
    """The link's id at the leg's worker."""
    far: str


@dataclass(slots=True)
class Taps:
    """The taps of one conversation."""

    open: dict[tuple[str, str], Tap] = field(default_factory=dict)
    """By leg and by the worker that hears it."""
    _told: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Link → the legs it was told to leave out."""

    def settle(
        self,
        conversation: str,
        members: Mapping[str, str],
        links: Mapping[str, str],
        parts: Collection[str],
        deaf: Deaf,
        address: Callable[[], str],
    ) -> Sends:
        """Open and close what has become necessary or needless.

        `members`: leg → worker. `links`: link id → the worker it is at. `address()` gives a new socket name.
        """
        alone = _alone(members, deaf)
        sends: Sends = self._leave_out(links, alone)
        wanted = {(leg, other) for leg in alone for other in parts if other != members[leg]}
        for leg, other in [key for key in self.open if key not in wanted]:
            tap = self.open.pop((leg, other))
            sends += [(tap.origin, CloseLink(tap.near)), (other, CloseLink(tap.far))]
        for leg, other in sorted(wanted - self.open.keys()):
            path = address()
            name = path.rpartition("/")[2]
            near, far = f"{path}.a", f"{path}.b"
            tap = self.open[leg, other] = Tap(members[leg], f"{name}.a", f"{name}.b")
            sends += [
                (other, OpenLink(tap.far, conversation, far, near, stands_for=leg)),
                (tap.origin, OpenTap(tap.near, leg, near, far)),
            ]
        return sends

    def links_of(self, worker: str) -> set[str]:
        """Ids of the ends that are open at a worker."""
        near = {tap.near for tap in self.open.values() if tap.origin == worker}
        return near | {tap.far for (_, other), tap in self.open.items() if other == worker}

    def _leave_out(self, links: Mapping[str, str], alone: tuple[str, ...]) -> Sends:
        """Tell every link between the workers which legs travel alone."""
        before = self._told
        self._told = dict.fromkeys(links, alone)
        return [
            (worker, SetHearing(link, list(alone)))
            for link, worker in links.items()
            if before.get(link, ()) != alone
        ]


def _alone(members: Mapping[str, str], deaf: Deaf) -> tuple[str, ...]:
    """The legs that somebody on another worker does not hear."""
    return tuple(
        sorted(
            {
                unheard
                for leg, worker in members.items()
                for unheard in deaf.get(leg, ())
                if members.get(unheard, worker) != worker
            }
        )
    )
