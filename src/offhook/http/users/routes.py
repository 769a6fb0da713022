"""Create, read, change and delete users."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from offhook.core.errors import NotFound
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, reads
from offhook.http.errors import NotAcceptable, NotJson
from offhook.http.models import read_model
from offhook.http.users.access import MISSING, Admin, Application, find, may_change
from offhook.http.users.refusals import PATH, refusals
from offhook.http.users.schemas import UserBody
from offhook.http.users.shown import ShownUser, whole
from offhook.storage import users
from offhook.storage.records import User

router = APIRouter()
OPTIONAL = reads(UserBody, example={"name": "jan", "display_name": "Jan"})
OPTIONAL["requestBody"]["required"] = False


@router.post(
    PATH,
    summary="Create a user",
    status_code=201,
    response_model=None,
    responses={**answers(201, "The user.", ShownUser), **refusals(400, 413)},
    openapi_extra=OPTIONAL,
)
async def create(request: Request, caller: Admin) -> JSONResponse:
    """The body may be empty: the user is called `NAM-` and a UUID then."""
    here = context(request)
    body = await _body(request, here)
    now = here.clock.wall()
    user = User(
        user_id=f"USR-{here.ids.uuid()}",
        account_id=caller.application.account_id,
        application_id=caller.application.application_id,
        name=body.name or f"NAM-{here.ids.uuid()}",
        display_name=body.display_name,
        image_url=body.image_url,
        properties=body.stored_properties(),
        channels=users.seal_channels(here.sealer, body.stored_channels()),
        created_at=now,
        updated_at=now,
    )
    await here.database.write(lambda connection: users.insert(connection, user))
    return JSONResponse(whole(here, user), status_code=201)


@router.get(
    PATH + "/{id}",
    summary="Read a user",
    response_model=None,
    responses={**answers(200, "The user.", ShownUser), **refusals(404)},
)
async def show(request: Request, caller: Application, id: str) -> JSONResponse:
    """By id or by name."""
    here = context(request)
    return JSONResponse(whole(here, await find(here, caller, id)))


@router.patch(
    PATH + "/{id}",
    summary="Change a user",
    response_model=None,
    responses={**answers(200, "The user as it is now.", ShownUser), **refusals(400, 404, 413)},
    openapi_extra=reads(UserBody, example={"display_name": "Jan"}),
)
async def update(request: Request, caller: Application, id: str) -> JSONResponse:
    """What is not given stays; a kind of channels that is given replaces that kind."""
    here = context(request)
    before = await find(here, caller, id)
    may_change(caller, before)
    body = await _body(request, here)

    def write(connection: Connection) -> User:
        present = users.get(connection, before.user_id)
        if present is None:
            raise NotFound(MISSING)
        after = changed(here, present, body)
        users.update(connection, after)
        return after

    return JSONResponse(whole(here, await here.database.write(write)))


@router.delete(
    PATH + "/{id}",
    summary="Delete a user",
    status_code=204,
    response_class=Response,
    response_model=None,
    responses={**answers(204, "The user is gone."), **refusals(404)},
)
async def delete(request: Request, caller: Admin, id: str) -> Response:
    """By id or by name."""
    here = context(request)
    found = await find(here, caller, id)
    await here.database.write(lambda connection: users.delete(connection, found.user_id))
    return Response(status_code=204)


def changed(here: HttpContext, user: User, body: UserBody) -> User:
    """The user with what a body gives."""
    channels: dict[str, Any] = {**users.channels_of(here.sealer, user), **body.stored_channels()}
    return replace(
        user,
        name=body.name or user.name,
        display_name=user.display_name if body.display_name is None else body.display_name,
        image_url=user.image_url if body.image_url is None else body.image_url,
        properties={**user.properties, **body.stored_properties()},
        channels=users.seal_channels(here.sealer, {kind: each for kind, each in channels.items() if each}),
        updated_at=here.clock.wall(),
    )


async def _body(request: Request, here: HttpContext) -> UserBody:
    try:
        return await read_model(request, UserBody, here.max_body)
    except NotJson:
        raise NotAcceptable("Invalid Content-Type.") from None
