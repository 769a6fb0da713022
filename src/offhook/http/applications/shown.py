"""What the applications API answers, as models for its OpenAPI document, and the errors that it declares.

Version 2 tells errors as problems (RFC 7807), version 1 as the Voice API does.
"""

from typing import Any

from pydantic import Field

from offhook.http.applications.schemas import Capabilities, Privacy
from offhook.http.declared import CHALLENGE, RETRY, Answers, FieldRefusal, Refusal, Shown, WrongField, shows
from offhook.http.declared import Unauthorised as OldUnauthorised


class Link(Shown):
    href: str


class SelfLink(Shown):
    """Where this is found again."""

    self_: Link = Field(alias="self")


class PageLinks(SelfLink):
    """Pages of the listing; `next` and `prev` only where there is such a page."""

    first: Link
    last: Link
    next: Link | None = None
    prev: Link | None = None


class PublicKey(Shown):
    """The key that tokens of the application are verified with."""

    public_key: str
    """SPKI PEM."""


class MadeKeys(PublicKey):
    """The keys of an application that was just made."""

    private_key: str | None = None
    """PKCS#8 PEM, shown this once, where the pair was made here."""


class ShownApplication(Shown):
    """An application."""

    id: str
    name: str
    keys: PublicKey
    privacy: Privacy
    capabilities: Capabilities
    links: SelfLink = Field(alias="_links")


class MadeApplication(ShownApplication):
    """A new application."""

    keys: MadeKeys


class EmbeddedApplications(Shown):
    applications: list[ShownApplication]


class ApplicationPage(Shown):
    """One page of an account's applications."""

    page_size: int
    page: int
    """From 1."""
    total_items: int
    total_pages: int
    embedded: EmbeddedApplications = Field(alias="_embedded")
    links: PageLinks = Field(alias="_links")


class Problem(Shown):
    """Why a request was refused."""

    type: str = Field(examples=["https://developer.vonage.com/api-errors#not-found"])
    title: str = Field(examples=["Not Found"])
    detail: str
    """A sentence that says what to do."""
    instance: str
    """Identifies this answer."""
    invalid_parameters: list[WrongField] | None = None
    """Every member that cannot be used."""


REASONS: dict[int, str] = {
    400: "A member or parameter cannot be used.",
    401: "No API key and secret, or a wrong one.",
    403: "The account is suspended.",
    404: "The account has no such application.",
    405: "Another method.",
    406: "The Accept header leaves out JSON.",
    408: "The request came too slowly.",
    413: "The body is too large.",
    414: "Path and query are too long.",
    415: "The body is no JSON, and does not say that it is.",
    429: "Too many requests in a second, or too many wrong secrets.",
    431: "The headers are too large.",
    500: "The request could not be served; the server's log says why.",
    503: "The platform is full, shuts down, or waits for a part of it.",
}
ALWAYS = (401, 403, 405, 406, 408, 414, 429, 431, 500, 503)


def problems(*statuses: int) -> Answers:
    """The declared errors of a route of version 2: these, and what any request may be answered with."""
    return {status: _declared(status, Problem) for status in sorted({*statuses, *ALWAYS})}


def old_refusals(*statuses: int) -> Answers:
    """The same of version 1."""
    models: dict[int, Any] = {400: FieldRefusal | Refusal, 401: OldUnauthorised}
    return {status: _declared(status, models.get(status, Refusal)) for status in sorted({*statuses, *ALWAYS})}


def _declared(status: int, model: Any) -> dict[str, Any]:
    headers = RETRY if status in (429, 503) else CHALLENGE if status == 401 else None
    return {
        "description": REASONS[status],
        **shows(model),
        **({"headers": headers} if headers else {}),
    }
