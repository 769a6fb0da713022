"""The ASGI application: all APIs on one port, one error handler, no redirects."""

from importlib import metadata

from fastapi import FastAPI

from offhook.http import errors, openapi
from offhook.http.apis import APIS
from offhook.http.applications import FAMILIES as APPLICATIONS
from offhook.http.context import HttpContext
from offhook.http.gate import Gate
from offhook.http.implied import ImpliedMethods
from offhook.http.kpn.envelope import FAMILIES as KPN
from offhook.http.kpn.gateway import Preflight, StandardHeaders
from offhook.http.kpn.parts import KpnParts
from offhook.http.legs.refusals import FAMILIES as LEGS
from offhook.http.numbers.refusals import FAMILIES as NUMBERS
from offhook.http.users.refusals import FAMILIES as USERS

FAMILIES = (*APPLICATIONS, *LEGS, *NUMBERS, *USERS, *KPN, openapi.CHALLENGE)


def build(context: HttpContext, kpn: KpnParts) -> FastAPI:
    """The application over these parts."""
    app = FastAPI(
        title="Offhook",
        version=metadata.version("offhook"),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # FastAPI would look for providers at every request; what is measured here is in `metrics.py`.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.context = context
    app.state.apis = APIS
    app.state.kpn = kpn
    errors.install(app, FAMILIES)
    app.add_middleware(ImpliedMethods)
    app.add_middleware(Preflight)
    app.add_middleware(Gate, requests=context.metrics.requests)
    app.add_middleware(StandardHeaders, parts=kpn)  # the last one added is the outermost
    for api in APIS:
        app.include_router(api.router)
    app.include_router(openapi.router)
    return app
