"""Which call a request is about, and what a live one is asked to do. Others' calls do not exist."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import Depends

from offhook.core.errors import Conflict, NotFound
from offhook.http.auth import Caller, by_token
from offhook.http.context import HttpContext, is_id
from offhook.storage import legs
from offhook.storage.records import Leg

PATH = "/v1/calls"
Application = Annotated[Caller, Depends(by_token)]


async def find(here: HttpContext, caller: Caller, uuid: str) -> Leg:
    """The application's call. Raises `NotFound` for one of somebody else, as for one that never was."""
    found = None
    if is_id(uuid):
        found = await here.database.read(lambda connection: legs.get(connection, uuid))
    if found is None or found.application_id != caller.application.application_id:
        raise NotFound(f"Call '{uuid[:60]}' does not exist, or you do not have access.")
    return found


async def steer(leg: Leg, work: Awaitable[None]) -> None:
    """Ask something of a live call. Raises `Conflict` for one that is over."""
    try:
        await work
    except NotFound:
        raise Conflict(f"The call is over (it was {leg.status}); only live calls can be steered.") from None
