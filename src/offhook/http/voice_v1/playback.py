"""`PUT` and `DELETE /v1/calls/{uuid}/talk` and `/stream`: speech and audio for one call alone."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, AliasChoices, Field, StringConstraints

from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, reads, refusals
from offhook.http.direct import DirectRoute
from offhook.http.models import Body, Decimal, Line, OneUrl, Whole, read_model
from offhook.http.voice_v1.access import PATH, Application, find, steer
from offhook.http.voice_v1.shown import Done
from offhook.ncco.settings import DEFAULT_LIMITS
from offhook.ncco.spoken import spoken_length
from offhook.ncco.voices import resolve
from offhook.storage.records import Leg

router = APIRouter(tags=["Voice"], route_class=DirectRoute)
MOST_LOOPS = 100_000
MOST_STYLES = 1_000


def _speakable(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; give the words to speak")
    if spoken_length(text) > DEFAULT_LIMITS.spoken:
        raise ValueError(f"has more than {DEFAULT_LIMITS.spoken} characters to speak; split it")
    return text


Text = Annotated[str, StringConstraints(max_length=DEFAULT_LIMITS.text), AfterValidator(_speakable)]


class Manner(Body):
    """How often, and how loud."""

    loop: Whole = Field(1, ge=0, le=MOST_LOOPS)
    """Plays; 0 is for ever."""
    level: Decimal = Field(0.0, ge=-1, le=1)
    """From −1, silent, over 0, unchanged, to 1."""


class TalkBody(Manner):
    """Words to speak to a call."""

    text: Text = Field(examples=["The line is free now."])
    """Plain text, or SSML in `<speak>`."""
    language: Annotated[Line, StringConstraints(max_length=35)] | None = Field(None, examples=["nl-NL"])
    """A language and, mostly, a country; without it `voice_name` decides, or else en-US."""
    style: Whole = Field(0, ge=0, le=MOST_STYLES)
    """One of the voices of the language."""
    premium: bool = False
    """Of no effect: there is one kind of voices."""
    voice_name: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, validation_alias=AliasChoices("voice_name", "voiceName")
    )
    """An older name for a language and a style."""


class StreamBody(Manner):
    """An audio file to play to a call."""

    stream_url: OneUrl = Field(validation_alias=AliasChoices("stream_url", "streamUrl"))
    """Where the file, MP3 or WAV, is fetched from."""


@router.put(
    PATH + "/{uuid}/talk",
    summary="Speak to a call",
    response_model=None,
    responses={**answers(200, "Speech begins.", Done), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(TalkBody, example={"text": "The line is free now.", "language": "en-GB"}),
)
async def talk(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """Heard by this call alone; a talk that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await start_talk(here, leg, await read_model(request, TalkBody, here.max_body))
    return _done("Talk started", leg)


@router.put(
    PATH + "/{uuid}/stream",
    summary="Play a file to a call",
    response_model=None,
    responses={**answers(200, "The file is fetched and played.", Done), **refusals(400, 404, 413, 415)},
    openapi_extra=reads(StreamBody, example={"stream_url": ["https://app.example.com/wait.mp3"], "loop": 0}),
)
async def stream(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """Heard by this call alone; a stream that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await start_stream(here, leg, await read_model(request, StreamBody, here.max_body))
    return _done("Stream started", leg)


@router.delete(
    PATH + "/{uuid}/talk",
    summary="Stop speaking to a call",
    response_model=None,
    responses={**answers(200, "Nothing is spoken any more.", Done), **refusals(400, 404)},
)
async def stop_talk(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """Nothing playing is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await stop(here, leg, "talk")
    return _done("Talk stopped", leg)


@router.delete(
    PATH + "/{uuid}/stream",
    summary="Stop playing a file to a call",
    response_model=None,
    responses={**answers(200, "Nothing is played any more.", Done), **refusals(400, 404)},
)
async def stop_stream(request: Request, caller: Application, uuid: str) -> JSONResponse:
    """Nothing playing is no error."""
    here = context(request)
    leg = await find(here, caller, uuid)
    await stop(here, leg, "stream")
    return _done("Stream stopped", leg)


async def start_talk(here: HttpContext, leg: Leg, body: TalkBody) -> None:
    """Raises `Conflict` for a call that is over or not answered yet."""
    language, style = resolve(body.language, body.style, body.voice_name)
    work = here.calls.talk(leg.leg_id, body.text, language, style, body.loop, body.level)
    await steer(leg, work)


async def start_stream(here: HttpContext, leg: Leg, body: StreamBody) -> None:
    """Raises `Conflict` for a call that is over or not answered yet."""
    await steer(leg, here.calls.stream(leg.leg_id, body.stream_url, body.loop, body.level))


async def stop(here: HttpContext, leg: Leg, kind: str) -> None:
    """`kind` is `talk` or `stream`. Raises `Conflict` for a call that is over or not answered yet."""
    await steer(leg, here.calls.stop_playing(leg.leg_id, kind))


def _done(message: str, leg: Leg) -> JSONResponse:
    return JSONResponse({"message": message, "uuid": leg.leg_id})
