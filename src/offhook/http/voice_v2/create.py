"""`POST /v2/calls`: place a call whose ids its first event tells.

`client_ref` ties the event to the request: the client's own word, or one made here.
"""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import StringConstraints

from offhook.calls.hooks import LegHooks
from offhook.http.auth import Caller
from offhook.http.context import context
from offhook.http.declared import Shown, answers, reads, refusals
from offhook.http.direct import DirectRoute
from offhook.http.errors import InvalidFields
from offhook.http.models import Line, read_model
from offhook.http.voice_v1.access import Application
from offhook.http.voice_v1.create import EXAMPLE, place
from offhook.http.voice_v1.schemas import CreateCallBody

router = APIRouter(tags=["Voice, version 2"], route_class=DirectRoute)
PATH = "/v2/calls"


class CreateCallBodyV2(CreateCallBody):
    """A call to be placed."""

    client_ref: Annotated[Line, StringConstraints(min_length=1, max_length=64)] | None = None
    """Comes back with the first event of the call; one is made where none is given."""


class Accepted(Shown):
    """Nothing is known of the call yet."""


@router.post(
    PATH,
    summary="Place a call, and be told its ids by its first event",
    response_model=None,
    status_code=202,
    responses={**answers(202, "The call is accepted.", Accepted), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(CreateCallBodyV2, example=EXAMPLE),
)
async def create(request: Request, caller: Application) -> JSONResponse:
    """As in version 1, but with an event URL: the `started` event has the ids and `client_ref`."""
    here = context(request)
    body = await read_model(request, CreateCallBodyV2, here.max_body)
    _told(body, caller)
    await place(here, caller, body, body.client_ref or here.ids.token(16))
    return JSONResponse({}, status_code=202)


def _told(body: CreateCallBodyV2, caller: Caller) -> None:
    """Raises `InvalidFields` where nobody would ever be told the ids."""
    hooks = LegHooks(caller.application, body.event_url, body.event_method)
    if hooks.event() is None:
        reason = "Is required: the application has no event_url, and the ids come with the first event."
        raise InvalidFields([("event_url", reason)])
