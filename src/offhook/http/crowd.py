"""How many connections clients may hold, and who makes room when there are too many.

Pure bookkeeping: connections are anything with an `idle` look and a `leave`. A newcomer is always let in
while somebody can be asked to go: the connection that has waited longest without a whole request, of the same
source when that source has its share, else of anybody. A client that opens a thousand connections and sends
slowly so takes the places of its own, and others are answered.
"""

import ipaddress
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limits:
    """Of all servers of a process together."""

    in_all: int = 2_000
    per_source: int = 200
    head_s: float = 10.0
    body_s: float = 30.0
    stalled_s: float = 60.0
    """A client that reads nothing of its answer for so long is gone."""


class Guest(Protocol):
    """A connection."""

    @property
    def waiting(self) -> bool:
        """Whether it has no request that is being answered."""
        ...

    def leave(self) -> None:
        """Close it, to make room."""
        ...


class Crowd:
    """Who is connected. A source is an IP address; loopback, where proxies are, has no share of its own."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._guests: dict[Guest, str] = {}
        """In the order in which they were last heard of."""
        self._sources: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, guest: Guest, host: str) -> str | None:
        """Let a connection in; else the reason why not, as a sentence."""
        if not _is_local(host) and self._sources.get(host, 0) >= self.limits.per_source:
            if not self._make_room(host):
                return (
                    f"{host} has {self.limits.per_source} connections with requests under way; use fewer, "
                    "or raise OFFHOOK_HTTP__CONNECTIONS_PER_SOURCE"
                )
        elif len(self._guests) >= self.limits.in_all and not self._make_room(None):
            return (
                f"{self.limits.in_all} connections have requests under way; try again, "
                "or raise OFFHOOK_HTTP__CONNECTIONS"
            )
        self._guests[guest] = host
        self._sources[host] = self._sources.get(host, 0) + 1
        return None

    def heard(self, guest: Guest) -> None:
        """A whole request came or was answered: it is the last to be asked to go."""
        host = self._guests.pop(guest, None)
        if host is not None:
            self._guests[guest] = host

    def gone(self, guest: Guest) -> None:
        """It is closed, or none of ours any more; may be told twice."""
        host = self._guests.pop(guest, None)
        if host is None:
            return
        self._sources[host] -= 1
        if not self._sources[host]:
            del self._sources[host]

    def _make_room(self, host: str | None) -> bool:
        for guest, source in self._guests.items():
            if guest.waiting and host in (None, source):
                self.gone(guest)
                guest.leave()
                return True
        return False


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True  # a Unix socket has no address
