"""Which call a request is about, and what a live one is asked to do.

Calls of others do not exist, nor do those that are over for longer than their application keeps them, nor
those of another region.
"""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import Depends, Request

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Conflict, NotFound
from offhook.http.accept import takes_json
from offhook.http.auth import Caller, by_token
from offhook.http.context import HttpContext, as_stored, context, is_id
from offhook.storage import legs
from offhook.storage.records import Application as ApplicationRow
from offhook.storage.records import Leg

PATH = "/v1/calls"
KEPT_DAYS = 2
"""What an application without a voice capability keeps its calls for."""
US_PER_DAY = 86_400 * US_PER_SECOND


async def in_region(
    request: Request, _: Annotated[None, Depends(takes_json)], caller: Annotated[Caller, Depends(by_token)]
) -> Caller:
    """The application, at a host of this node's region. Raises `NotFound` at another region's."""
    region = context(request).voice.region
    host = request.headers.get("host", "")
    if not region.serves(host):
        raise NotFound(
            f"{host[:100]!r} is a host of another region; this one is {region.name}, where its calls live."
        )
    return caller


Application = Annotated[Caller, Depends(in_region)]


def kept_since(here: HttpContext, application: ApplicationRow) -> int:
    """Calls that ended before this instant (UTC µs) are not shown any more."""
    voice = application.capabilities.get("voice")
    days = voice.get("leg_persistence_time") if isinstance(voice, dict) else None
    return here.clock.wall() - (days if isinstance(days, int) else KEPT_DAYS) * US_PER_DAY


async def find(here: HttpContext, caller: Caller, uuid: str) -> Leg:
    """The application's call. Raises `NotFound` for one of somebody else, as for one that never was."""
    found = None
    if is_id(uuid):
        found = await here.database.read(lambda connection: legs.get(connection, as_stored(uuid)))
    if (
        found is None
        or found.application_id != caller.application.application_id
        or (found.ended_at is not None and found.ended_at < kept_since(here, caller.application))
    ):
        raise NotFound(f"Call '{uuid[:60]}' does not exist, or you do not have access.")
    return found


async def steer(leg: Leg, work: Awaitable[None]) -> None:
    """Ask something of a live call. Raises `Conflict` for one that is over."""
    try:
        await work
    except NotFound:
        raise Conflict(f"The call is over (it was {leg.status}); only live calls can be steered.") from None
