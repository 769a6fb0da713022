"""`/applications/v2` of the wrapper: applications in the shape of the Applications API, version 2.

There is no PUT here. The private key of an application stays with the platform, as in the flat shape.
"""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from offhook.http.accept import takes_json
from offhook.http.applications import routes as version_2
from offhook.http.applications.schemas import ApplicationBody
from offhook.http.applications.shown import EmbeddedApplications, ShownApplication
from offhook.http.context import context
from offhook.http.declared import Json, PageLinks, Shown, reads
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import make
from offhook.http.kpn.declared import answers, refusals, with_headers
from offhook.http.kpn.parts import BASE
from offhook.http.kpn.shapes import Shape, serve
from offhook.http.models import read_model
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


def render(application: Application) -> Json:
    """As version 2 shows it, at the wrapper's address."""
    links = {"self": {"href": f"{SHOWN_AT}/{application.application_id}"}}
    return {**version_2.render(application), "_links": links}


SHAPE = Shape(PATH, render, ShownApplication, KpnPageV2, " of version 2")
serve(router, SHAPE)


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
    return SHAPE.answer(await make(request, project, body.draft()), 201)
