"""`/applications` of the wrapper: create, list, show, replace and delete, in the shape of version 1.

POST takes a form or JSON, PUT its fields from the query, and from a body where a client sends one.
"""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from offhook.core.errors import Invalid
from offhook.http.accept import takes_json
from offhook.http.applications import verbs
from offhook.http.applications.flat import FlatBody, read_flat, render_flat
from offhook.http.applications.flat_shown import FlatApplication, FlatPage
from offhook.http.context import context
from offhook.http.declared import Json, inline, looks_at
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import FORM, check_kind, check_version, etag, make, page, remove
from offhook.http.kpn.declared import IF_MATCH, answers, refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.paging import IndexQuery
from offhook.storage.records import Application

PATH = BASE + "/applications"
SHOWN_AT = "/applications"
"""What the links of applications begin with: they are below the wrapper's base."""
router = APIRouter(prefix=PATH, tags=["KPN Applications"], dependencies=[Depends(takes_json)])
_SCHEMA = inline(FlatBody.model_json_schema(mode="validation"))
_BODY: Json = {"content": {FORM: {"schema": _SCHEMA}, "application/json": {"schema": _SCHEMA}}}


class KpnPage(FlatPage):
    """One page of the client's applications."""

    record_index: int
    """How many applications come before this page."""


@router.post(
    "",
    summary="Create an application",
    response_model=None,
    status_code=201,
    responses={**answers(201, "The application.", FlatApplication), **refusals(413, 415)},
    openapi_extra=with_headers({"requestBody": {**_BODY, "required": True}}),
)
async def create(request: Request, project: Owner) -> JSONResponse:
    """Makes an application and a key pair, whose private half stays with the platform."""
    body = await _body(request)
    return _answer(await make(request, project, body.draft()), 201)


@router.get(
    "",
    summary="List applications",
    response_model=None,
    responses={**answers(200, "One page of applications.", KpnPage), **refusals()},
    openapi_extra=with_headers(looks_at(IndexQuery)),
)
async def listing(request: Request, project: Owner) -> JSONResponse:
    """The client's applications, oldest first."""
    return JSONResponse(await page(request, project, PATH, _flat))


@router.get(
    "/{uuid}",
    summary="Show an application",
    response_model=None,
    responses={**answers(200, "The application.", FlatApplication), **refusals(404)},
    openapi_extra=with_headers(),
)
async def show(request: Request, project: Owner, uuid: str) -> JSONResponse:
    """One application; its ETag names this version of it."""
    return _answer(await verbs.find(context(request), project.account, uuid))


@router.put(
    "/{uuid}",
    summary="Replace an application",
    response_model=None,
    responses={**answers(200, "The application.", FlatApplication), **refusals(404, 412, 413, 415)},
    openapi_extra=with_headers({**looks_at(FlatBody), "requestBody": _BODY}, IF_MATCH),
)
async def update(request: Request, project: Owner, uuid: str) -> JSONResponse:
    """Sets name and webhooks; the key, and what this shape cannot say, stay."""
    here = context(request)
    before = await verbs.find(here, project.account, uuid)
    check_version(request, before)
    body = await _body(request)
    named = "if-match" in request.headers
    return _answer(await verbs.change(here, before, body.draft, unchanged=named))


@router.delete(
    "/{uuid}",
    summary="Delete an application",
    response_class=Response,
    response_model=None,
    status_code=204,
    responses={**answers(204, "It is gone."), **refusals(404, 412)},
    openapi_extra=with_headers(None, IF_MATCH),
)
async def delete(request: Request, project: Owner, uuid: str) -> Response:
    """Its numbers are unlinked, its live calls go on to their end."""
    await remove(request, project, uuid)
    return Response(status_code=204)


async def _body(request: Request) -> FlatBody:
    check_kind(request)
    body = await read_flat(request, context(request).max_body)
    if body.type == "voice" and body.answer_url is None:
        raise Invalid("answer_url", "Is required.")
    return body


def _flat(application: Application) -> Json:
    return render_flat(application, SHOWN_AT)


def _answer(application: Application, status: int = 200) -> JSONResponse:
    return JSONResponse(_flat(application), status_code=status, headers={"ETag": etag(application)})
