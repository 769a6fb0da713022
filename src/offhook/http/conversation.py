"""Errors as the service of conversations tells them, where users and legs come from.

RFC 7807 problems with a code of words and colons; titles end in a full stop. What else it serves is not here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field
from starlette.types import Scope

from offhook.http.declared import EVERYWHERE, Answers, Shown, WrongField, refused
from offhook.http.errors import Family
from offhook.http.errors import Field as Wrong

BASE = "https://developer.vonage.com/api/conversation#"
INVALID = "http:error:validation-fail"
KINDS: dict[int, tuple[str, str]] = {
    400: ("Bad request.", INVALID),
    401: ("Unauthorized.", "system:error:invalid-token"),
    403: ("Forbidden.", "system:error:permission"),
    404: ("Not found.", "http:error:not-found"),
    405: ("Method not allowed.", "http:error:method-not-allowed"),
    406: ("Not acceptable.", INVALID),
    413: ("Payload too large.", "http:error:payload-too-large"),
    414: ("URI too long.", "http:error:uri-too-long"),
    429: ("Too many requests.", "http:error:too-many-request"),
    503: ("Unavailable.", "system:error:unavailable"),
}
"""Status → title and code."""
OTHERWISE = ("Internal error.", "system:error:internal-error")
WRONG_TOKEN = "You did not provide a valid token. Please provide a valid token."
WRONG_INPUT = "Input validation failure."


class Problem(Shown):
    """Why a request was refused."""

    title: str = Field(examples=["Not found."])
    type: str = Field(examples=[BASE + INVALID])
    """A URL that ends in the code."""
    code: str = Field(examples=[INVALID])
    detail: str
    """A sentence that says what to do."""
    instance: str
    """Identifies this answer."""


class FieldProblem(Problem):
    """A request with members that cannot be used."""

    invalid_parameters: list[WrongField]


def family(prefix: str, codes: Mapping[int, str]) -> Family:
    """The errors below a path; `codes` are those that are told of no member and differ from `KINDS`."""

    def body(
        scope: Scope, status: int, detail: str, fields: Sequence[Wrong], instance: str
    ) -> dict[str, object]:
        title, code = KINDS.get(status, OTHERWISE)
        code = INVALID if fields else codes.get(status, code)
        told: dict[str, object] = {
            "title": title,
            "type": BASE + code,
            "code": code,
            "detail": WRONG_TOKEN if status == 401 else WRONG_INPUT if fields else detail,
        }
        if fields:
            told["invalid_parameters"] = [{"name": name, "reason": reason} for name, reason in fields]
        return {**told, "instance": instance}

    return Family(prefix, body)


def refusals(*statuses: int, told: Mapping[int, str] | None = None) -> Answers:
    """The declared errors of a route: these, and what any may answer."""
    wrong: Any = FieldProblem | Problem
    return refused({*statuses, *EVERYWHERE}, lambda status: wrong if status == 400 else Problem, told)
