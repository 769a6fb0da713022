"""`/phone-numbers` of the wrapper: the Numbers API for whoever has an access token."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from offhook.http.accept import takes_json
from offhook.http.body import read_fields
from offhook.http.context import context
from offhook.http.declared import Json, inline, looks_at
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import FORM
from offhook.http.kpn.declared import answers, number_refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.models import Body
from offhook.http.numbers import changes, listings, shown
from offhook.http.numbers.refusals import Status
from offhook.http.numbers.schemas import AvailableQuery, NumberForm, OwnedQuery, UpdateForm

PATH = BASE + "/phone-numbers"
router = APIRouter(prefix=PATH, tags=["KPN Numbers"], dependencies=[Depends(takes_json)])
DONE = {**answers(200, "Done.", Status), **number_refusals()}


def _form(model: type[Body]) -> Json:
    schema = inline(model.model_json_schema(mode="validation", by_alias=True))
    return with_headers({"requestBody": {"required": True, "content": {FORM: {"schema": schema}}}})


@router.get(
    "/account/numbers",
    summary="List the client's numbers",
    response_model=None,
    responses={**answers(200, "One page of numbers.", shown.OwnedNumbers), **number_refusals()},
    openapi_extra=with_headers(looks_at(OwnedQuery)),
)
async def list_owned(request: Request, project: Owner) -> JSONResponse:
    """Every filter that is given has to fit. `count` is of all pages."""
    return JSONResponse(await listings.owned(context(request), project.account, request.query_params))


@router.get(
    "/number/search",
    summary="Search numbers to buy",
    response_model=None,
    responses={**answers(200, "One page of the inventory.", shown.NumbersToBuy), **number_refusals()},
    openapi_extra=with_headers(looks_at(AvailableQuery)),
)
async def search(request: Request, project: Owner) -> JSONResponse:
    """Numbers that the operator offers, with what they cost."""
    return JSONResponse(await listings.available(context(request), project.account, request.query_params))


@router.post(
    "/number/buy",
    summary="Buy a number",
    response_model=None,
    responses=DONE,
    openapi_extra=_form(NumberForm),
)
async def buy(request: Request, project: Owner) -> JSONResponse:
    """Takes a number out of the inventory. Of two buyers one gets 420."""
    await changes.buy(context(request), project.account, await _fields(request))
    return JSONResponse(changes.DONE)


@router.post(
    "/number/cancel",
    summary="Give a number back",
    response_model=None,
    responses=DONE,
    openapi_extra=_form(NumberForm),
)
async def cancel(request: Request, project: Owner) -> JSONResponse:
    """The number goes back to the inventory; calls to it are not answered any more."""
    await changes.cancel(context(request), project.account, await _fields(request))
    return JSONResponse(changes.DONE)


@router.post(
    "/number/update",
    summary="Change a number",
    response_model=None,
    responses=DONE,
    openapi_extra=_form(UpdateForm),
)
async def update(request: Request, project: Owner) -> JSONResponse:
    """Links it to an application or to none, and sets where its calls go otherwise."""
    await changes.update(context(request), project.account, await _fields(request))
    return JSONResponse(changes.DONE)


async def _fields(request: Request) -> dict[str, str]:
    return {**request.query_params, **await read_fields(request, context(request).max_body)}
