"""Errors of the Users API: RFC 7807 problems with a code of three parts, and titles that end in a dot."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from starlette.types import Scope

from offhook.http.declared import CHALLENGE, REASONS, RETRY, Answers, Shown, WrongField, shows
from offhook.http.errors import Family
from offhook.http.errors import Field as Wrong

PATH = "/v1/users"
BASE = "https://developer.vonage.com/api/conversation#"
INVALID = "http:error:validation-fail"
KINDS: dict[int, tuple[str, str]] = {
    400: ("Bad request.", "user:error:duplicate-name"),
    401: ("Unauthorized.", "system:error:invalid-token"),
    403: ("Forbidden.", "system:error:permission"),
    404: ("Not found.", "user:error:not-found"),
    405: ("Method not allowed.", "http:error:method-not-allowed"),
    406: ("Not acceptable.", INVALID),
    408: ("Request timeout.", "http:error:request-timeout"),
    413: ("Payload too large.", "http:error:payload-too-large"),
    414: ("URI too long.", "http:error:uri-too-long"),
    429: ("Too many requests.", "http:error:too-many-request"),
    431: ("Headers too large.", "http:error:headers-too-large"),
    503: ("Unavailable.", "system:error:unavailable"),
}
"""Status → title and code. A 400 that names no member is about a name that is taken."""
OTHERWISE = ("Internal error.", "system:error:internal-error")
WRONG_TOKEN = "You did not provide a valid token. Please provide a valid token."
WRONG_INPUT = "Input validation failure."
EVERYWHERE = (401, 403, 405, 406, 408, 414, 429, 431, 500, 503)
TOLD = {
    400: "A member or parameter cannot be used, or the name is taken.",
    403: "The `acl` of the token does not open this path, or the token is a user's.",
    404: "No such user of this application.",
    406: "The Accept header leaves out JSON, or the body is none.",
}


class Problem(Shown):
    """Why a request was refused."""

    title: str = Field(examples=["Not found."])
    type: str = Field(examples=[BASE + "user:error:not-found"])
    code: str = Field(examples=["user:error:not-found"])
    detail: str
    """A sentence that says what to do."""
    instance: str
    """Identifies this answer."""


class FieldProblem(Problem):
    """A request with members that cannot be used."""

    invalid_parameters: list[WrongField]


def conversation(
    scope: Scope, status: int, detail: str, fields: Sequence[Wrong], instance: str
) -> dict[str, object]:
    title, code = KINDS.get(status, OTHERWISE)
    if fields:
        code, detail = INVALID, WRONG_INPUT
    body: dict[str, object] = {
        "title": title,
        "type": BASE + code,
        "code": code,
        "detail": WRONG_TOKEN if status == 401 else detail,
    }
    if fields:
        body["invalid_parameters"] = [{"name": name, "reason": reason} for name, reason in fields]
    return {**body, "instance": instance}


FAMILIES = (Family(PATH, conversation),)


def refusals(*statuses: int) -> Answers:
    """The declared errors of a route: these, and what any may answer."""
    found: Answers = {}
    for status in sorted({*statuses, *EVERYWHERE}):
        model: Any = FieldProblem | Problem if status == 400 else Problem
        found[status] = {"description": TOLD.get(status) or REASONS[status], **shows(model)}
        headers = RETRY if status in (429, 503) else CHALLENGE if status == 401 else None
        if headers:
            found[status]["headers"] = headers
    return found
