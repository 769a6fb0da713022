"""API key and secret of a request: where they may be, and whether they are right.

New clients send HTTP Basic (RFC 7617); old ones put `api_key` and `api_secret` into the query, or into the
body of a POST or PUT. Whoever guesses is slowed down, per source and key (`limits.py`).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastapi import Request
from sqlalchemy import Connection

from offhook.core.errors import NotFound
from offhook.http.body import read_fields
from offhook.http.context import HttpContext, context, is_id
from offhook.http.errors import Unauthorised
from offhook.security.passwords import equal
from offhook.storage import accounts
from offhook.storage.accounts import ApiSecret
from offhook.storage.records import Account

WRONG = "The API key or secret is wrong."


@dataclass(frozen=True, slots=True)
class Given:
    """A key and a secret as a request gave them; nothing is known of either."""

    key: str
    secret: str = field(repr=False)

    def agrees(self, other: "Given") -> bool:
        return self.key == other.key and equal(self.secret, other.secret)


def authorization(request: Request) -> str:
    """The one Authorization header, or "". Raises `Unauthorised` for several: which one would count?"""
    lines = request.headers.getlist("authorization")
    if len(lines) > 1:
        raise Unauthorised("The request has several Authorization headers.")
    return lines[0] if lines else ""


def scheme(request: Request) -> str:
    """What the Authorization header is, in lower case; "" without one."""
    return authorization(request).partition(" ")[0].lower()


def in_header(request: Request) -> Given | None:
    """Basic credentials. Raises `Unauthorised` for a header that has no such."""
    given, _, encoded = authorization(request).partition(" ")
    if not given:
        return None
    if given.lower() != "basic":
        raise Unauthorised("The Authorization header holds no Basic credentials.")
    try:
        key, _, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unauthorised("The Basic credentials are not base64.") from None
    return Given(key, secret)


def in_query(request: Request) -> Given | None:
    """`api_key` and `api_secret` of the query. Raises `Unauthorised` for one that comes twice."""
    query = request.query_params
    found = query.getlist("api_key"), query.getlist("api_secret")
    if max(map(len, found)) > 1:
        raise Unauthorised("The query names several API keys or secrets.")
    key, secret = found
    return Given(key[0], secret[0] if secret else "") if key else None


async def in_body(request: Request, limit: int) -> Given | None:
    """`api_key` and `api_secret` of a form or a JSON object. Raises `TooLarge`."""
    fields = await read_fields(request, limit)
    key = fields.get("api_key")
    return None if key is None else Given(key, fields.get("api_secret", ""))


async def prove(request: Request, places: Sequence[Given | None]) -> Account:
    """The account of the credentials that these places hold. Raises `Unauthorised`, `Throttled`."""
    given = [each for each in places if each is not None]
    if not given:
        raise Unauthorised("The request has no API key and secret.")
    if not all(each.agrees(given[0]) for each in given[1:]):
        raise Unauthorised("The request has credentials of several kinds that differ.")
    if not is_id(given[0].key):
        raise Unauthorised("The API key is not one.")
    return await _proven(context(request), given[0], request.client.host if request.client else "")


async def _proven(here: HttpContext, given: Given, source: str) -> Account:
    found = await here.database.read(lambda connection: _stored(connection, given.key))
    if found is not None and await _right(here, given, source, found[1]):
        return found[0]
    here.limits.wrong(here.clock.now(), source, given.key)
    raise Unauthorised(WRONG)


async def _right(here: HttpContext, given: Given, source: str, stored: Sequence[ApiSecret]) -> bool:
    """Whether the secret is one of the live ones; hashed only where that may change the answer."""
    if here.secrets.known(given.secret, [each.hash for each in stored]):
        return True
    slowed = here.limits.guesses(here.clock.now(), source, given.key)
    for each in stored:
        may_be = here.secrets.may_be(given.secret, each.hint)
        if may_be is False or (may_be is None and slowed):
            continue
        if await here.secrets.verify(given.secret, [each.hash]):
            if each.hint is None:
                await _keep_hint(here, given, each)
            return True
    return False


def _stored(connection: Connection, key: str) -> tuple[Account, tuple[ApiSecret, ...]] | None:
    account = accounts.by_api_key(connection, key)
    return None if account is None else (account, accounts.secrets(connection, account.account_id))


async def _keep_hint(here: HttpContext, given: Given, stored: ApiSecret) -> None:
    """The secret was stored without a hint and is known to be right: from now on guesses cost nothing."""
    hint = here.secrets.hint(given.secret)
    if hint is None:
        return
    try:
        await here.database.write(lambda connection: accounts.keep_hint(connection, stored.secret_id, hint))
    except NotFound:
        return  # revoked at this moment
