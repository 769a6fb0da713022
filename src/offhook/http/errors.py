"""From errors to HTTP answers: the only place that knows HTTP statuses.

Two families of error bodies exist on the wire and clients parse both: the Voice API's
(`{"type": "UNAUTHORIZED", "error_title": "Unauthorized"}`, with an integer `type` for invalid fields) and
RFC 7807 problems (Applications). The path decides which one is spoken. See docs/specs/http.md.
"""

import logging
import uuid
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from offhook.core.errors import Conflict, Invalid, MediaError, NccoError, NotFound, OffhookError

log = logging.getLogger("offhook.http")

PROBLEM_PATHS = ("/v2/applications",)
PROBLEM_BASE = "https://developer.vonage.com/api-errors"
VOICE_TYPES = {400: "BAD_REQUEST", 401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND"}
PROBLEM_TITLES = {
    401: "Invalid credentials supplied",
    405: "Request method not allowed",
    406: "Invalid Accept header",
    415: "Unsupported Content-Type header",
}
PROBLEM_IDS = {
    400: "/application#payload-validation",
    401: "#unauthorized",
    403: "#forbidden",
    404: "#not-found",
    405: "#wrong-verb",
    406: "#accept-header",
    413: "#payload-too-large",
    415: "#content-type-header",
    429: "#throttled",
}


class Unauthorised(OffhookError):  # noqa: N818 — read as a sentence
    """The request carries no usable credentials."""


class Forbidden(OffhookError):  # noqa: N818
    """The credentials are good but do not reach this path."""


class TooLarge(OffhookError):  # noqa: N818
    """The body is larger than the limit."""


class Busy(OffhookError):  # noqa: N818
    """The platform is shutting down or full."""


class InvalidFields(OffhookError):  # noqa: N818
    """Several fields are wrong: (name, reason) pairs with dotted names."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in fields))
        self.fields = fields


STATUSES: list[tuple[type[OffhookError], int]] = [
    (Unauthorised, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (TooLarge, 413),
    (Invalid, 400),
    (InvalidFields, 400),
    (NccoError, 400),
    (Conflict, 400),
    (Busy, 503),
    (MediaError, 503),
]


def install(app: FastAPI) -> None:
    """Turn every error raised below into an answer of the right family."""
    app.add_exception_handler(OffhookError, _offhook_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _bug)


async def _offhook_error(request: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in STATUSES if isinstance(error, kind)), 500)
    if status == 500:
        log.error("%s %s failed: %s", request.method, request.url.path, error)
    return answer(request, status, str(error), _fields(error))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(getattr(error, "headers", None) or {})
    response = answer(request, status, HTTPStatus(status).phrase, [])
    response.headers.update(headers)
    return response


async def _bug(request: Request, error: Exception) -> JSONResponse:
    log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, 500, "The request could not be served; the server's log says why.", [])


def answer(request: Request, status: int, detail: str, fields: list[tuple[str, str]]) -> JSONResponse:
    """An error answer in the family that the path speaks."""
    instance = uuid.uuid4().hex
    if request.url.path.startswith(PROBLEM_PATHS):
        body = _problem(status, detail, fields, instance)
    else:
        body = _voice(status, detail, fields, instance)
    headers = {"Retry-After": "5"} if status == 503 else None
    return JSONResponse(body, status_code=status, headers=headers)


def _voice(status: int, detail: str, fields: list[tuple[str, str]], instance: str) -> dict[str, object]:
    phrase = HTTPStatus(status).phrase
    if status == 401:
        return {"type": "UNAUTHORIZED", "error_title": "Unauthorized"}
    if fields:
        return {
            "type": status,
            "title": phrase,
            "detail": detail,
            "instance": instance,
            "invalid_parameters": [{"name": name, "reason": reason} for name, reason in fields],
        }
    kind = VOICE_TYPES.get(status, phrase.upper().replace(" ", "_"))
    return {"type": kind, "error_title": phrase, "title": phrase, "detail": detail, "instance": instance}


def _problem(status: int, detail: str, fields: list[tuple[str, str]], instance: str) -> dict[str, object]:
    body: dict[str, object] = {
        "type": PROBLEM_BASE + PROBLEM_IDS.get(status, "#internal-error"),
        "title": PROBLEM_TITLES.get(status, HTTPStatus(status).phrase),
        "detail": "You did not provide correct credentials." if status == 401 else detail,
        "instance": instance,
    }
    if fields:
        body["detail"] = "The request failed due to validation errors"
        body["invalid_parameters"] = [{"name": name, "reason": reason} for name, reason in fields]
    return body


def _fields(error: Exception) -> list[tuple[str, str]]:
    if isinstance(error, InvalidFields):
        return error.fields
    if isinstance(error, Invalid):
        return [(error.field, error.problem)]
    if isinstance(error, NccoError):
        return [("ncco" + error.path, error.problem)]
    return []
