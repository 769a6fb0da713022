"""The ASGI application: all APIs on one port, one error handler, no redirects."""

from importlib import metadata

from fastapi import FastAPI

from offhook.http import errors, files, health
from offhook.http.applications import routes as applications
from offhook.http.context import HttpContext
from offhook.http.gate import Gate
from offhook.http.legs import router as legs
from offhook.http.voice_v1 import router as voice_v1
from offhook.http.voice_v2 import router as voice_v2

ROUTERS = (voice_v1, voice_v2, legs, applications.router, files.router, health.router)


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
    app.add_middleware(Gate, requests=context.metrics.requests)
    for router in ROUTERS:
        app.include_router(router)
    return app
