"""What can be done with numbers, whoever asks: the verbs of the Numbers API and of the KPN wrapper.

They take an account and parameters as text, wherever those came from.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.http.context import HttpContext
from offhook.http.models import check
from offhook.http.numbers import shown
from offhook.http.numbers.schemas import AvailableQuery, NumberForm, OwnedQuery, UpdateForm
from offhook.http.numbers.update import apply
from offhook.storage import inventory, numbers
from offhook.storage.records import Account


async def owned(here: HttpContext, account: Account, query: QueryParams) -> dict[str, Any]:
    """One page of an account's numbers. Raises `InvalidFields`."""
    wanted = check(OwnedQuery, given(query))
    page = await here.database.read(
        lambda connection: numbers.list(
            connection,
            account_id=account.account_id,
            application_id=wanted.application_id,
            has_application=wanted.has_application,
            country=wanted.country,
            pattern=wanted.pattern,
            search_pattern=int(wanted.search_pattern),
            page_size=wanted.size,
            record_index=wanted.offset,
        )
    )
    return {"count": page.total, "numbers": [shown.owned(each) for each in page.rows]}


async def available(here: HttpContext, account: Account, query: QueryParams) -> dict[str, Any]:
    """One page of what an account may buy. Raises `InvalidFields`."""
    wanted = check(AvailableQuery, given(query))
    page = await here.database.read(
        lambda connection: inventory.list(
            connection,
            account_id=account.account_id,
            country=wanted.country,
            kind=wanted.type,
            features=wanted.features,
            pattern=wanted.pattern,
            search_pattern=int(wanted.search_pattern),
            page_size=wanted.size,
            record_index=wanted.offset,
        )
    )
    return {"count": page.total, "numbers": [shown.to_buy(each) for each in page.rows]}


async def buy(here: HttpContext, account: Account, fields: Mapping[str, str]) -> None:
    """Raises `InvalidFields`, and `Conflict` when the number cannot be had."""
    form, now = _own(account, fields), here.clock.wall()
    who = account.account_id
    await _change(
        here, lambda c: inventory.buy(c, form.msisdn, account_id=who, country=form.country, now=now)
    )


async def cancel(here: HttpContext, account: Account, fields: Mapping[str, str]) -> None:
    """Raises `InvalidFields`, and `Conflict` for a number of somebody else."""
    form, now = _own(account, fields), here.clock.wall()
    who = account.account_id
    await _change(
        here, lambda c: inventory.cancel(c, form.msisdn, account_id=who, country=form.country, now=now)
    )


async def update(here: HttpContext, account: Account, fields: Mapping[str, str]) -> None:
    """Raises `InvalidFields` and Invalid, and `Conflict` for a number of somebody else."""
    form = check(UpdateForm, dict(fields))
    await _change(here, lambda c: apply(c, account.account_id, form))


def given(query: QueryParams) -> dict[str, str]:
    """The parameters that say something."""
    return {name: value for name, value in query.items() if value}


async def _change(here: HttpContext, work: Callable[[Connection], object]) -> None:
    try:
        await here.database.write(work)
    except NotFound as error:
        raise Conflict(str(error)) from None


def _own(account: Account, fields: Mapping[str, str]) -> NumberForm:
    form = check(NumberForm, dict(fields))
    if form.target_api_key and form.target_api_key != account.api_key:
        raise Invalid("target_api_key", "is not an account of yours; leave it out to mean your own")
    return form
