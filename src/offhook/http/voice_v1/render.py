"""The call object as REST shows it: members of a finished call appear once it is over, money as text."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from offhook.core.clock import US_PER_SECOND, iso_milliseconds
from offhook.http.context import HttpContext
from offhook.http.paging import offset_links
from offhook.http.voice_v1.listing import Listing
from offhook.storage.leg_pages import Shown
from offhook.storage.records import Leg, Page

MONEY = 100_000_000
"""Stored units in one unit of currency."""
Json = dict[str, Any]
Row = Leg | Shown
"""A leg that was looked up, or one of a listing."""


def call(leg: Row, here: HttpContext) -> Json:
    """One call."""
    shown: Json = {
        "_links": {"self": {"href": f"{here.public_url}/v1/calls/{leg.leg_id}"}},
        "uuid": leg.leg_id,
        "conversation_uuid": leg.conversation_id,
        "to": endpoint(leg.to, here),
        "from": endpoint(leg.from_, here),
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


def endpoint(stored: Json, here: HttpContext) -> Json:
    """One side of a call. A user of an app is a SIP address where clients cannot read anything else."""
    if stored.get("type") != "app" or here.voice.app_legs == "app":
        return stored
    user = quote(str(stored.get("user", "")), safe="-_.!~*'()&=+$,;?/")  # RFC 3261 §25.1, `user`
    return {"type": "sip", "uri": f"sip:{user}@{here.voice.sip_domain}"}


def page(
    here: HttpContext,
    wanted: Listing,
    found: Page,
    path: str,
    name: str,
    one: Callable[[Row, HttpContext], Json],
) -> Json:
    """A listing in HAL: `name` is what its members are called, `one` renders one of them."""
    return {
        "count": found.total,
        "page_size": wanted.page_size,
        "record_index": wanted.record_index,
        "_links": offset_links(
            here.public_url + path,
            wanted.given,
            total=found.total,
            page_size=wanted.page_size,
            record_index=wanted.record_index,
        ),
        "_embedded": {name: [one(leg, here) for leg in found.rows]},
    }


def duration(leg: Row) -> int:
    """Whole seconds from the answer to the end; 0 for a call that was never answered.

    Counted between the whole seconds of both, as the `completed` webhook does: both channels agree.
    """
    if leg.started_at is None or leg.ended_at is None:
        return 0
    return max(0, leg.ended_at // US_PER_SECOND - leg.started_at // US_PER_SECOND)


def money(units: int) -> str:
    """Eight decimals, as text: `0.00450000`."""
    return f"{units // MONEY}.{units % MONEY:08d}"
