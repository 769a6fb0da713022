"""`GET /account/numbers` and `GET /number/search`: numbers of the account, and numbers it may buy."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import QueryParams

from offhook.http.auth import by_key
from offhook.http.context import HttpContext, context
from offhook.http.declared import answers, looks_at
from offhook.http.models import check
from offhook.http.numbers import shown
from offhook.http.numbers.refusals import refusals
from offhook.http.numbers.schemas import AvailableQuery, OwnedQuery
from offhook.storage import inventory, numbers
from offhook.storage.records import Account

router = APIRouter()
Owner = Annotated[Account, Depends(by_key)]


@router.get(
    "/account/numbers",
    summary="List the account's numbers",
    response_model=None,
    responses={**answers(200, "One page of numbers.", shown.OwnedNumbers), **refusals()},
    openapi_extra=looks_at(OwnedQuery),
)
async def list_owned(request: Request, account: Owner) -> JSONResponse:
    """Every filter that is given has to fit. `count` is of all pages."""
    return JSONResponse(await owned(context(request), account, request.query_params))


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


@router.get(
    "/number/search",
    summary="Search numbers to buy",
    response_model=None,
    responses={**answers(200, "One page of the inventory.", shown.NumbersToBuy), **refusals()},
    openapi_extra=looks_at(AvailableQuery),
)
async def search(request: Request, account: Owner) -> JSONResponse:
    """Numbers that the operator offers, with what they cost."""
    return JSONResponse(await available(context(request), account, request.query_params))


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


def given(query: QueryParams) -> dict[str, str]:
    """The parameters that say something."""
    return {name: value for name, value in query.items() if value}
