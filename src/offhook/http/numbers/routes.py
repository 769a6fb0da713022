"""The five paths of numbers, for whatever says whose they are: `/account/numbers` and `/number/…`.

The Numbers API has them for key and secret, the KPN wrapper for an access token below a base of its own.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from offhook.http.body import read_fields
from offhook.http.context import HttpContext, context
from offhook.http.declared import Answers, Json, answers, inline, looks_at
from offhook.http.models import Body
from offhook.http.numbers import operations, shown
from offhook.http.numbers.refusals import Status
from offhook.http.numbers.schemas import AvailableQuery, NumberForm, OwnedQuery, UpdateForm
from offhook.storage.records import Account

DONE = {"error-code": "200", "error-code-label": "success"}
Answer = Callable[..., Awaitable[JSONResponse]]
Declared = Callable[[int, str, Any], Answers]
Verb = Callable[[HttpContext, Account, Mapping[str, str]], Awaitable[None]]


def add_routes(
    router: APIRouter,
    whose: Callable[..., Awaitable[Account]],
    refusals: Answers,
    *,
    declared: Declared = answers,
    extra: Callable[[Json], Json] = lambda given: given,
) -> None:
    """Put the paths into a router. `whose` is the dependency that gives the account; `declared` and `extra`
    make the declarations of success and of requests what the API has.
    """

    def lists(path: str, summary: str, what: tuple[str, Any], query: type[Body], answer: Answer) -> None:
        router.get(
            path,
            summary=summary,
            response_model=None,
            responses={**declared(200, *what), **refusals},
            openapi_extra=extra(looks_at(query)),
        )(answer)

    def changes(path: str, summary: str, form: type[Body], answer: Answer) -> None:
        router.post(
            path,
            summary=summary,
            response_model=None,
            responses={**declared(200, "Done.", Status), **refusals},
            openapi_extra=extra(_form(form)),
        )(answer)

    async def list_owned(request: Request, account: Annotated[Account, Depends(whose)]) -> JSONResponse:
        """Every filter that is given has to fit. `count` is of all pages."""
        return JSONResponse(await operations.owned(context(request), account, request.query_params))

    async def search(request: Request, account: Annotated[Account, Depends(whose)]) -> JSONResponse:
        """Numbers that the operator offers, with what they cost."""
        return JSONResponse(await operations.available(context(request), account, request.query_params))

    async def buy_number(request: Request, account: Annotated[Account, Depends(whose)]) -> JSONResponse:
        """Takes a number out of the inventory for the account. Of two buyers one gets 420."""
        return await _done(request, account, operations.buy)

    async def cancel_number(request: Request, account: Annotated[Account, Depends(whose)]) -> JSONResponse:
        """The number goes back to the inventory; calls to it are not answered any more."""
        return await _done(request, account, operations.cancel)

    async def update_number(request: Request, account: Annotated[Account, Depends(whose)]) -> JSONResponse:
        """Links it to an application or to none, and sets where its calls go otherwise."""
        return await _done(request, account, operations.update)

    page, stock = (
        ("One page of numbers.", shown.OwnedNumbers),
        ("One page of the inventory.", shown.NumbersToBuy),
    )
    lists("/account/numbers", "List the account's numbers", page, OwnedQuery, list_owned)
    lists("/number/search", "Search numbers to buy", stock, AvailableQuery, search)
    changes("/number/buy", "Buy a number", NumberForm, buy_number)
    changes("/number/cancel", "Give a number back", NumberForm, cancel_number)
    changes("/number/update", "Change a number", UpdateForm, update_number)


async def _done(request: Request, account: Account, verb: Verb) -> JSONResponse:
    """Parameters are a form, whatever its Content-Type says; old clients have them in the query."""
    here = context(request)
    await verb(here, account, {**request.query_params, **await read_fields(request, here.max_body)})
    return JSONResponse(DONE)


def _form(model: type[Body]) -> Json:
    """`openapi_extra` of a route that reads a form."""
    schema = inline(model.model_json_schema(mode="validation", by_alias=True))
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
