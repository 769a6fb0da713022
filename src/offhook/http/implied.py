"""Methods that no route declares: HEAD wherever GET is, OPTIONS wherever anything is (RFC 9110 §9.3.2 and 7).

Probes and link checkers ask with HEAD; it is served as GET and its body left out. OPTIONS is answered to
anybody, since paths are no secret, and without CORS headers, since the API is for servers and not for pages
of browsers; the KPN wrapper, which is for both, answers its own (`kpn/gateway.py`).
"""

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.http.errors import allowed, routed


class ImpliedMethods:
    """ASGI middleware directly around the routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == "http" else ""
        if method == "HEAD":
            if "HEAD" not in (methods := routed(scope)) and "GET" in methods:
                scope = {**scope, "method": "GET"}
            send = _without_body(send)
        elif method == "OPTIONS":
            methods = set() if scope["path"] == "*" else set(allowed(scope))
            if methods or scope["path"] == "*":
                headers = {"allow": ", ".join(sorted(methods))} if methods else {}
                await Response(status_code=204, headers=headers)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _without_body(send: Send) -> Send:
    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return headers_only
