"""Direct routes: what a handler needs is given, nothing is forgotten that stands before one."""

import asyncio
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from httpx import ASGITransport, AsyncClient

from offhook.core.errors import LocalStateError
from offhook.http import legs, voice_v1, voice_v2
from offhook.http.accept import takes_json
from offhook.http.apis import APIS
from offhook.http.auth import by_token
from offhook.http.direct import DirectRoute, needed
from offhook.http.legs import routes as legs_routes
from offhook.http.voice_v1 import calls, create, dtmf, modify, playback
from offhook.http.voice_v2 import create as create_v2

PARTS = (create, calls, modify, playback, dtmf, create_v2, legs_routes)


async def first(request: Request) -> str:
    return f"{request.method} first"


async def second(request: Request, before: Annotated[str, Depends(first)], name: str) -> str:
    return f"{before}, second of {name}"


async def handler(request: Request, found: Annotated[str, Depends(second)], name: str) -> JSONResponse:
    return JSONResponse([request.url.path, found, name])


def ask(router: APIRouter, method: str, path: str) -> Any:
    app = FastAPI()
    app.include_router(router)

    async def asked() -> Any:
        async with AsyncClient(transport=ASGITransport(app=app), base_url="http://x") as client:
            return await client.request(method, path)

    return asyncio.run(asked())


@pytest.fixture
def router() -> APIRouter:
    made = APIRouter(route_class=DirectRoute)
    made.get("/things/{name}", response_model=None)(handler)
    return made


def test_the_request_the_path_and_what_is_found_out_first_are_given(router: APIRouter) -> None:
    answer = ask(router, "GET", "/things/a%20b")
    assert answer.json() == ["/things/a b", "GET first, second of a b", "a b"]


def test_methods_and_paths_are_the_routers_as_ever(router: APIRouter) -> None:
    assert ask(router, "POST", "/things/a").status_code == 405
    assert ask(router, "GET", "/things").status_code == 404


def test_what_raises_before_the_handler_keeps_it_from_being_called() -> None:
    called = []

    async def refuses(request: Request) -> None:
        raise LocalStateError("no")

    async def never(_: Annotated[None, Depends(refuses)]) -> JSONResponse:
        called.append(1)
        return JSONResponse({})

    router = APIRouter(route_class=DirectRoute)
    router.get("/x", response_model=None)(never)
    with pytest.raises(LocalStateError):
        ask(router, "GET", "/x")
    assert not called


async def asks_a_query(request: Request, page: int = 3) -> JSONResponse:
    return JSONResponse({})


async def asks_twice(
    one: Annotated[str, Depends(first)], two: Annotated[str, Depends(first)]
) -> JSONResponse:
    return JSONResponse({})


@pytest.mark.parametrize("wrong", [asks_a_query, asks_twice])
def test_needs_that_a_direct_route_cannot_meet_are_told_when_it_is_made(wrong: Any) -> None:
    with pytest.raises(LocalStateError):
        APIRouter(route_class=DirectRoute).get("/x", response_model=None)(wrong)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_the_accept_header_and_the_token_are_looked_at_on_every_direct_route(part: Any) -> None:
    for route in part.router.routes:
        assert isinstance(route, DirectRoute)
        called = list(needed(route.endpoint))
        assert called[:2] == [takes_json, by_token], route.path


def test_no_router_of_direct_routes_depends_on_anything_that_they_would_not_call() -> None:
    around = [legs.router, voice_v1.router, voice_v2.router, *(part.router for part in PARTS)]
    assert {id(api.router) for api in APIS} >= {id(router) for router in around[:3]}
    assert not [router for router in around if router.dependencies]
