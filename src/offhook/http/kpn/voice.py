"""`/voice/calls` of the wrapper: place, list, show and steer calls of the application that a header names.

The work is that of the Voice API (`http/voice_v1`); what differs is who may ask, where links lead, and that
`to` and `from` may come, and by a setting go, as arrays. See docs/specs/kpn.md §4.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from offhook.http.accept import takes_json
from offhook.http.context import HttpContext, context
from offhook.http.declared import Json, PageLinks, Shown, looks_at, reads
from offhook.http.kpn.access import Application_
from offhook.http.kpn.declared import APPLICATION_ID, answers, refusals, with_headers
from offhook.http.kpn.parts import BASE, KpnParts, parts
from offhook.http.models import read_model
from offhook.http.paging import PageAnswer
from offhook.http.voice_v1 import listing, modify, render
from offhook.http.voice_v1.access import find
from offhook.http.voice_v1.calls import find_all
from offhook.http.voice_v1.create import place, placed
from offhook.http.voice_v1.listing import ListingQuery
from offhook.http.voice_v1.schemas import CreateCallBody
from offhook.http.voice_v1.shown import Call, Placed

PATH = BASE + "/voice/calls"
EXAMPLE: Json = {
    "to": [{"type": "phone", "number": "31201234567"}],
    "from": {"type": "phone", "number": "15550100001"},
    "answer_url": ["https://app.example.com/answer"],
}
router = APIRouter(prefix=PATH, tags=["KPN Voice"], dependencies=[Depends(takes_json)])


class PlaceCallBody(CreateCallBody):
    """A call to be placed. `to` may be one endpoint without its array, `from` one within an array."""

    @model_validator(mode="before")
    @classmethod
    def _either_way(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        changed = dict(value)
        if isinstance(value.get("to"), dict):
            changed["to"] = [value["to"]]
        if isinstance(value.get("from"), list) and len(value["from"]) == 1:
            changed["from"] = value["from"][0]
        return changed


class KpnCall(Call):
    """A call: one connection into or out of the platform."""

    to: dict[str, Any] | list[dict[str, Any]] = Field(  # type: ignore[assignment]
        examples=[{"type": "phone", "number": "31201234567"}]
    )
    """The endpoint that was called; an array of one where the operator has chosen that."""
    from_: dict[str, Any] | list[dict[str, Any]] = Field(  # type: ignore[assignment]
        alias="from", examples=[{"type": "phone", "number": "15550100001"}]
    )
    """The endpoint that calls, as it is shown; an array of one as `to` is."""


class EmbeddedKpnCalls(Shown):
    calls: list[KpnCall]


class KpnCallPage(Shown):
    """One page of an application's calls."""

    count: int
    """Calls that match, on all pages."""
    page_size: int
    record_index: int
    """How many calls come before this page."""
    links: PageLinks = Field(alias="_links")
    embedded: EmbeddedKpnCalls = Field(alias="_embedded")


@router.post(
    "",
    summary="Place a call",
    response_model=None,
    status_code=201,
    responses={
        **answers(201, "The call is accepted.", Placed),
        **refusals(404, 413, 415, voice=True),
    },
    openapi_extra=with_headers(reads(PlaceCallBody, example=EXAMPLE), APPLICATION_ID),
)
async def create(request: Request, caller: Application_) -> JSONResponse:
    """Dials a phone or a SIP address; once it is answered, `answer_url` says what happens."""
    here = context(request)
    body = await read_model(request, PlaceCallBody, here.max_body)
    return JSONResponse(placed(await place(here, caller, body)), status_code=201)


@router.get(
    "",
    summary="List calls",
    response_model=None,
    responses={**answers(200, "One page of calls.", KpnCallPage), **refusals(404, voice=True)},
    openapi_extra=with_headers(looks_at(ListingQuery), APPLICATION_ID),
)
async def list_calls(request: Request, caller: Application_) -> JSONResponse:
    """One page of the application's calls, and links to the others."""
    here, options = context(request), parts(request)
    wanted = listing.parse(request.query_params)
    found = await find_all(here, caller, wanted)

    def one(leg: render.Row, here: HttpContext) -> Json:
        return rendered(leg, here, options)

    return PageAnswer(render.page(here, wanted, found, PATH, "calls", one))


@router.get(
    "/{uuid}",
    summary="Show a call",
    response_model=None,
    responses={**answers(200, "The call.", KpnCall), **refusals(404, voice=True)},
    openapi_extra=with_headers(None, APPLICATION_ID),
)
async def show(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """One call, live or over."""
    here = context(request)
    return JSONResponse(rendered(await find(here, caller, uuid), here, parts(request)))


@router.put(
    "/{uuid}",
    summary="Steer a call",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "Done."), **refusals(404, 413, 415, voice=True)},
    openapi_extra=with_headers(reads(modify.ModifyCallBody, example={"action": "hangup"}), APPLICATION_ID),
)
async def steer(request: Request, caller: Application_, uuid: str) -> Response:
    """Hangs up, mutes, earmuffs or transfers a live call; hanging up one that is over is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await modify.act(here, leg, await read_model(request, modify.ModifyCallBody, here.max_body))
    return Response(status_code=204)


def rendered(leg: render.Row, here: HttpContext, options: KpnParts) -> Json:
    """The call as the Voice API shows it, at the wrapper's address."""
    shown = render.call(leg, here)
    shown["_links"] = {"self": {"href": f"{here.public_url}{PATH}/{leg.leg_id}"}}
    if options.arrays:
        shown["to"], shown["from"] = [shown["to"]], [shown["from"]]
    return shown
