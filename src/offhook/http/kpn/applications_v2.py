"""`/applications/v2` of the wrapper: applications in the shape of the Applications API, version 2.

There is no PUT here. The private key of an application stays with the platform, as in the flat shape.
"""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from offhook.http.accept import takes_json
from offhook.http.applications import routes as version_2
from offhook.http.applications import verbs
from offhook.http.applications.schemas import ApplicationBody
from offhook.http.applications.shown import EmbeddedApplications, ShownApplication
from offhook.http.context import context
from offhook.http.declared import Json, PageLinks, Shown, looks_at, reads
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import etag, make, page, remove
from offhook.http.kpn.declared import IF_MATCH, answers, refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.models import read_model
from offhook.http.paging import IndexQuery
from offhook.storage.records import Application

PATH = BASE + "/applications/v2"
SHOWN_AT = "/applications/v2"
router = APIRouter(prefix=PATH, tags=["KPN Applications"], dependencies=[Depends(takes_json)])


class KpnPageV2(Shown):
    """One page of the client's applications."""

    count: int
    """Applications on all pages."""
    page_size: int
    page_index: int
    """Which page this is, from 0."""
    record_index: int
    """How many applications come before this page."""
    embedded: EmbeddedApplications = Field(alias="_embedded")
    links: PageLinks = Field(alias="_links")


@router.post(
    "",
    summary="Create an application of version 2",
    response_model=None,
    status_code=201,
    responses={**answers(201, "The application.", ShownApplication), **refusals(413, 415)},
    openapi_extra=with_headers(reads(ApplicationBody, example=version_2.EXAMPLE)),
)
async def create(request: Request, project: Owner) -> JSONResponse:
    """Makes an application; without a public key also a pair, whose private half stays with the platform."""
    body = await read_model(request, ApplicationBody, context(request).max_body)
    return _answer(await make(request, project, body.draft()), 201)


@router.get(
    "",
    summary="List applications of version 2",
    response_model=None,
    responses={**answers(200, "One page of applications.", KpnPageV2), **refusals()},
    openapi_extra=with_headers(looks_at(IndexQuery)),
)
async def listing(request: Request, project: Owner) -> JSONResponse:
    """The client's applications, oldest first."""
    return JSONResponse(await page(request, project, PATH, render))


@router.get(
    "/{uuid}",
    summary="Show an application of version 2",
    response_model=None,
    responses={**answers(200, "The application.", ShownApplication), **refusals(404)},
    openapi_extra=with_headers(),
)
async def show(request: Request, project: Owner, uuid: str) -> JSONResponse:
    """One application; its ETag names this version of it."""
    return _answer(await verbs.find(context(request), project.account, uuid))


@router.delete(
    "/{uuid}",
    summary="Delete an application of version 2",
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


def render(application: Application) -> Json:
    """As version 2 shows it, at the wrapper's address."""
    links = {"self": {"href": f"{SHOWN_AT}/{application.application_id}"}}
    return {**version_2.render(application), "_links": links}


def _answer(application: Application, status: int = 200) -> JSONResponse:
    return JSONResponse(render(application), status_code=status, headers={"ETag": etag(application)})
