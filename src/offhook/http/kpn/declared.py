"""What the wrapper's routes declare about themselves: headers of every answer, and its error bodies."""

from collections.abc import Callable, Iterable
from typing import Any

from offhook.http.declared import EVERYWHERE, Answers, Json, refused, shows
from offhook.http.kpn.envelope import Envelope, NumbersEnvelope, TokenEnvelope, VoiceEnvelope
from offhook.http.numbers.refusals import FAILED, TOLD

STANDARD: dict[str, tuple[str, str]] = {
    "sunset": ("string", "When this version ends; `n/a` while that is not known."),
    "api-version": ("string", "The version that answered."),
    "quota-interval": ("integer", "How many units an interval has."),
    "quota-time-unit": ("string", "minute, hour, day, week or month."),
    "quota-limit": ("integer", "Requests that may be made in an interval."),
    "quota-used": ("integer", "Requests that were made in it."),
    "quota-reset-UTC": ("string", "When the next interval begins, in UTC."),
    "strict-transport-security": ("string", "For browsers: HTTPS only."),
    "access-control-allow-origin": ("string", "For browsers: which pages may read this."),
}
HEADERS: Json = {
    name: {"description": text, "schema": {"type": kind}} for name, (kind, text) in STANDARD.items()
}
KPN_REASONS = {
    400: "A header, parameter or member cannot be used, or the call is not in a state for this.",
    401: "No access token, or one that is wrong or over.",
    403: "The account of the client is suspended.",
    404: "There is no such thing for this client.",
    412: "The application is not the one that If-Match names any more.",
    FAILED: TOLD[FAILED],
    429: "The quota is used up, or too much was asked for in a second.",
}
ALWAYS = (400, *EVERYWHERE)
"""What any request of a client may be answered with."""


def refusals(*statuses: int, voice: bool = False) -> Answers:
    """The declared errors of a route: these, and what any may answer."""
    return _refused(
        {*statuses, *ALWAYS}, lambda status: VoiceEnvelope if voice and status == 401 else Envelope
    )


def token_refusals() -> Answers:
    """Those of the token endpoint."""
    return _refused({*ALWAYS, 413}, lambda _: TokenEnvelope)


def number_refusals() -> Answers:
    """Those of numbers: 420 stands for every 400."""
    statuses = [FAILED if status == 400 else status for status in (*ALWAYS, 413)]
    return _refused(statuses, lambda _: NumbersEnvelope)


def answers(status: int, description: str, model: Any = None) -> Answers:
    """The declared success of a route; without a model its body is empty."""
    shown = {} if model is None else shows(model)
    return {status: {"description": description, "headers": HEADERS, **shown}}


def _refused(statuses: Iterable[int], model_of: Callable[[int], Any]) -> Answers:
    return refused(statuses, model_of, KPN_REASONS, HEADERS)


APPLICATION_ID: Json = {
    "name": "ApplicationId",
    "in": "header",
    "required": True,
    "description": "The application whose calls these are.",
    "schema": {"type": "string", "format": "uuid"},
}
API_VERSION: Json = {
    "name": "api-version",
    "in": "header",
    "required": False,
    "description": "The version that is wanted; without it the newest one answers.",
    "schema": {"type": "string", "example": "v1"},
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the application as it was read; a newer one is not overwritten.",
    "schema": {"type": "string"},
}


def with_headers(extra: Json | None = None, *headers: Json) -> Json:
    """`openapi_extra` of a route: what it has already, and the headers that it reads."""
    found = dict(extra or {})
    found["parameters"] = [*found.get("parameters", []), *headers, API_VERSION]
    return found
