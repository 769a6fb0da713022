"""What a fuzz target is: inputs are bytes, so that each can be kept in a file and run again."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

Address = tuple[str, int]
SLOWEST_SECONDS = 2.0
"""An input that keeps us busy for longer is a finding: somebody could send many."""


class NeedsAddressError(Exception):
    """The target is a running server, and none was named."""


class BrokenRuleError(AssertionError):
    """A rule of the target was broken; the sentence says which."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """From the command line."""

    address: Address | None = None
    rtp_ports: Sequence[int] = ()


class Target(Protocol):
    """`check` raises anything when the input breaks a rule, and depends on nothing but the input."""

    def next(self, random: Random) -> bytes: ...

    def check(self, data: bytes) -> None: ...

    def failing(self, data: bytes) -> bytes:
        """What to keep when `check(data)` raised."""
        ...


def require(condition: bool, rule: str) -> None:
    """Raises BrokenRuleError with the rule when it does not hold."""
    if not condition:
        raise BrokenRuleError(rule)
