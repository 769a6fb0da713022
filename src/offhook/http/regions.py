"""Regions: which of them a request's host name stands for, and whether this node is one of them.

A call lives in one region, and a request about it that goes to the host of another one gets 404. A node
without a region, the usual case, is all of them. The first label of a host name decides, in whatever domain:
clients and proxies put their own behind it. See docs/specs/http.md, "Regions".
"""

from dataclasses import dataclass
from typing import Literal, get_args

Name = Literal["na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia"]
NAMES: tuple[str, ...] = get_args(Name)
AMERICA, EUROPE, PACIFIC = NAMES[:2], NAMES[2:4], NAMES[4:]
LABELS: dict[str, tuple[str, ...]] = {
    "api-us-1": AMERICA,
    "api-us-2": AMERICA,
    "api-us-3": ("na-east",),
    "api-us-4": ("na-west",),
    "api-eu-1": EUROPE,
    "api-eu-2": EUROPE,
    "api-eu-3": ("eu-west",),
    "api-eu-4": ("eu-east",),
    "api-sg-1": ("apac-sng",),
    "api-ap-3": ("apac-sng",),
    "api-ap-4": ("apac-australia",),
    "api-us": AMERICA,
    "api-eu": EUROPE,
    "api-ap": PACIFIC,
}
"""The older names are known by their city only, which is in the one or the other region of a continent."""


@dataclass(frozen=True, slots=True)
class Region:
    """What this node is."""

    name: str = ""
    """One of `NAMES`; empty is all of them."""
    hosts: frozenset[str] = frozenset()
    """Host names of this node, in lower case; no label in them counts."""

    def serves(self, host: str) -> bool:
        """Whether a request with this Host header (a port may follow) is for this node."""
        if not self.name:
            return True
        bare = host.strip().lower().rsplit(":", 1)[0] if not host.endswith("]") else host.lower()
        if bare.rstrip(".") in self.hosts:
            return True
        regions = LABELS.get(bare.partition(".")[0])
        return regions is None or self.name in regions
