"""`/voice/calls/{uuid}/talk`, `/stream` and `/dtmf` of the wrapper: speech, files and keys for a live call.

The bodies are those of the Voice API, `voiceName` included. Keys come as `{"digits": …}` or as a bare text.
"""

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from offhook.http.accept import takes_json
from offhook.http.body import read_json
from offhook.http.context import context
from offhook.http.declared import Json, reads
from offhook.http.kpn.access import Application_
from offhook.http.kpn.declared import APPLICATION_ID, answers, refusals, with_headers
from offhook.http.kpn.voice import PATH
from offhook.http.models import check, read_model
from offhook.http.voice_v1 import dtmf, playback
from offhook.http.voice_v1.access import find
from offhook.http.voice_v1.shown import Done

router = APIRouter(prefix=PATH + "/{uuid}", tags=["KPN Voice"], dependencies=[Depends(takes_json)])
WITH_BODY = refusals(404, 413, 415, voice=True)
WITHOUT = refusals(404, voice=True)
ONE_CALL = with_headers(None, APPLICATION_ID)


@router.put(
    "/talk",
    summary="Speak to a call",
    response_model=None,
    responses={**answers(200, "Speech begins.", Done), **WITH_BODY},
    openapi_extra=with_headers(
        reads(playback.TalkBody, example={"text": "De lijn is vrij.", "voiceName": "Lotte"}), APPLICATION_ID
    ),
)
async def talk(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """Heard by this call alone; a talk that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await playback.start_talk(here, leg, await read_model(request, playback.TalkBody, here.max_body))
    return _done("Talk started", uuid)


@router.delete(
    "/talk",
    summary="Stop speaking to a call",
    response_model=None,
    responses={**answers(200, "Nothing is spoken any more.", Done), **WITHOUT},
    openapi_extra=ONE_CALL,
)
async def stop_talk(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """Nothing playing is no error."""
    here = context(request)
    await playback.stop(here, await find(here, caller, uuid), "talk")
    return _done("Talk stopped", uuid)


@router.put(
    "/stream",
    summary="Play a file to a call",
    response_model=None,
    responses={**answers(200, "The file is fetched and played.", Done), **WITH_BODY},
    openapi_extra=with_headers(
        reads(playback.StreamBody, example={"stream_url": ["https://app.example.com/wait.mp3"], "loop": 0}),
        APPLICATION_ID,
    ),
)
async def stream(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """Heard by this call alone; a stream that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await playback.start_stream(here, leg, await read_model(request, playback.StreamBody, here.max_body))
    return _done("Stream started", uuid)


@router.delete(
    "/stream",
    summary="Stop playing a file to a call",
    response_model=None,
    responses={**answers(200, "Nothing is played any more.", Done), **WITHOUT},
    openapi_extra=ONE_CALL,
)
async def stop_stream(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """Nothing playing is no error."""
    here = context(request)
    await playback.stop(here, await find(here, caller, uuid), "stream")
    return _done("Stream stopped", uuid)


@router.put(
    "/dtmf",
    summary="Press keys",
    response_model=None,
    responses={**answers(200, "The keys are sent.", Done), **WITH_BODY},
    openapi_extra=with_headers(reads(dtmf.DigitsBody), APPLICATION_ID),
)
async def send_digits(request: Request, caller: Application_, uuid: str) -> JSONResponse:
    """Sends keys to the far end of the call."""
    here = context(request)
    leg = await find(here, caller, uuid)
    given = await read_json(request, here.max_body)
    await dtmf.press(here, leg, check(dtmf.DigitsBody, _as_object(given)))
    return _done("DTMF sent", uuid)


def _as_object(given: Any) -> Any:
    bare = isinstance(given, (str, int)) and not isinstance(given, bool)
    return {"digits": given} if bare else given


def _done(message: str, uuid: str) -> JSONResponse:
    body: Json = {"message": message, "uuid": uuid}
    return JSONResponse(body)
