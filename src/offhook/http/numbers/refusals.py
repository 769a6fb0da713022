"""Errors of the Numbers API: a code and a label, both text. What cannot be done is 420."""

from collections.abc import Sequence

from pydantic import Field
from starlette.types import Scope

from offhook.http.declared import Answers, Shown, refused
from offhook.http.errors import Family
from offhook.http.errors import Field as WrongField

FAILED = 420
WRONG_CREDENTIALS = "authentication failed"
EVERYWHERE = (401, 403, 405, 406, 408, 413, 414, FAILED, 429, 431, 500, 503)
TOLD = {
    401: "No key and secret, or wrong ones.",
    403: "The account is suspended.",
    FAILED: "It cannot be done: a parameter is wrong, or the number is not there to be bought, changed or "
    "given back.",
}


class Status(Shown):
    """How it went."""

    code: str = Field(alias="error-code", examples=["420"])
    """The status as text."""
    label: str = Field(alias="error-code-label", examples=["msisdn: Is required."])
    """What is wrong and what is right."""


def legacy(
    scope: Scope, status: int, detail: str, fields: Sequence[WrongField], instance: str
) -> dict[str, object]:
    label = WRONG_CREDENTIALS if status == 401 else detail
    return {"error-code": str(status), "error-code-label": label}


def _family(prefix: str) -> Family:
    return Family(prefix, legacy, 'Basic realm="Offhook"', {400: FAILED})


FAMILIES = (_family("/account/numbers"), _family("/number/"))


def refusals() -> Answers:
    """The declared errors of a route."""
    return refused(EVERYWHERE, lambda _: Status, TOLD)
