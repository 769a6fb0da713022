"""Who makes a request: an application by its token, or an account by key and secret.

`by_token` is for the Voice API, users and files, `by_secret` for applications (HTTP Basic), `by_key` where
old clients put key and secret into the query or the body as well. All raise `Unauthorised`, about which
nothing else is told but 401; the reason goes to the log. Credentials of several kinds have to agree.
See docs/specs/http.md §1.
"""

import logging
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import Connection

from offhook.http import keys
from offhook.http.context import HttpContext, as_stored, context, is_id
from offhook.http.errors import Forbidden, Unauthorised
from offhook.security import jwt
from offhook.storage import accounts, applications
from offhook.storage.records import Account, Application

log = logging.getLogger("offhook.http")
SUSPENDED = "The account is suspended; whoever runs this platform can resume it."


@dataclass(frozen=True, slots=True)
class Principal:
    """Who has proven who it is: an account, or one application of it."""

    account: Account
    application: Application | None = None
    subject: str | None = None
    """The user's name (`sub` of a token); None is the application or the account itself."""

    @property
    def who(self) -> str:
        """The id that requests are counted by."""
        return self.application.application_id if self.application else self.account.account_id


@dataclass(frozen=True, slots=True)
class Caller:
    """An application that has proven who it is."""

    application: Application
    principal: jwt.Principal
    account: Account


async def by_token(request: Request) -> Caller:
    """The application whose token the request carries. Raises `Unauthorised`, or `Forbidden` by its ACL."""
    token = _bearer(request)
    here = context(request)
    path = request.scope["path"]  # not request.url: the Host header could bend that
    try:
        account, application = await _application(here, jwt.application_of(token))
        principal = jwt.verify(token, application.public_key, here.clock.wall())
    except jwt.TokenError as error:
        raise Unauthorised(str(error)) from None
    named = keys.in_query(request)
    if named is not None and named.key != account.api_key:
        raise Unauthorised("The token and the api_key of the query belong to different accounts.")
    if not principal.allows(request.method, path):
        log.info("%s %r refused: outside the token's acl", request.method, path)
        raise Forbidden("The acl of this token does not open this path.")
    _admit(request, Principal(account, application, principal.subject))
    return Caller(application, principal, account)


async def by_secret(request: Request) -> Account:
    """The account whose key and secret are in the Authorization header."""
    given = keys.in_header(request)
    if given is None:
        raise Unauthorised("The request needs an Authorization header with Basic credentials.")
    return await _account(request, [given, keys.in_query(request)])


async def by_key(request: Request) -> Account:
    """The account whose key and secret are in the header, or `api_key` and `api_secret` in query or body.

    For the paths of old APIs. Raises `TooLarge` for a body above the limit.
    """
    places = [keys.in_header(request), keys.in_query(request)]
    if not any(places) or request.method in ("POST", "PUT"):
        places.append(await keys.in_body(request, context(request).max_body))
    return await _account(request, places)


async def by_any(request: Request) -> Principal:
    """Whoever makes the request, by token or by key and secret."""
    if keys.scheme(request) == "bearer":
        caller = await by_token(request)
        return Principal(caller.account, caller.application, caller.principal.subject)
    return Principal(await by_key(request))


async def _account(request: Request, places: list[keys.Given | None]) -> Account:
    account = await keys.prove(request, places)
    _admit(request, Principal(account))
    return account


def _admit(request: Request, principal: Principal) -> None:
    """The last looks, at somebody who is known. Raises `Forbidden`, `Throttled`."""
    if principal.account.suspended_at is not None:
        raise Forbidden(SUSPENDED)
    here = context(request)
    here.limits.request(here.clock.now(), principal.who, request.method, request.scope["path"])


async def _application(here: HttpContext, application_id: str) -> tuple[Account, Application]:
    found = None
    if is_id(application_id):
        found = await here.database.read(lambda connection: _owned(connection, as_stored(application_id)))
    if found is None:
        raise jwt.TokenError(f"no application {application_id[:60]!r} exists")
    return found


def _owned(connection: Connection, application_id: str) -> tuple[Account, Application] | None:
    application = applications.get(connection, application_id)
    account = accounts.get(connection, application.account_id) if application else None
    return (account, application) if account and application else None


def _bearer(request: Request) -> str:
    value = keys.authorization(request)
    given, _, token = value.partition(" ")
    if given.lower() != "bearer" or not token.strip():
        raise Unauthorised("The request needs an Authorization header with Bearer credentials.")
    return token.strip()
