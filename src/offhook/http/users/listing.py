"""`GET /v1/users`: pages by cursor. A cursor is the place of a user, as text that says nothing to clients."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from offhook.core.errors import Invalid
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, looks_at
from offhook.http.models import check
from offhook.http.users.access import Application
from offhook.http.users.refusals import PATH, refusals
from offhook.http.users.schemas import UsersQuery
from offhook.http.users.shown import UserPage, short
from offhook.storage import users
from offhook.storage.records import User
from offhook.storage.users import Place, Shelf

router = APIRouter()
_PLACE = re.compile(r"([np])([0-9]{1,18}):([0-9A-Za-z-]{1,64})", re.ASCII)


@router.get(
    PATH,
    summary="List users",
    response_model=None,
    responses={**answers(200, "One page of users.", UserPage), **refusals(400)},
    openapi_extra=looks_at(UsersQuery),
)
async def list_users(request: Request, caller: Application) -> JSONResponse:
    """One page of the application's users, in their short form."""
    here = context(request)
    given = {name: value for name, value in request.query_params.items() if value}
    wanted = check(UsersQuery, given)
    place = None if wanted.cursor is None else place_of(wanted.cursor)
    found = await here.database.read(
        lambda connection: users.list(
            connection,
            application_id=caller.application.application_id,
            name=wanted.name,
            order=wanted.order.lower(),
            place=place,
            page_size=wanted.page_size,
        )
    )
    return JSONResponse(_page(here, wanted, found))


def _page(here: HttpContext, wanted: UsersQuery, found: Shelf) -> dict[str, Any]:
    def link(cursor: str | None) -> dict[str, str]:
        query = {"page_size": str(wanted.page_size), "order": wanted.order}
        if wanted.name is not None:
            query["name"] = wanted.name
        if cursor is not None:
            query["cursor"] = cursor
        return {"href": f"{here.public_url}{PATH}?{urlencode(query)}"}

    links = {"first": link(None), "self": link(wanted.cursor)}
    if found.after and found.rows:
        links["next"] = link(cursor_of(found.rows[-1]))
    if found.before and found.rows:
        links["prev"] = link(cursor_of(found.rows[0], backwards=True))
    return {
        "page_size": wanted.page_size,
        "cursor": wanted.cursor or "",
        "_embedded": {"users": [short(here, each) for each in found.rows]},
        "_links": links,
    }


def cursor_of(user: User, *, backwards: bool = False) -> str:
    """The cursor of the page after a user, or of the one before."""
    text = f"{'p' if backwards else 'n'}{user.created_at}:{user.user_id}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """The place a cursor means. Raises Invalid."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise Invalid("cursor", "must come from the next or prev link of a listing of users")
    return Place(int(found[2]), found[3], backwards=found[1] == "p")
