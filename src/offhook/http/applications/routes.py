"""`/v2/applications`, authenticated with key and secret. See docs/specs/http.md §4."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from offhook.http.accept import takes_json
from offhook.http.applications import verbs
from offhook.http.applications.schemas import ApplicationBody
from offhook.http.applications.shown import ApplicationPage, MadeApplication, ShownApplication, problems
from offhook.http.auth import by_secret
from offhook.http.context import context
from offhook.http.declared import answers, looks_at, reads
from offhook.http.models import read_model
from offhook.http.paging import MAX_PAGE, MAX_PAGE_SIZE, PageQuery, integer, page_links
from offhook.storage.records import Account, Application

PATH = "/v2/applications"
router = APIRouter(prefix=PATH, tags=["Applications"], dependencies=[Depends(takes_json)])
Owner = Annotated[Account, Depends(by_secret)]
EXAMPLE: dict[str, Any] = {
    "name": "Reception",
    "capabilities": {
        "voice": {
            "webhooks": {
                "answer_url": {"address": "https://ivr.example/answer", "http_method": "GET"},
                "event_url": {"address": "https://ivr.example/events", "http_method": "POST"},
            }
        }
    },
}


@router.post(
    "",
    summary="Create an application",
    response_model=None,
    status_code=201,
    responses={**answers(201, "The application.", MadeApplication), **problems(400, 413, 415)},
    openapi_extra=reads(ApplicationBody, example=EXAMPLE),
)
async def create(request: Request, account: Owner) -> JSONResponse:
    """Create an application. Without a public key a pair is made and its private half shown once."""
    here = context(request)
    body = await read_model(request, ApplicationBody, here.max_body)
    application, pair = await verbs.make(here, account, body.draft())
    return JSONResponse(render(application, pair.private_key if pair else None), status_code=201)


@router.get(
    "",
    summary="List applications",
    response_model=None,
    responses={**answers(200, "One page.", ApplicationPage), **problems(400)},
    openapi_extra=looks_at(PageQuery),
)
async def listing(request: Request, account: Owner) -> dict[str, Any]:
    """One page of the account's applications, oldest first."""
    here = context(request)
    page = integer(request.query_params, "page", default=1, low=1, high=MAX_PAGE)
    size = integer(request.query_params, "page_size", default=10, low=1, high=MAX_PAGE_SIZE)
    found, pages = await verbs.find_page(here, account, size=size, index=page - 1)
    return {
        "page_size": size,
        "page": page,
        "total_items": found.total,
        "total_pages": pages,
        "_embedded": {"applications": [render(each) for each in found.rows]},
        "_links": page_links(here.public_url + PATH, page=page, page_size=size, pages=pages),
    }


@router.get(
    "/{application_id}",
    summary="Read an application",
    response_model=None,
    responses={**answers(200, "The application.", ShownApplication), **problems(404)},
)
async def show(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """One application."""
    return render(await verbs.find(context(request), account, application_id))


@router.put(
    "/{application_id}",
    summary="Replace an application",
    response_model=None,
    responses={
        **answers(200, "The application as it is now.", ShownApplication),
        **problems(400, 404, 413, 415),
    },
    openapi_extra=reads(ApplicationBody, example=EXAMPLE),
)
async def update(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """Replace an application. Without `keys.public_key` the present key stays."""
    here = context(request)
    before = await verbs.find(here, account, application_id)
    body = await read_model(request, ApplicationBody, here.max_body)
    draft = body.draft()
    return render(await verbs.change(here, before, lambda _: draft))


@router.delete(
    "/{application_id}",
    summary="Delete an application",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "It is gone."), **problems(404)},
)
async def delete(request: Request, account: Owner, application_id: str) -> Response:
    """Delete an application; its numbers are unlinked."""
    here = context(request)
    await verbs.remove(here, await verbs.find(here, account, application_id))
    return Response(status_code=204)


def render(application: Application, private_key: str | None = None) -> dict[str, Any]:
    """The application object; the private key only where it was just made."""
    shown: dict[str, Any] = {"public_key": application.public_key}
    if private_key is not None:
        shown["private_key"] = private_key
    return {
        "id": application.application_id,
        "name": application.name,
        "keys": shown,
        "privacy": application.privacy,
        "capabilities": application.capabilities,
        "_links": {"self": {"href": f"{PATH}/{application.application_id}"}},
    }
