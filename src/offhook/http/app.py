"""The ASGI application: all APIs on one port, one error handler, no redirects.

A missing or extra trailing slash is served, never redirected: a redirect turns POST into GET in several
clients.
"""

from importlib import metadata

from fastapi import FastAPI

from offhook.http import errors, files, health
from offhook.http.applications import routes as applications
from offhook.http.context import HttpContext
from offhook.http.voice_v1 import routes as voice_v1


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
    for router in (voice_v1.router, applications.router, files.router, health.router):
        app.include_router(router)
    return app
