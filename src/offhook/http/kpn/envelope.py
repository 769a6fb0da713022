"""Error bodies of the wrapper: one envelope of five texts, for whatever went wrong.

Three paths say more beside it, for programs that were written for what they wrap: the Voice operations' 401
has the members of the Voice API, numbers have those of the Numbers API and its 420, the token endpoint has
those of RFC 6749 §5.2.
"""

from collections.abc import Sequence

from pydantic import Field as Member
from starlette.types import Scope

from offhook.http.declared import Shown
from offhook.http.errors import TITLES, Family, Field
from offhook.http.kpn.parts import BASE
from offhook.http.numbers.refusals import FAILED, legacy

UNAUTHORISED = "The access token is missing, wrong or over; ask for a new one."
OAUTH_ERRORS = {401: "invalid_client", 429: "temporarily_unavailable", 503: "temporarily_unavailable"}


class Envelope(Shown):
    """Why a request was refused. Every member is a text."""

    transactionId: str  # noqa: N815 — as it is spelled on the wire
    """Identifies this answer."""
    status: str = Member(examples=["404"])
    """The status code."""
    name: str = Member(examples=["Not Found"])
    """The status as words."""
    message: str
    """A sentence that says what to do."""
    info: str
    """Each wrong field and what is wrong with it, or nothing."""


class VoiceEnvelope(Envelope):
    """The envelope with the members that clients of the Voice API look for."""

    type: str = Member(examples=["UNAUTHORIZED"])
    error_title: str = Member(examples=["Unauthorized"])


class TokenEnvelope(Envelope):
    """The envelope with the members of RFC 6749."""

    error: str = Member(examples=["invalid_client"])
    """The reason, as OAuth names it."""
    error_description: str
    """The same sentence as `message`."""


class NumbersEnvelope(Envelope):
    """The envelope with the members of the Numbers API."""

    code: str = Member(alias="error-code", examples=["420"])
    """The status as text."""
    label: str = Member(alias="error-code-label", examples=["msisdn: Is required."])
    """What is wrong and what is right."""


def _gateway(
    scope: Scope, status: int, detail: str, fields: Sequence[Field], instance: str
) -> dict[str, object]:
    title = TITLES.get(status, "Error")
    body: dict[str, object] = {
        "transactionId": instance,
        "status": str(status),
        "name": title,
        "message": UNAUTHORISED if status == 401 else detail,
        "info": "; ".join(f"{name}: {reason}" for name, reason in fields),
    }
    if status == 401 and scope["path"].startswith(BASE + "/voice/"):
        body |= {"type": "UNAUTHORIZED", "error_title": title}
    return body


def _numbers(
    scope: Scope, status: int, detail: str, fields: Sequence[Field], instance: str
) -> dict[str, object]:
    body = _gateway(scope, status, detail, fields, instance)
    return {**body, **legacy(scope, status, detail, fields, instance)}


def _oauth(
    scope: Scope, status: int, detail: str, fields: Sequence[Field], instance: str
) -> dict[str, object]:
    wrong_grant = ("grant_type", UNSUPPORTED) in fields
    error = OAUTH_ERRORS.get(status, "server_error" if status >= 500 else "invalid_request")
    told = "The client_id or client_secret is missing or wrong." if status == 401 else detail
    return {
        **_gateway(scope, status, told, fields, instance),
        "message": told,
        "error": "unsupported_grant_type" if wrong_grant else error,
        "error_description": told,
    }


UNSUPPORTED = "must be client_credentials"
GATEWAY = Family(BASE, _gateway)
NUMBERS = Family(BASE + "/phone-numbers/", _numbers, statuses={400: FAILED})
OAUTH = Family("/oauth/", _oauth, 'Basic realm="Offhook"')
FAMILIES = (NUMBERS, GATEWAY, OAUTH)
