"""List legs, and end one."""

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from offhook.core.clock import iso_milliseconds
from offhook.http.context import HttpContext, context
from offhook.http.declared import PageLinks, SelfLink, Shown, answers, looks_at
from offhook.http.direct import DirectRoute
from offhook.http.legs.refusals import refusals
from offhook.http.paging import PageAnswer
from offhook.http.voice_v1 import listing, render
from offhook.http.voice_v1.access import Application, find, steer
from offhook.http.voice_v1.calls import find_all
from offhook.http.voice_v1.listing import ListingQuery
from offhook.http.voice_v1.shown import Status

router = APIRouter(tags=["Legs"], route_class=DirectRoute)
PATH = "/v0.1/legs"


class ShownLeg(Shown):
    """One connection into or out of the platform."""

    uuid: str
    type: Literal["phone", "sip", "websocket", "app", "vbc"]
    """What is at its far end."""
    conversation_uuid: str
    status: Status
    state: Literal["terminated"] | None = None
    """Told once it is over."""
    from_: dict[str, Any] = Field(alias="from")
    to: dict[str, Any]
    start_time: str
    """When it was answered; empty before."""
    end_time: str
    """Empty while it lives."""
    links: SelfLink = Field(alias="_links")


class EmbeddedLegs(Shown):
    legs: list[ShownLeg]


class LegPage(Shown):
    """One page of an application's legs."""

    count: int
    page_size: int
    record_index: int
    links: PageLinks = Field(alias="_links")
    embedded: EmbeddedLegs = Field(alias="_embedded")


@router.get(
    PATH,
    summary="List legs",
    response_model=None,
    responses={**answers(200, "One page of legs.", LegPage), **refusals(400, 404)},
    openapi_extra=looks_at(ListingQuery),
)
async def list_legs(request: Request, caller: Application) -> JSONResponse:
    """One page of the application's legs, with the filters of the listing of calls."""
    here = context(request)
    wanted = listing.parse(request.query_params)
    page = await find_all(here, caller, wanted)
    return PageAnswer(render.page(here, wanted, page, PATH, "legs", leg_object))


@router.delete(
    PATH + "/{uuid}",
    summary="End a leg",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "It is over."), **refusals(404)},
)
async def delete(request: Request, caller: Application, uuid: str) -> Response:
    """Hangs up; one that is over already is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await steer(leg, here.calls.hang_up(leg.leg_id))
    return Response(status_code=204)


def leg_object(leg: render.Row, here: HttpContext) -> dict[str, Any]:
    """One leg."""
    far = leg.from_ if leg.direction == "inbound" else leg.to
    shown: dict[str, Any] = {
        "uuid": leg.leg_id,
        "type": render.endpoint(far, here).get("type", "phone"),
        "conversation_uuid": leg.conversation_id,
        "status": leg.shown_status,
    }
    if leg.ended_at is not None:
        shown["state"] = "terminated"
    return {
        **shown,
        "from": render.endpoint(leg.from_, here),
        "to": render.endpoint(leg.to, here),
        "start_time": "" if leg.started_at is None else iso_milliseconds(leg.started_at),
        "end_time": "" if leg.ended_at is None else iso_milliseconds(leg.ended_at),
        "_links": {"self": {"href": f"{here.public_url}{PATH}/{leg.leg_id}"}},
    }
