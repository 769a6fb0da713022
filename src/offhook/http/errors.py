"""From errors to HTTP answers: the only place that knows HTTP statuses.

Several families of error bodies exist on the wire: the Voice API's (`{"type": "UNAUTHORIZED", "error_title":
"Unauthorized"}`, with an integer `type` for invalid fields), RFC 7807 problems (Applications), and those that
other APIs bring along. The path decides which one is spoken. See docs/specs/http.md §3.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

from offhook.core.errors import Conflict, Invalid, MediaError, NccoError, NotFound, OffhookError

log = logging.getLogger("offhook.http")

Field = tuple[str, str]
"""The dotted name of a wrong field and what is wrong with it."""
PROBLEM_PATH = "/v2/applications"
PROBLEM_BASE = "https://developer.vonage.com/api-errors"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    412: "Precondition Failed",
    413: "Payload Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    420: "Method Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
"""Written out, because the phrases of the standard library change between versions of Python."""
PROBLEM_TITLES = {
    401: "Invalid credentials supplied",
    405: "Request method not allowed",
    406: "Invalid Accept header",
    415: "Unsupported Content-Type header",
}
PROBLEM_IDS = {
    401: "#unauthorized",
    403: "#forbidden",
    404: "#not-found",
    405: "#wrong-verb",
    406: "#accept-header",
    413: "#payload-too-large",
    414: "#uri-too-long",
    415: "#content-type-header",
    429: "#throttled",
    503: "#unavailable",
}
DETAILS = {
    405: "This path does not take this method; the Allow header names those it takes.",
    500: "The request could not be served; the server's log says why.",
}
WRONG_CREDENTIALS = "You did not provide correct credentials."


class Unauthorised(OffhookError):  # noqa: N818 — read as a sentence
    """The request carries no usable credentials. The message is for the log."""


class Forbidden(OffhookError):  # noqa: N818
    """The credentials are good but do not reach this path."""


class TooLarge(OffhookError):  # noqa: N818
    """The body is larger than the limit."""


class NotAcceptable(OffhookError):  # noqa: N818
    """The Accept header leaves out JSON."""


class NotJson(OffhookError):  # noqa: N818
    """The body is of another kind, as its Content-Type says."""


class Coded(NotJson):
    """The body has a content coding; none is taken."""


class Changed(OffhookError):  # noqa: N818
    """The thing is not the version that the request names any more."""


class Busy(OffhookError):  # noqa: N818
    """The platform is shutting down or full."""


class Throttled(OffhookError):  # noqa: N818
    """Too much was asked for at once. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class InvalidFields(OffhookError):  # noqa: N818
    """Several fields are wrong."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields))
        self.fields = fields


STATUSES: list[tuple[type[OffhookError], int]] = [
    (Unauthorised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Changed, 412),
    (TooLarge, 413),
    (NotAcceptable, 406),
    (NotJson, 415),
    (Invalid, 400),
    (InvalidFields, 400),
    (NccoError, 400),
    (Conflict, 400),
    (Busy, 503),
    (Throttled, 429),
    (MediaError, 503),
]


@dataclass(frozen=True, slots=True)
class Family:
    """How the errors below some paths are told."""

    prefix: str
    body: Callable[[Scope, int, str, Sequence[Field], str], dict[str, object]]
    """Request, status, detail, wrong fields and an id of this occurrence → the members of the body."""
    challenge: str = "Bearer"
    """`WWW-Authenticate` of a 401."""
    statuses: Mapping[int, int] = field(default_factory=dict)
    """Statuses for which these paths have another one."""


def install(app: FastAPI, families: Sequence[Family] = ()) -> None:
    """Turn every error raised below into an answer of the right family: the first whose prefix fits."""
    app.state.families = [*families, PROBLEMS, VOICE]
    app.add_exception_handler(OffhookError, _offhook_error)
    app.add_exception_handler(HTTPException, _http_error)


async def _offhook_error(request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        log.error("%s %r failed", request.method, request.scope["path"], exc_info=error)
    elif status == 401:
        log.info("%s %r refused: %s", request.method, request.scope["path"], error)
    return answer(request.scope, status, "" if status == 500 else str(error), _fields(error), _told(error))


def _told(error: Exception) -> Mapping[str, str]:
    """What headers say of an error."""
    match error:
        case Throttled():
            return {"Retry-After": str(error.retry_after)}
        case Coded():
            return {"Accept-Encoding": "identity"}  # RFC 9110 §15.5.16
        case _:
            return {}


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = {"Allow": ", ".join(allowed(request.scope))} if status == 405 else {}
    detail = f"Nothing is served at {request.scope['path'][:100]}." if status == 404 else ""
    return answer(request.scope, status, detail, headers=headers)


def allowed(scope: Scope) -> list[str]:
    """Every method that is answered at this path, for Allow; empty where nothing is served."""
    methods = routed(scope)
    if "GET" in methods:
        methods.add("HEAD")  # http/implied.py
    return sorted({*methods, "OPTIONS"}) if methods else []


def routed(scope: Scope) -> set[str]:
    """Every method that some route takes at this path; the framework names those of one route only."""
    methods: set[str] = set()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        tried = {**scope, "method": method}
        if any(route.matches(tried)[0] == Match.FULL for route in scope["app"].router.routes):
            methods.add(method)
    return methods


def answer(
    scope: Scope,
    status: int,
    detail: str,
    fields: Sequence[Field] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error answer in the family that the path speaks."""
    family = next(each for each in scope["app"].state.families if scope["path"].startswith(each.prefix))
    instance = scope["app"].state.context.ids.token(16)
    status = family.statuses.get(status, status)
    told = detail or DETAILS.get(status, TITLES.get(status, ""))
    body = family.body(scope, status, told, fields, instance)
    extra = {"Retry-After": "5" if status == 503 else "1"} if status in (429, 503) else {}
    if status == 401:  # RFC 9110 §11.6.1
        extra = {"WWW-Authenticate": family.challenge}
    return JSONResponse(body, status_code=status, headers={**extra, **(headers or {})})


def _voice(
    scope: Scope, status: int, detail: str, fields: Sequence[Field], instance: str
) -> dict[str, object]:
    title = TITLES.get(status, "Error")
    if status == 401:
        return {"type": "UNAUTHORIZED", "error_title": title}
    body: dict[str, object] = {"type": status, "title": title, "detail": detail}
    if fields:
        return {**body, "invalid_parameters": _listed(fields), "instance": instance}
    kind = title.upper().replace(" ", "_")
    return {"type": kind, "error_title": title, "title": title, "detail": detail, "instance": instance}


def _problem(
    scope: Scope, status: int, detail: str, fields: Sequence[Field], instance: str
) -> dict[str, object]:
    identifier = PROBLEM_IDS.get(status, "#internal-error")
    if status == 400:
        listing = scope["method"] == "GET"
        identifier = "/application#" + ("list-validation" if listing else "payload-validation")
    body: dict[str, object] = {
        "type": PROBLEM_BASE + identifier,
        "title": PROBLEM_TITLES.get(status, TITLES.get(status, "Error")),
        "detail": WRONG_CREDENTIALS if status == 401 else detail,
    }
    if fields:
        body["detail"] = "The request failed due to validation errors"
        body["invalid_parameters"] = _listed(fields)
    return {**body, "instance": instance}


PROBLEMS = Family(PROBLEM_PATH, _problem, 'Basic realm="Offhook"')
VOICE = Family("", _voice)


def _listed(fields: Sequence[Field]) -> list[dict[str, str]]:
    return [{"name": name, "reason": reason} for name, reason in fields]


def _fields(error: Exception) -> Sequence[Field]:
    if isinstance(error, InvalidFields):
        return error.fields
    if isinstance(error, Invalid):
        return [(error.field, error.problem)]
    if isinstance(error, NccoError):
        return [("ncco" + error.path, error.problem)]
    return []
