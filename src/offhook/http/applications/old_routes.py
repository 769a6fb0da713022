"""`/v1/applications`, the deprecated API: key and secret in header, query or body.

See docs/specs/http.md, "Applications, version 1".
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from offhook.http.accept import takes_json
from offhook.http.applications import verbs
from offhook.http.applications.flat import FlatBody, read_flat, render_flat
from offhook.http.applications.flat_shown import FlatApplication, FlatPage, MadeFlatApplication
from offhook.http.applications.shown import old_refusals
from offhook.http.auth import by_key
from offhook.http.context import context
from offhook.http.declared import answers, looks_at, reads
from offhook.http.paging import MAX_PAGE, MAX_PAGE_SIZE, IndexQuery, integer, page_links
from offhook.storage.records import Account

PATH = "/v1/applications"
router = APIRouter(prefix=PATH, tags=["Applications, version 1"], dependencies=[Depends(takes_json)])
Owner = Annotated[Account, Depends(by_key)]
EXAMPLE: dict[str, Any] = {
    "name": "Reception",
    "type": "voice",
    "answer_url": "https://ivr.example/answer",
    "event_url": "https://ivr.example/events",
}


@router.post(
    "",
    summary="Create an application",
    response_model=None,
    status_code=201,
    responses={**answers(201, "The application.", MadeFlatApplication), **old_refusals(400, 413)},
    openapi_extra=reads(FlatBody, example=EXAMPLE),
)
async def create(request: Request, account: Owner) -> JSONResponse:
    """Create an application. A pair of keys is made, and its private half shown once."""
    here = context(request)
    flat = await read_flat(request, here.max_body)
    application, pair = await verbs.make(here, account, flat.draft())
    return JSONResponse(render_flat(application, PATH, pair.private_key if pair else None), status_code=201)


@router.get(
    "",
    summary="List applications",
    response_model=None,
    responses={**answers(200, "One page.", FlatPage), **old_refusals(400)},
    openapi_extra=looks_at(IndexQuery),
)
async def listing(request: Request, account: Owner) -> dict[str, Any]:
    """One page of the account's applications, oldest first."""
    here = context(request)
    index = integer(request.query_params, "page_index", default=0, low=0, high=MAX_PAGE)
    size = integer(request.query_params, "page_size", default=10, low=1, high=MAX_PAGE_SIZE)
    found, pages = await verbs.find_page(here, account, size=size, index=index)
    return {
        "count": found.total,
        "page_size": size,
        "page_index": index,
        "_embedded": {"applications": [render_flat(each, PATH) for each in found.rows]},
        "_links": page_links(
            here.public_url + PATH, page=index, page_size=size, pages=pages, name="page_index", first=0
        ),
    }


@router.get(
    "/{application_id}",
    summary="Read an application",
    response_model=None,
    responses={**answers(200, "The application.", FlatApplication), **old_refusals(404)},
)
async def show(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """One application."""
    return render_flat(await verbs.find(context(request), account, application_id), PATH)


@router.put(
    "/{application_id}",
    summary="Change an application",
    response_model=None,
    responses={
        **answers(200, "The application as it is now.", FlatApplication),
        **old_refusals(400, 404, 413),
    },
    openapi_extra=reads(FlatBody, example=EXAMPLE),
)
async def update(request: Request, account: Owner, application_id: str) -> dict[str, Any]:
    """Replace the name and the webhooks; a webhook that is not given is cleared. The key stays."""
    here = context(request)
    before = await verbs.find(here, account, application_id)
    flat = await read_flat(request, here.max_body)
    return render_flat(await verbs.change(here, before, flat.draft), PATH)


@router.delete(
    "/{application_id}",
    summary="Delete an application",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "It is gone."), **old_refusals(404)},
)
async def delete(request: Request, account: Owner, application_id: str) -> Response:
    """Delete an application; its numbers are unlinked."""
    here = context(request)
    await verbs.remove(here, await verbs.find(here, account, application_id))
    return Response(status_code=204)
