"""Who makes a request: an application by its token, or an account by key and secret.

Voice and files take `Authorization: Bearer <JWT>` of an application; Applications take HTTP Basic. Nothing
else about a refused request is told but 401; the reason goes to the log. See docs/specs/http.md §1.
"""

import base64
import binascii
import logging
from dataclasses import dataclass

from fastapi import Request

from offhook.http.context import HttpContext, context, is_id
from offhook.http.errors import Forbidden, Unauthorised
from offhook.security import jwt
from offhook.storage import accounts, applications
from offhook.storage.records import Account, Application

log = logging.getLogger("offhook.http")


@dataclass(frozen=True, slots=True)
class Caller:
    """An application that has proven who it is."""

    application: Application
    principal: jwt.Principal


async def by_token(request: Request) -> Caller:
    """The application whose token the request carries. Raises `Unauthorised`, or `Forbidden` by its ACL."""
    token = _credentials(request, "bearer")
    here = context(request)
    path = request.scope["path"]  # not request.url: the Host header could bend that
    try:
        application = await _application(here, jwt.application_of(token))
        principal = jwt.verify(token, application.public_key, here.clock.wall())
    except jwt.TokenError as error:
        raise Unauthorised(str(error)) from None
    if not principal.allows(request.method, path):
        log.info("%s %r refused: outside the token's acl", request.method, path)
        raise Forbidden("The acl of this token does not open this path.")
    return Caller(application, principal)


async def by_secret(request: Request) -> Account:
    """The account whose key and secret the request carries. Raises `Unauthorised`."""
    encoded = _credentials(request, "basic")
    try:
        key, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unauthorised("The Basic credentials are not base64.") from None
    if not is_id(key):
        raise Unauthorised("The API key is not one.")
    here = context(request)
    account = await here.database.read(lambda connection: accounts.by_api_key(connection, key))
    stored = [] if account is None else await _hashes(here, account)
    if not await here.secrets.verify(secret, stored) or account is None:
        raise Unauthorised("The API key or secret is wrong.")
    return account


async def _hashes(here: HttpContext, account: Account) -> list[str]:
    live = await here.database.read(lambda connection: accounts.secrets(connection, account.account_id))
    return [secret.hash for secret in live]


async def _application(here: HttpContext, application_id: str) -> Application:
    found = None
    if is_id(application_id):
        found = await here.database.read(lambda connection: applications.get(connection, application_id))
    if found is None:
        raise jwt.TokenError(f"no application {application_id[:60]!r} exists")
    return found


def _credentials(request: Request, scheme: str) -> str:
    given, _, value = request.headers.get("authorization", "").partition(" ")
    if given.lower() != scheme or not value.strip():
        raise Unauthorised(
            f"The request needs an Authorization header with {scheme.capitalize()} credentials."
        )
    return value.strip()
