"""`POST /v1/calls`: place a call. The answer comes at once, before anything is dialled."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from offhook.calls.orders import CreateCall
from offhook.core.errors import Overloaded
from offhook.http.auth import Caller
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, reads, refusals
from offhook.http.direct import DirectRoute
from offhook.http.errors import Busy, Throttled
from offhook.http.models import read_model
from offhook.http.voice_v1.access import PATH, Application
from offhook.http.voice_v1.schemas import CreateCallBody
from offhook.http.voice_v1.shown import Placed
from offhook.ncco.effects import Endpoint, PhoneEndpoint
from offhook.storage.records import Leg

router = APIRouter(tags=["Voice"], route_class=DirectRoute)
EXAMPLE: dict[str, Any] = {
    "to": [{"type": "phone", "number": "31201234567"}],
    "from": {"type": "phone", "number": "15550100001"},
    "ncco": [{"action": "talk", "text": "Your parcel is at the door."}],
}


@router.post(
    PATH,
    summary="Place a call",
    response_model=None,
    status_code=201,
    responses={**answers(201, "The call is accepted.", Placed), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(CreateCallBody, example=EXAMPLE),
)
async def create(request: Request, caller: Application) -> JSONResponse:
    """Dials a phone or a SIP address and runs an NCCO once it is answered."""
    here = context(request)
    body = await read_model(request, CreateCallBody, here.max_body)
    return JSONResponse(placed(await place(here, caller, body)), status_code=201)


async def place(
    here: HttpContext, caller: Caller, body: CreateCallBody, client_ref: str | None = None
) -> Leg:
    """Raises `Busy` (503) while there is no room, `Throttled` (429) where too many are asked for at once."""
    try:
        return await here.calls.create(order(body, caller, client_ref))
    except Overloaded as error:
        refused = Throttled(str(error), error.retry_after) if error.rate else Busy(str(error))
        raise refused from None


def placed(leg: Leg) -> dict[str, Any]:
    """The answer to who placed a call."""
    return {
        "uuid": leg.leg_id,
        "status": leg.status,
        "direction": leg.direction,
        "conversation_uuid": leg.conversation_id,
    }


def order(body: CreateCallBody, caller: Caller, client_ref: str | None = None) -> CreateCall:
    """The request as the calls domain takes it."""
    advanced = body.advanced_machine_detection
    return CreateCall(
        application=caller.application,
        endpoint=_endpoint(body),
        from_number=body.from_.shown if body.from_ else None,
        random_from=body.random_from_number,
        ncco=body.ncco,
        answer_url=body.answer_url,
        answer_method=body.answer_method,
        event_url=body.event_url,
        event_method=body.event_method,
        length_timer=body.length_timer,
        ringing_timer=body.ringing_timer,
        machine_detection=body.machine_detection,
        advanced_machine_detection=None if advanced is None else advanced.model_dump(),
        client_ref=client_ref,
    )


def _endpoint(body: CreateCallBody) -> Endpoint:
    """Whom to dial. A signature that came with `from` is the phone's."""
    endpoint = body.to[0].endpoint()
    shaken = body.from_.shaken if body.from_ else None
    if shaken and isinstance(endpoint, PhoneEndpoint) and endpoint.shaken is None:
        return replace(endpoint, shaken=shaken)
    return endpoint
