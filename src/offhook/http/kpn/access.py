"""Who makes a request of the wrapper: a client by its access token, and one of its applications by a header.

A client acts for an account, so that account's applications are the ones it has. Programs never hold the key
of an application: the token proves the client, `ApplicationId` names the application. Every request with a
good token counts in the client's quota, whatever its outcome. See docs/specs/kpn.md §1.
"""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection

from offhook.core.clock import US_PER_SECOND
from offhook.core.errors import Invalid
from offhook.http import keys
from offhook.http.applications import verbs
from offhook.http.auth import SUSPENDED, Caller
from offhook.http.context import HttpContext, context
from offhook.http.errors import Forbidden, Throttled, Unauthorised
from offhook.http.kpn.gateway import standing
from offhook.http.kpn.parts import VERSION
from offhook.security import jwt
from offhook.storage import accounts, clients, quotas
from offhook.storage.clients import Client
from offhook.storage.records import Account

SCHEMES = ("bearer", "bearertoken")
MAX_TOKEN = 512
_VERSION = re.compile(r"v?1(\.[0-9]{1,4}){0,2}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Project:
    """A client that has proven who it is, and the account it acts for."""

    client: Client
    account: Account


async def by_project(request: Request) -> Project:
    """The client whose access token the request carries. Raises `Unauthorised`, `Throttled`, `Forbidden`."""
    here = context(request)
    token = _token(request)
    now = here.clock.wall()
    found = await here.database.read(lambda connection: _known(connection, token, now))
    if found is None:
        raise Unauthorised("The access token is unknown or over.")
    await _count(request, here, found.client)
    if found.account.suspended_at is not None:
        raise Forbidden(SUSPENDED)
    _check_version(request)
    here.limits.request(here.clock.now(), found.account.account_id, request.method, request.scope["path"])
    return found


Owner = Annotated[Project, Depends(by_project)]


async def by_application(request: Request, project: Owner) -> Caller:
    """The application that the `ApplicationId` header names. Raises Invalid, `NotFound`."""
    named = request.headers.getlist("applicationid")
    if len(named) != 1 or not named[0].strip():
        raise Invalid("ApplicationId", "Is required: send the header once, with the id of an application.")
    here = context(request)
    application = await verbs.find(here, project.account, named[0].strip())
    now = here.clock.wall() // US_PER_SECOND
    principal = jwt.Principal(application.application_id, None, None, now, now, "")
    return Caller(application, principal, project.account)


Application_ = Annotated[Caller, Depends(by_application)]


async def _count(request: Request, here: HttpContext, client: Client) -> None:
    """One request of the client's quota. Raises `Throttled` when there is none left."""
    rule, now = client.rule, here.clock.wall()
    granted, quota = await here.database.write(
        lambda connection: quotas.take(connection, client.client_id, rule, now)
    )
    standing(request).quota = quota
    if not granted:
        raise Throttled(
            f"The quota of {rule.limit} requests is used up until the time in quota-reset-UTC.",
            retry_after=-(-(quota.resets_at - now) // US_PER_SECOND),
        )


def _known(connection: Connection, token: str, wall: int) -> Project | None:
    client = clients.by_token(connection, token, wall)
    account = accounts.get(connection, client.account_id) if client else None
    return Project(client, account) if client and account else None


def _token(request: Request) -> str:
    given, _, token = keys.authorization(request).partition(" ")
    if given.lower() not in SCHEMES or not token.strip():
        raise Unauthorised("The request needs an Authorization header with a Bearer access token.")
    if len(token) > MAX_TOKEN:
        raise Unauthorised("The access token is longer than any that was given out.")
    return token.strip()


def _check_version(request: Request) -> None:
    wanted = request.headers.get("api-version", "").strip()
    if wanted and _VERSION.fullmatch(wanted) is None:
        raise Invalid("api-version", f"is not served; send {VERSION}, or leave the header out")
