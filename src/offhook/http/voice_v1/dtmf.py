"""`PUT /v1/calls/{uuid}/dtmf` sends keys; `PUT` and `DELETE …/input/dtmf` listen to those pressed."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AliasChoices, Field, StringConstraints

from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, reads, refusals
from offhook.http.direct import DirectRoute
from offhook.http.models import Body, OneUrl, read_model
from offhook.http.voice_v1.access import PATH, Application, find, steer
from offhook.http.voice_v1.shown import Done
from offhook.storage.records import Leg

router = APIRouter(tags=["Voice"], route_class=DirectRoute)


class DigitsBody(Body):
    """Keys to press."""

    digits: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        json_schema_extra={"pattern": "^[0-9*#p]{1,100}$"}, examples=["1p2#"]
    )
    """`p` is a pause of half a second."""


class ListenBody(Body):
    """Where pressed keys go."""

    event_url: OneUrl = Field(validation_alias=AliasChoices("event_url", "eventUrl"))


@router.put(
    PATH + "/{uuid}/dtmf",
    summary="Press keys",
    response_model=None,
    responses={**answers(200, "The keys are sent.", Done), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(DigitsBody),
)
async def send_digits(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """Sends keys to the far end of the call."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await press(here, leg, await read_model(request, DigitsBody, here.max_body))
    return JSONResponse({"message": "DTMF sent", "uuid": leg.leg_id})


async def press(here: HttpContext, leg: Leg, body: DigitsBody) -> None:
    """Raises `Conflict` for a call that is over or not answered yet, Invalid for what is no key."""
    await steer(leg, here.calls.send_digits(leg.leg_id, body.digits))


@router.put(
    PATH + "/{uuid}/input/dtmf",
    summary="Listen to keys",
    response_class=Response,
    response_model=None,
    responses={**answers(200, "Keys are told from now on."), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(ListenBody),
)
async def listen(request: Request, caller: Application, uuid: str) -> Response:
    """Every key that is pressed goes to the URL, one request each; a second subscription replaces it."""
    here = context(request)
    leg = await find(here, caller, uuid)
    body = await read_model(request, ListenBody, here.max_body)
    await steer(leg, here.calls.listen_digits(leg.leg_id, body.event_url))
    return _empty()


@router.delete(
    PATH + "/{uuid}/input/dtmf",
    summary="Stop listening to keys",
    response_class=Response,
    response_model=None,
    responses={**answers(200, "No key is told any more."), **refusals(400, 404)},
)
async def stop_listening(request: Request, caller: Application, uuid: str) -> Response:
    """No listener is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await steer(leg, here.calls.listen_digits(leg.leg_id, None))
    return _empty()


def _empty() -> Response:
    return Response(status_code=200, media_type="application/json")
