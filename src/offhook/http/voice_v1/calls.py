"""`GET /v1/calls` and `GET /v1/calls/{uuid}`: an application reads its own calls."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from offhook.http.auth import Caller
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, looks_at, refusals
from offhook.http.direct import DirectRoute
from offhook.http.paging import PageAnswer
from offhook.http.voice_v1 import listing, render
from offhook.http.voice_v1.access import PATH, Application, find, kept_since
from offhook.http.voice_v1.listing import Listing, ListingQuery
from offhook.http.voice_v1.shown import Call, CallPage
from offhook.storage import leg_pages, legs
from offhook.storage.records import Page

router = APIRouter(tags=["Voice"], route_class=DirectRoute)


@router.get(
    PATH,
    summary="List calls",
    response_model=None,
    responses={**answers(200, "One page of calls.", CallPage), **refusals(400, 404)},
    openapi_extra=looks_at(ListingQuery),
)
async def list_calls(request: Request, caller: Application) -> JSONResponse:
    """One page of the application's calls, and links to the others."""
    here = context(request)
    wanted = listing.parse(request.query_params)
    page = await find_all(here, caller, wanted)
    return PageAnswer(render.page(here, wanted, page, PATH, "calls", render.call))


async def find_all(here: HttpContext, caller: Caller, wanted: Listing) -> Page:
    """The application's calls that are wanted, of the time for which it keeps them.

    That is counted from their making here, which an index knows, and from their end where one is asked for.
    """
    since = max(wanted.date_start or 0, kept_since(here, caller.application))
    return await here.database.read(
        lambda connection: legs.list(
            connection,
            kind=leg_pages.SHOWN,
            application_id=caller.application.application_id,
            status=wanted.status,
            date_start=since,
            date_end=wanted.date_end,
            conversation_id=wanted.conversation,
            page_size=wanted.page_size,
            record_index=wanted.record_index,
            order=wanted.order,
        )
    )


@router.get(
    PATH + "/{uuid}",
    summary="Show a call",
    response_model=None,
    responses={**answers(200, "The call.", Call), **refusals(404)},
)
async def show(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """One call, live or over."""
    here = context(request)
    return JSONResponse(render.call(await find(here, caller, uuid), here))
