"""`/applications` of the wrapper, in the flat shape of version 1.

POST takes a form or JSON, PUT its fields from the query, and from a body where a client sends one.
"""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from offhook.core.errors import Invalid
from offhook.http.accept import takes_json
from offhook.http.applications import verbs
from offhook.http.applications.flat import FlatBody, read_flat, render_flat
from offhook.http.applications.flat_shown import FlatApplication, FlatPage
from offhook.http.context import context
from offhook.http.declared import Json, inline, looks_at
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import FORM, check_kind, check_version, make
from offhook.http.kpn.declared import IF_MATCH, answers, refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.kpn.shapes import Shape, serve
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


def _flat(application: Application) -> Json:
    return render_flat(application, SHOWN_AT)


SHAPE = Shape(PATH, _flat, FlatApplication, KpnPage)
serve(router, SHAPE)


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
    return SHAPE.answer(await make(request, project, body.draft()), 201)


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
    return SHAPE.answer(await verbs.change(here, before, body.draft, unchanged=named))


async def _body(request: Request) -> FlatBody:
    check_kind(request)
    body = await read_flat(request, context(request).max_body)
    if body.type == "voice" and body.answer_url is None:
        raise Invalid("answer_url", "Is required.")
    return body
