"""The headers that stand on every answer of the wrapper, errors included, and preflight requests of browsers.

Two middlewares, because the one that writes headers has to be outside everything that may answer, and the one
that answers preflights inside what counts requests. See docs/specs/kpn.md §2, and "CORS protocol" in Fetch.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.core.clock import iso_seconds
from offhook.http.errors import allowed
from offhook.http.kpn.parts import VERSION, KpnParts, within
from offhook.storage.quotas import Quota, window

METHODS = "GET, POST, PUT, DELETE, OPTIONS"
REQUEST_HEADERS = (
    "Authorization, Content-Type, Accept, ApplicationId, api-version, x-request-id, If-Match, Origin"
)
EXPOSED = (
    "sunset, api-version, quota-interval, quota-time-unit, quota-limit, quota-used, quota-reset-UTC, "
    "ETag, Location, Retry-After"
)
PREFLIGHT_AGE_S = 3600
HSTS = "max-age=31536000; includeSubDomains; preload"
_STANDING = "offhook.kpn"


@dataclass(slots=True)
class Standing:
    """What a request turned out to be, for the headers of its answer."""

    quota: Quota | None = None
    """None until a client is known."""


def standing(request: Request) -> Standing:
    """The place where a request's standing is kept."""
    found = request.scope[_STANDING]
    assert isinstance(found, Standing)
    return found


class StandardHeaders:
    """ASGI middleware around everything: only what is outside it could answer without the headers."""

    def __init__(self, app: ASGIApp, parts: KpnParts) -> None:
        self._app = app
        self._parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not within(scope["path"]):
            await self._app(scope, receive, send)
            return
        known = Standing()

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                headers.update({**self._service(known.quota), **self._cors(Headers(scope=scope))})
            await send(message)

        await self._app({**scope, _STANDING: known}, receive, with_headers)

    def _service(self, quota: Quota | None) -> dict[str, str]:
        if quota is None:
            rule = self._parts.rule
            quota = Quota(rule, 0, window(rule, self._parts.clock.wall())[1])
        return {
            "sunset": self._parts.sunset,
            "api-version": VERSION,
            "quota-interval": str(quota.rule.interval),
            "quota-time-unit": quota.rule.unit,
            "quota-limit": str(quota.rule.limit),
            "quota-used": str(quota.used),
            "quota-reset-UTC": iso_seconds(quota.resets_at),
            "strict-transport-security": HSTS,
        }

    def _cors(self, request: Headers) -> dict[str, str]:
        """Credentials only go with origins that are named: a browser refuses them with `*`."""
        origins = self._parts.origins
        named = "*" not in origins
        asked = request.get("origin", "")
        return {
            "access-control-allow-origin": asked if named and asked in origins else origins[0],
            "access-control-allow-credentials": "true" if named else "false",
            "access-control-allow-headers": REQUEST_HEADERS,
            "access-control-allow-methods": METHODS,
            "access-control-max-age": str(PREFLIGHT_AGE_S),
            "access-control-expose-headers": EXPOSED,
            **({"vary": "Origin"} if named else {}),
        }


class Preflight:
    """ASGI middleware: OPTIONS of any path of the wrapper is answered to anybody."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS" and within(scope["path"]):
            methods = sorted({*allowed(scope), "OPTIONS"})
            await Response(status_code=200, headers={"allow": ", ".join(methods)})(scope, receive, send)
            return
        await self._app(scope, receive, send)
