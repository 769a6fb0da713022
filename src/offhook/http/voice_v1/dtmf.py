"""`PUT /v1/calls/{uuid}/dtmf` sends keys; `PUT` and `DELETE …/input/dtmf` listen to those pressed."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import AliasChoices, Field, StringConstraints

from offhook.http.context import context
from offhook.http.models import OneUrl, read_model
from offhook.http.voice_v1.access import PATH, Application, find, steer
from offhook.http.voice_v1.schemas import Body

router = APIRouter(tags=["Voice"])


class DigitsBody(Body):
    digits: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ListenBody(Body):
    event_url: OneUrl = Field(validation_alias=AliasChoices("event_url", "eventUrl"))


@router.put(PATH + "/{uuid}/dtmf")
async def send_digits(request: Request, caller: Application, uuid: str) -> dict[str, str]:
    """Send keys to the far end; which ones may be sent is for the calls domain to say."""
    here = context(request)
    leg = await find(here, caller, uuid)
    body = await read_model(request, DigitsBody, here.max_body)
    await steer(leg, here.calls.send_digits(uuid, body.digits))
    return {"message": "DTMF sent", "uuid": uuid}


@router.put(PATH + "/{uuid}/input/dtmf")
async def listen(request: Request, caller: Application, uuid: str) -> Response:
    """Every key pressed from now on goes to the URL; a second request replaces it."""
    here = context(request)
    leg = await find(here, caller, uuid)
    body = await read_model(request, ListenBody, here.max_body)
    await steer(leg, here.calls.listen_digits(uuid, body.event_url))
    return _empty()


@router.delete(PATH + "/{uuid}/input/dtmf")
async def stop_listening(request: Request, caller: Application, uuid: str) -> Response:
    """No listener is no error."""
    here = context(request)
    await steer(await find(here, caller, uuid), here.calls.listen_digits(uuid, None))
    return _empty()


def _empty() -> Response:
    return Response(status_code=200, media_type="application/json")
