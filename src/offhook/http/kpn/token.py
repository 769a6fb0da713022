"""`POST /oauth/client_credential/accesstoken`: an access token for a client's id and secret (RFC 6749 §4.4).

Id and secret may be in the form, in HTTP Basic or in the query, `grant_type` in the form or in the query: all
these spellings are in use. Answers have the members of the gateway that clients know, every value a text.
"""

from dataclasses import dataclass, field
from typing import NoReturn

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Invalid
from offhook.http import keys
from offhook.http.accept import takes_json
from offhook.http.body import read_fields
from offhook.http.context import HttpContext, context, is_id
from offhook.http.declared import Json, Shown
from offhook.http.errors import Unauthorised
from offhook.http.keys import Given
from offhook.http.kpn.declared import answers, token_refusals
from offhook.http.kpn.envelope import UNSUPPORTED
from offhook.http.kpn.gateway import standing
from offhook.http.kpn.parts import TOKEN, parts
from offhook.storage import clients, quotas
from offhook.storage.clients import Client

GRANT = "client_credentials"
TOKEN_BYTES = 20
PRODUCTS = ["voice-nexmo", "phone-numbers-nexmo"]
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""RFC 6749 §5.1."""
WRONG = "The client_id or client_secret is wrong."


class AccessToken(Shown):
    """What stands in the Authorization header of every other request, and for how long."""

    refresh_token_expires_in: str = Field(examples=["0"])
    """There are no refresh tokens."""
    api_product_list: str
    """What the token opens, in one text."""
    api_product_list_json: list[str]
    """The same as a list."""
    organization_name: str
    developer_email: str = Field(alias="developer.email")
    token_type: str = Field(examples=["Bearer"])
    issued_at: str
    """Milliseconds since 1970."""
    client_id: str
    access_token: str
    application_name: str
    """What the operator named the client."""
    scope: str
    expires_in: str = Field(examples=["3599"])
    """Seconds."""
    refresh_count: str
    status: str = Field(examples=["approved"])


@dataclass(frozen=True, slots=True)
class _Asked:
    grant: str | None
    places: list[Given | None] = field(repr=False)


router = APIRouter(tags=["KPN OAuth"], dependencies=[Depends(takes_json)])
_FORM: Json = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": [GRANT]},
        "client_id": {"type": "string"},
        "client_secret": {"type": "string"},
    },
}


@router.post(
    TOKEN,
    summary="Get an access token",
    response_model=None,
    responses={**answers(200, "A token that opens the other paths.", AccessToken), **token_refusals()},
    openapi_extra={
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": _FORM}}},
        "parameters": [
            {"name": "grant_type", "in": "query", "required": False, "schema": {"type": "string"}}
        ],
    },
)
async def access_token(request: Request) -> JSONResponse:
    """Give a token to a client that proves its secret. The quota is not touched."""
    here = context(request)
    asked = await _asked(request, here)
    if not asked.grant:
        raise Invalid("grant_type", "Is required.")
    if asked.grant != GRANT:
        raise Invalid("grant_type", UNSUPPORTED)
    client = await _prove(request, here, asked.places)
    life = parts(request).token_life_s
    token, now = here.ids.token(TOKEN_BYTES), here.clock.wall()
    expires = now + life * US_PER_SECOND
    await here.database.write(
        lambda connection: clients.add_token(connection, client, token, wall=now, expires_at=expires)
    )
    standing(request).quota = await here.database.read(
        lambda connection: quotas.read(connection, client.client_id, client.rule, now)
    )
    return JSONResponse(_shown(client, token, now, life), headers=NO_STORE)


def _shown(client: Client, token: str, now: int, life: int) -> Json:
    return {
        "refresh_token_expires_in": "0",
        "api_product_list": f"[{', '.join(PRODUCTS)}]",
        "api_product_list_json": PRODUCTS,
        "organization_name": "offhook",
        "developer.email": "",
        "token_type": "Bearer",
        "issued_at": str(now // 1000),
        "client_id": client.client_id,
        "access_token": token,
        "application_name": client.name,
        "scope": "",
        "expires_in": str(life - 1),
        "refresh_count": "0",
        "status": "approved",
    }


async def _asked(request: Request, here: HttpContext) -> _Asked:
    """What the request says in its three places. Raises Invalid where they differ in the grant."""
    form = await read_fields(request, here.max_body)
    query = request.query_params
    grants = {text for text in (form.get("grant_type"), *query.getlist("grant_type")) if text}
    if len(grants) > 1:
        raise Invalid("grant_type", "is given twice with different values")
    # Programs that renew a token may send the old one along: it is no credential here.
    places = [keys.in_header(request) if keys.scheme(request) == "basic" else None]
    for source in (form, dict(query)):
        if "client_id" in source:
            places.append(Given(source["client_id"], source.get("client_secret", "")))
    return _Asked(next(iter(grants), None), places)


async def _prove(request: Request, here: HttpContext, places: list[Given | None]) -> Client:
    """The client of these credentials. Raises `Unauthorised`, `Throttled` for who has guessed too often."""
    given = [each for each in places if each is not None]
    if not given:
        raise Unauthorised("The request has no client_id and client_secret.")
    first = given[0]
    if not all(each.agrees(first) for each in given[1:]):
        raise Unauthorised("The request has credentials in several places that differ.")
    source = request.client.host if request.client else ""
    found = None
    if is_id(first.key):
        found = await here.database.read(lambda connection: clients.get(connection, first.key))
    if found is None or not found.enabled:
        _refuse(here, source, first)
    if here.secrets.known(first.secret, [found.secret_hash]):
        return found
    likely = here.secrets.may_be(first.secret, found.secret_hint)
    if likely is None and here.limits.guesses(here.clock.now(), source, first.key):
        _refuse(here, source, first)
    if likely is False or not await here.secrets.verify(first.secret, [found.secret_hash]):
        _refuse(here, source, first)
    return found


def _refuse(here: HttpContext, source: str, given: Given) -> NoReturn:
    here.limits.wrong(here.clock.now(), source, given.key)
    raise Unauthorised(WRONG)
