"""`GET /jwt` of the wrapper: a token of an application, with which its recordings are fetched.

Only for applications whose private key the platform keeps: those that were made through the wrapper without a
key of their own and have kept the one they got.
"""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from offhook.core.errors import Conflict
from offhook.core.ids import Ids
from offhook.core.tasks import outside
from offhook.http.accept import takes_json
from offhook.http.auth import Caller
from offhook.http.context import context
from offhook.http.declared import Shown
from offhook.http.kpn.access import Application_
from offhook.http.kpn.declared import APPLICATION_ID, answers, refusals, with_headers
from offhook.http.kpn.parts import BASE, parts
from offhook.http.kpn.token import NO_STORE
from offhook.security import jwt
from offhook.storage import application_keys
from offhook.storage.application_keys import ApplicationKey

router = APIRouter(prefix=BASE, tags=["KPN Voice"], dependencies=[Depends(takes_json)])
LEVEL = "application"


class SignedToken(Shown):
    """A token that is valid for a quarter of an hour."""

    app_level: str = Field(examples=[LEVEL])
    """Whose token it is: the application's."""
    application_Id: str  # noqa: N815 — as it is spelled on the wire
    JWT_token: str
    """What stands behind `Bearer` in a request for a recording."""


@router.get(
    "/jwt",
    summary="Get a token for recordings",
    response_model=None,
    responses={**answers(200, "A token of the application.", SignedToken), **refusals(404)},
    openapi_extra=with_headers(None, APPLICATION_ID),
)
async def signed(request: Request, caller: Application_) -> JSONResponse:
    """A token that the application itself would sign with its private key."""
    here = context(request)
    application_id = caller.application.application_id
    found = await here.database.read(lambda connection: application_keys.get(connection, application_id))
    kept = _usable(caller, found)
    private_key = parts(request).sealer.open(kept.private_key).decode()
    token = await outside(_sign, private_key, application_id, here.clock.wall(), here.ids)
    shown = {"app_level": LEVEL, "application_Id": application_id, "JWT_token": token}
    return JSONResponse(shown, headers=NO_STORE)


def _usable(caller: Caller, found: ApplicationKey | None) -> ApplicationKey:
    if found is None or found.public_key != caller.application.public_key:
        raise Conflict(
            "The private key of this application is not kept here: whoever has it signs the tokens. "
            "Applications made by POST /applications without a key have theirs kept."
        )
    return found


def _sign(private_key: str, application_id: str, wall: int, ids: Ids) -> str:
    """In a thread: reading the key and signing take milliseconds."""
    return jwt.make_token(private_key, application_id, wall=wall, ids=ids)
