"""`POST /number/buy`, `/number/cancel` and `/number/update`.

The verbs `buy`, `cancel` and `update` take an account and parameters as text, wherever those came from.
"""

from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection

from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.http.auth import by_key
from offhook.http.body import read_fields
from offhook.http.context import HttpContext, context
from offhook.http.declared import Json, answers, inline
from offhook.http.models import Body, check
from offhook.http.numbers.refusals import Status, refusals
from offhook.http.numbers.schemas import NumberForm, UpdateForm
from offhook.http.numbers.update import apply
from offhook.storage import inventory
from offhook.storage.records import Account

router = APIRouter()
Owner = Annotated[Account, Depends(by_key)]
DONE = {"error-code": "200", "error-code-label": "success"}
DECLARED = {**answers(200, "Done.", Status), **refusals()}


def _form(model: type[Body]) -> Json:
    """`openapi_extra` of a route that reads a form."""
    schema = inline(model.model_json_schema(mode="validation", by_alias=True))
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/number/buy",
    summary="Buy a number",
    response_model=None,
    responses=DECLARED,
    openapi_extra=_form(NumberForm),
)
async def buy_number(request: Request, account: Owner) -> JSONResponse:
    """Takes a number out of the inventory for the account. Of two buyers one gets 420."""
    await buy(context(request), account, await _fields(request))
    return JSONResponse(DONE)


@router.post(
    "/number/cancel",
    summary="Give a number back",
    response_model=None,
    responses=DECLARED,
    openapi_extra=_form(NumberForm),
)
async def cancel_number(request: Request, account: Owner) -> JSONResponse:
    """The number goes back to the inventory; calls to it are not answered any more."""
    await cancel(context(request), account, await _fields(request))
    return JSONResponse(DONE)


@router.post(
    "/number/update",
    summary="Change a number",
    response_model=None,
    responses=DECLARED,
    openapi_extra=_form(UpdateForm),
)
async def update_number(request: Request, account: Owner) -> JSONResponse:
    """Links it to an application or to none, and sets where its calls go otherwise."""
    await update(context(request), account, await _fields(request))
    return JSONResponse(DONE)


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


async def _fields(request: Request) -> dict[str, str]:
    """The parameters: a form, whatever its Content-Type says; old clients have them in the query."""
    return {**request.query_params, **await read_fields(request, context(request).max_body)}
