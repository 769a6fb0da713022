"""What is alike in both shapes of applications: list, show and delete. How they are made and changed is not.

`applications` has the flat shape of version 1, `applications_v2` that of version 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from offhook.http.applications import verbs
from offhook.http.context import context
from offhook.http.declared import Json, looks_at
from offhook.http.kpn.access import Owner
from offhook.http.kpn.changes import etag, page, remove
from offhook.http.kpn.declared import IF_MATCH, answers, refusals, with_headers
from offhook.http.paging import IndexQuery
from offhook.storage.records import Application


@dataclass(frozen=True, slots=True)
class Shape:
    """How applications are shown at a path."""

    path: str
    render: Callable[[Application], Json]
    one: Any
    """The model of what `render` gives."""
    many: Any
    """The model of a page of it."""
    named: str = ""
    """What summaries say of it."""

    def answer(self, application: Application, status: int = 200) -> JSONResponse:
        """One application, with the tag of this version of it."""
        headers = {"ETag": etag(application)}
        return JSONResponse(self.render(application), status_code=status, headers=headers)


def serve(router: APIRouter, shape: Shape) -> None:
    """Put the three routes into a router that begins at the shape's path."""

    @router.get(
        "",
        summary=f"List applications{shape.named}",
        response_model=None,
        responses={**answers(200, "One page of applications.", shape.many), **refusals()},
        openapi_extra=with_headers(looks_at(IndexQuery)),
    )
    async def listing(request: Request, project: Owner) -> JSONResponse:
        """The client's applications, oldest first."""
        return JSONResponse(await page(request, project, shape.path, shape.render))

    @router.get(
        "/{uuid}",
        summary=f"Show an application{shape.named}",
        response_model=None,
        responses={**answers(200, "The application.", shape.one), **refusals(404)},
        openapi_extra=with_headers(),
    )
    async def show(request: Request, project: Owner, uuid: str) -> JSONResponse:
        """One application; its ETag names this version of it."""
        return shape.answer(await verbs.find(context(request), project.account, uuid))

    @router.delete(
        "/{uuid}",
        summary=f"Delete an application{shape.named}",
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
