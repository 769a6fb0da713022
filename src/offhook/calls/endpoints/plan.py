"""What every endpoint type gives: a plan to dial, or the reason why there is none."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from offhook.sip.commands import Credentials, HeaderList
from offhook.sip.flow import Flow

Json = Any
Elsewhere = Callable[[], Awaitable["DialPlan | Unroutable"]]


@dataclass(frozen=True, slots=True)
class DialPlan:
    """Everything an INVITE needs."""

    uri: str
    from_uri: str
    destination: Flow
    headers: HeaderList = ()
    credentials: Credentials | None = None
    elsewhere: Elsewhere | None = None
    """Another way to the same endpoint, for when the peer cannot take the call; None when there is none."""
    trunk_id: str | None = None
    """The trunk whose credentials these are."""


@dataclass(frozen=True, slots=True)
class Unroutable:
    """The endpoint cannot be dialled: the leg fails with `cannot_route`, and the application is told why."""

    reason: str
    rule: str = "no-route"
