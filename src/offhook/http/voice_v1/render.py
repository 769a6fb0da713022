"""The call object as REST shows it: members of a finished call appear once it is over, money as text."""

from typing import Any

from offhook.core.clock import US_PER_SECOND, iso_milliseconds
from offhook.storage.records import Leg

MONEY = 100_000_000
"""Stored units in one unit of currency."""


def call(leg: Leg, base: str) -> dict[str, Any]:
    """One call. `base` is the public address that links begin with."""
    shown: dict[str, Any] = {
        "_links": {"self": {"href": f"{base}/v1/calls/{leg.leg_id}"}},
        "uuid": leg.leg_id,
        "conversation_uuid": leg.conversation_id,
        "to": leg.to,
        "from": leg.from_,
        "status": leg.shown_status,
        "direction": leg.direction,
    }
    if leg.started_at is not None:
        shown["start_time"] = iso_milliseconds(leg.started_at)
    if leg.ended_at is not None:
        shown["end_time"] = iso_milliseconds(leg.ended_at)
        shown["duration"] = str(duration(leg))
        shown["rate"] = money(leg.rate)
        shown["price"] = money(leg.price)
        if leg.network is not None:
            shown["network"] = leg.network
    return shown


def duration(leg: Leg) -> int:
    """Whole seconds from the answer to the end; 0 for a call that was never answered.

    Counted between the whole seconds of both, as the `completed` webhook does: both channels agree.
    """
    if leg.started_at is None or leg.ended_at is None:
        return 0
    return max(0, leg.ended_at // US_PER_SECOND - leg.started_at // US_PER_SECOND)


def money(units: int) -> str:
    """Eight decimals, as text: `0.00450000`."""
    return f"{units // MONEY}.{units % MONEY:08d}"
