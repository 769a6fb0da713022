"""`PUT /v1/calls/{uuid}`: hang up, mute, earmuff, transfer."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, field_validator, model_validator

from offhook.calls.registry import Calls
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, reads, refusals
from offhook.http.direct import DirectRoute
from offhook.http.models import Body, OneUrl, read_model, refuse
from offhook.http.voice_v1.access import PATH, Application, find, steer
from offhook.storage.records import Leg

router = APIRouter(tags=["Voice"], route_class=DirectRoute)


class Destination(Body):
    """Where a call is transferred to: an NCCO, or the address of one."""

    type: Literal["ncco"]
    url: OneUrl | None = None
    """Where the NCCO is fetched from; else `ncco`."""
    ncco: list[Any] | None = Field(None, json_schema_extra={"items": {"type": "object"}})

    @model_validator(mode="after")
    def _one(self) -> "Destination":
        if (self.url is None) == (self.ncco is None):
            refuse("url", "give exactly one of url and ncco")
        return self


class ModifyCallBody(Body):
    """What becomes of a live call."""

    action: Literal["hangup", "mute", "unmute", "earmuff", "unearmuff", "transfer"]
    """Muted, it is not heard; earmuffed, it does not hear."""
    destination: Destination | None = None
    """Of a transfer."""

    @field_validator("destination", mode="before")
    @classmethod
    def _of_transfer(cls, value: Any, info: Any) -> Any:
        """Other actions do not look at it."""
        return value if info.data.get("action") == "transfer" else None

    @model_validator(mode="after")
    def _needed(self) -> "ModifyCallBody":
        if self.action == "transfer" and self.destination is None:
            refuse("destination", "Is required.")
        return self


@router.put(
    PATH + "/{uuid}",
    summary="Steer a call",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "Done."), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(ModifyCallBody, example={"action": "hangup"}),
)
async def modify(request: Request, caller: Application, uuid: str) -> Response:
    """Hangs up, mutes, earmuffs or transfers a live call; hanging up one that is over is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await act(here, leg, await read_model(request, ModifyCallBody, here.max_body))
    return Response(status_code=204)


async def act(here: HttpContext, leg: Leg, body: ModifyCallBody) -> None:
    """Raises `Conflict` for a call that is over or not answered yet, unless it is hung up."""
    await steer(leg, _act(here.calls, leg.leg_id, body))


async def _act(calls: Calls, uuid: str, body: ModifyCallBody) -> None:
    match body.action:
        case "hangup":
            await calls.hang_up(uuid)
        case "mute" | "unmute":
            await calls.set_audio(uuid, muted=body.action == "mute")
        case "earmuff" | "unearmuff":
            await calls.set_audio(uuid, earmuffed=body.action == "earmuff")
        case "transfer":
            assert body.destination is not None
            await calls.transfer(uuid, ncco=body.destination.ncco, url=body.destination.url)
