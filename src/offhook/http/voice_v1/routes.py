"""`/v1/calls`, authenticated with an application's token. An application sees only its own calls."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from offhook.calls.orders import CreateCall
from offhook.core.errors import Invalid, NotFound
from offhook.http.auth import Caller, by_token
from offhook.http.body import read_model
from offhook.http.context import HttpContext, context
from offhook.http.paging import offset_links
from offhook.http.voice_v1 import listing, render
from offhook.http.voice_v1.schemas import CreateCallBody, ModifyCallBody
from offhook.storage import legs
from offhook.storage.records import Leg

router = APIRouter(prefix="/v1/calls", tags=["Voice"])
Application = Annotated[Caller, Depends(by_token)]
LATER = frozenset({"mute", "unmute", "earmuff", "unearmuff", "transfer"})


@router.post("", status_code=201)
@router.post("/", status_code=201, include_in_schema=False)
async def create(request: Request, caller: Application) -> dict[str, Any]:
    """Place a call. The answer comes at once, before anything is dialled."""
    here = context(request)
    body = await read_model(request, CreateCallBody, here.max_body)
    leg = await here.calls.create(order(body, caller))
    return {
        "uuid": leg.leg_id,
        "status": leg.status,
        "direction": leg.direction,
        "conversation_uuid": leg.conversation_id,
    }


@router.get("")
@router.get("/", include_in_schema=False)
async def list_calls(request: Request, caller: Application) -> dict[str, Any]:
    """One page of the application's calls."""
    here = context(request)
    wanted = listing.parse(request.query_params)
    page = await here.database.read(
        lambda connection: legs.list(
            connection,
            application_id=caller.application.application_id,
            status=wanted.status,
            date_start=wanted.date_start,
            date_end=wanted.date_end,
            conversation_id=wanted.conversation,
            page_size=wanted.page_size,
            record_index=wanted.record_index,
            order=wanted.order,
        )
    )
    base = here.public_url
    return {
        "count": page.total,
        "page_size": wanted.page_size,
        "record_index": wanted.record_index,
        "_links": offset_links(
            f"{base}/v1/calls",
            wanted.given,
            total=page.total,
            page_size=wanted.page_size,
            record_index=wanted.record_index,
        ),
        "_embedded": {"calls": [render.call(leg, base) for leg in page.rows]},
    }


@router.get("/{uuid}")
@router.get("/{uuid}/", include_in_schema=False)
async def show(request: Request, caller: Application, uuid: str) -> dict[str, Any]:
    """One call."""
    here = context(request)
    return render.call(await find(here, caller, uuid), here.public_url)


@router.put("/{uuid}", status_code=204)
@router.put("/{uuid}/", status_code=204, include_in_schema=False)
async def modify(request: Request, caller: Application, uuid: str) -> Response:
    """Steer a live call; hanging up one that is over is no error."""
    here = context(request)
    await find(here, caller, uuid)
    body = await read_model(request, ModifyCallBody, here.max_body)
    if body.action == "hangup":
        await here.calls.hang_up(uuid)
    elif body.action in LATER:
        raise Invalid("action", f"{body.action} is not served by this version; hangup is")
    else:
        raise Invalid("action", "must be hangup")
    return Response(status_code=204)


def order(body: CreateCallBody, caller: Caller) -> CreateCall:
    """The request as the calls domain takes it."""
    return CreateCall(
        application=caller.application,
        endpoint=body.to[0].endpoint(),
        from_number=body.from_.shown if body.from_ else None,
        random_from=body.random_from_number,
        ncco=body.ncco,
        answer_url=body.answer_url,
        answer_method=body.answer_method,
        event_url=body.event_url,
        event_method=body.event_method,
        length_timer=body.length_timer,
        ringing_timer=body.ringing_timer,
    )


async def find(here: HttpContext, caller: Caller, uuid: str) -> Leg:
    """The application's call. Raises `NotFound` for one of somebody else, as for one that never was."""
    found = await here.database.read(lambda connection: legs.get(connection, uuid))
    if found is None or found.application_id != caller.application.application_id:
        raise NotFound(f"Call '{uuid[:60]}' does not exist, or you do not have access.")
    return found
