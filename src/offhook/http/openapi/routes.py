"""`/openapi.json`, `/openapi/{name}.json`, and the pages `/openapi` and `/openapi/{name}`.

Nothing of an installation is in them but its public address. From the machine itself they are open, as
/metrics is; from elsewhere they want any credentials that some API takes.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from offhook.core.errors import NotFound
from offhook.core.tasks import outside
from offhook.http.auth import by_any
from offhook.http.context import context
from offhook.http.errors import VOICE, Family
from offhook.http.health import is_loopback
from offhook.http.openapi import page
from offhook.http.openapi.api import Api, named
from offhook.http.openapi.documents import index, shown

CHALLENGE = Family("/openapi", VOICE.body, 'Basic realm="Offhook"')
"""A browser that is told Basic asks its user for key and secret."""
KEPT = {"Cache-Control": "private, max-age=86400"}
router = APIRouter(include_in_schema=False)


async def reader(request: Request) -> Sequence[Api]:
    """The APIs of the application, for somebody who may read about them. Raises `Unauthorised`."""
    if not is_loopback(request):
        await by_any(request)
    found: Sequence[Api] = request.app.state.apis
    return found


@router.get("/openapi.json")
async def all_documents(request: Request) -> JSONResponse:
    """Where every document is."""
    return JSONResponse(index(await reader(request), context(request).public_url))


@router.get("/openapi")
async def front(request: Request) -> HTMLResponse:
    """Links to every page."""
    return HTMLResponse(page.contents(await reader(request)), headers=page.HEADERS)


@router.get("/openapi/assets/{name}")
async def asset(request: Request, name: str) -> Response:
    """A script, a style or a picture of the pages."""
    await reader(request)
    found = await outside(page.asset, name)
    if found is None:
        raise NotFound(f"The pages have no file '{name[:60]}'.")
    return Response(found[0], media_type=found[1], headers={**page.HEADERS, **KEPT})


@router.get("/openapi/{name}.json")
async def one_document(request: Request, name: str) -> JSONResponse:
    """The document of one API."""
    api = _find(await reader(request), name)
    return JSONResponse(await outside(shown, api, context(request).public_url))


@router.get("/openapi/{name}")
async def one_page(request: Request, name: str) -> HTMLResponse:
    """One API, to read and to try."""
    return HTMLResponse(page.reference(_find(await reader(request), name)), headers=page.HEADERS)


def _find(apis: Sequence[Api], name: str) -> Api:
    found = named(apis, name)
    if found is None:
        known = ", ".join(api.name for api in apis)
        raise NotFound(f"There is no document '{name[:60]}'; there are: {known}.")
    return found
