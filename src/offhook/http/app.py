"""The ASGI application: all APIs on one port, one error handler, no redirects.

A missing or extra trailing slash is served, never redirected: a redirect turns POST into GET in several
clients.
"""

from importlib import metadata

from fastapi import FastAPI
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.http import errors, files, health
from offhook.http.applications import routes as applications
from offhook.http.context import HttpContext
from offhook.http.voice_v1 import routes as voice_v1

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class CountRequests:
    """ASGI middleware: one count for each answer, by method and status."""

    def __init__(self, app: ASGIApp, requests: Counter) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._requests.labels(method, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)


def build(context: HttpContext) -> FastAPI:
    """The application over these parts."""
    app = FastAPI(
        title="Offhook",
        version=metadata.version("offhook"),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.context = context
    errors.install(app)
    app.add_middleware(CountRequests, requests=context.metrics.requests)
    for router in (voice_v1.router, applications.router, files.router, health.router):
        app.include_router(router)
    return app
