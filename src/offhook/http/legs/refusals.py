"""Errors as the service of conversations tells them: RFC 7807 with a code of words and colons.

Titles end in a full stop. Users and legs come from that service.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from starlette.types import Scope

from offhook.http.declared import (
    CHALLENGE,
    EVERYWHERE,
    REASONS,
    RETRY,
    Answers,
    Refusal,
    Shown,
    WrongField,
    shows,
)
from offhook.http.errors import TITLES, Family
from offhook.http.errors import Field as NamedField

BASE = "https://developer.vonage.com/api/conversation#"
VALIDATION = "http:error:validation-fail"
CODES = {
    400: VALIDATION,
    401: "system:error:invalid-token",
    403: "system:error:permission",
    404: "leg:error:not-found",
    405: "http:error:method-not-allowed",
    406: VALIDATION,
    414: "http:error:uri-too-long",
    429: "http:error:too-many-request",
    500: "system:error:internal-error",
    503: "system:error:unavailable",
}
INVALID_TOKEN = "You did not provide a valid token. Please provide a valid token."


class Problem(Shown):
    """Why a request was refused."""

    title: str = Field(examples=["Not found."])
    type: str
    """A URL that ends in the code."""
    code: str = Field(examples=["leg:error:not-found"])
    detail: str
    """A sentence that says what to do."""
    instance: str
    """Identifies this answer."""
    invalid_parameters: list[WrongField] | None = None


def conversation(
    scope: Scope, status: int, detail: str, fields: Sequence[NamedField], instance: str
) -> dict[str, object]:
    """A problem with its code."""
    code = CODES.get(status, "system:error:internal-error")
    body: dict[str, object] = {
        "title": TITLES.get(status, "Error").capitalize() + ".",
        "type": BASE + code,
        "code": code,
        "detail": INVALID_TOKEN if status == 401 else detail,
        "instance": instance,
    }
    if fields:
        body["detail"] = "Input validation failure."
        body["invalid_parameters"] = [{"name": name, "reason": reason} for name, reason in fields]
    return body


FAMILIES = (Family("/v0.1/legs", conversation),)


def refusals(*statuses: int) -> Answers:
    """The declared errors of a route: these, and what any may answer."""
    found: Answers = {}
    model: Any
    for status in sorted({*statuses, *EVERYWHERE}):
        # Requests that never become whole are refused before anybody knows which API they are for.
        model = Refusal if status in (408, 431) else Problem | Refusal if status == 503 else Problem
        found[status] = {"description": REASONS[status], **shows(model)}
        headers = RETRY if status in (429, 503) else CHALLENGE if status == 401 else None
        if headers:
            found[status]["headers"] = headers
    return found
