"""`/health`, `/ready` and `/metrics`: open to machines that watch, telling nothing about calls."""

import ipaddress
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from offhook.http.context import context
from offhook.http.declared import Shown, answers, refusals, shows
from offhook.http.errors import Unauthorised
from offhook.security.passwords import equal

router = APIRouter(tags=["Operation"])
OPEN = {status: told for status, told in refusals().items() if status not in (401, 403, 406, 429)}


class Alive(Shown):
    status: Literal["ok"]


class Readiness(Shown):
    """What the platform can do now."""

    status: Literal["ready", "not ready"]
    missing: list[str] | None = None
    """What does not work, in words."""


@router.get(
    "/health",
    summary="Ask for a sign of life",
    response_model=None,
    responses={**answers(200, "It turns.", Alive), **OPEN},
)
async def health() -> dict[str, str]:
    """200 as long as control's event loop turns."""
    return {"status": "ok"}


@router.get(
    "/ready",
    summary="Ask whether calls can be taken",
    response_model=None,
    responses={
        **OPEN,
        **answers(200, "All works.", Readiness),
        503: {"description": "Something is missing.", **shows(Readiness)},
    },
)
async def ready(request: Request) -> JSONResponse:
    """200 when SIP, media, speech and storage work; until then 503 with the missing pieces named."""
    missing = context(request).missing()
    body: dict[str, Any] = {"status": "ready" if not missing else "not ready"}
    if missing:
        body["missing"] = missing
    return JSONResponse(body, status_code=200 if not missing else 503)


@router.get(
    "/metrics",
    summary="Read counters and histograms",
    response_class=Response,
    response_model=None,
    responses={
        **refusals(),
        200: {
            "description": "Prometheus text.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
    },
)
async def metrics(request: Request) -> Response:
    """Prometheus text. From loopback without credentials, from elsewhere with the metrics token."""
    here = context(request)
    if not is_loopback(request):
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = equal(given.strip(), here.metrics_token) and scheme.lower() == "bearer"
        if not here.metrics_token or not right:
            raise Unauthorised("Set OFFHOOK_HTTP__METRICS_TOKEN and send it as a Bearer token.")
    return Response(generate_latest(here.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def is_loopback(request: Request) -> bool:
    """Whether it comes from this machine."""
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
