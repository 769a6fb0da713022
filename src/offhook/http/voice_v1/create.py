"""`POST /v1/calls`: place a call. The answer comes at once, before anything is dialled."""

from typing import Any

from fastapi import APIRouter, Request

from offhook.calls.orders import CreateCall
from offhook.core.errors import Overloaded
from offhook.http.auth import Caller
from offhook.http.context import context
from offhook.http.errors import Busy, Throttled
from offhook.http.models import read_model
from offhook.http.voice_v1.access import PATH, Application
from offhook.http.voice_v1.schemas import CreateCallBody

router = APIRouter(tags=["Voice"])


@router.post(PATH, status_code=201)
async def create(request: Request, caller: Application) -> dict[str, Any]:
    """Raises `Busy` (503) while there is no room, `Throttled` (429) where too many are asked for at once."""
    here = context(request)
    body = await read_model(request, CreateCallBody, here.max_body)
    try:
        leg = await here.calls.create(order(body, caller))
    except Overloaded as error:
        raise (Throttled if error.rate else Busy)(str(error)) from None
    return {
        "uuid": leg.leg_id,
        "status": leg.status,
        "direction": leg.direction,
        "conversation_uuid": leg.conversation_id,
    }


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
