"""`PUT` and `DELETE /v1/calls/{uuid}/talk` and `/stream`: speech and audio for one call alone."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, AliasChoices, Field, StringConstraints

from offhook.http.context import context
from offhook.http.models import Line, OneUrl, read_model
from offhook.http.voice_v1.access import PATH, Application, find, steer
from offhook.http.voice_v1.schemas import Body
from offhook.ncco.settings import DEFAULT_LIMITS
from offhook.ncco.spoken import spoken_length
from offhook.ncco.voices import resolve

router = APIRouter(tags=["Voice"])
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
    loop: int = Field(1, ge=0, le=MOST_LOOPS)
    """Plays; 0 is for ever."""
    level: float = Field(0.0, ge=-1, le=1)


class TalkBody(Manner):
    text: Text
    language: Annotated[Line, StringConstraints(max_length=35)] | None = None
    style: int = Field(0, ge=0, le=MOST_STYLES)
    premium: bool = False
    """Of no effect: there is one kind of voices."""
    voice_name: Annotated[str, StringConstraints(max_length=64)] | None = Field(
        None, validation_alias=AliasChoices("voice_name", "voiceName")
    )


class StreamBody(Manner):
    stream_url: OneUrl = Field(validation_alias=AliasChoices("stream_url", "streamUrl"))


@router.put(PATH + "/{uuid}/talk")
async def talk(request: Request, caller: Application, uuid: str) -> dict[str, str]:
    """Speak to the call; a talk of REST that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    body = await read_model(request, TalkBody, here.max_body)
    language, style = resolve(body.language, body.style, body.voice_name)
    await steer(leg, here.calls.talk(uuid, body.text, language, style, body.loop, body.level))
    return {"message": "Talk started", "uuid": uuid}


@router.put(PATH + "/{uuid}/stream")
async def stream(request: Request, caller: Application, uuid: str) -> dict[str, str]:
    """Play an audio file to the call; a stream of REST that still plays gives way."""
    here = context(request)
    leg = await find(here, caller, uuid)
    body = await read_model(request, StreamBody, here.max_body)
    await steer(leg, here.calls.stream(uuid, body.stream_url, body.loop, body.level))
    return {"message": "Stream started", "uuid": uuid}


@router.delete(PATH + "/{uuid}/talk")
async def stop_talk(request: Request, caller: Application, uuid: str) -> dict[str, str]:
    """Nothing playing is no error."""
    here = context(request)
    await steer(await find(here, caller, uuid), here.calls.stop_playing(uuid, "talk"))
    return {"message": "Talk stopped", "uuid": uuid}


@router.delete(PATH + "/{uuid}/stream")
async def stop_stream(request: Request, caller: Application, uuid: str) -> dict[str, str]:
    """Nothing playing is no error."""
    here = context(request)
    await steer(await find(here, caller, uuid), here.calls.stop_playing(uuid, "stream"))
    return {"message": "Stream stopped", "uuid": uuid}
