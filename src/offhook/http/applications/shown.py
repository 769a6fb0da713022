"""What the applications API answers, as models for its OpenAPI document, and the errors that it declares.

Version 2 tells errors as problems (RFC 7807), version 1 as the Voice API does.
"""

from typing import Any

from pydantic import Field

from offhook.http.applications.schemas import Capabilities, Privacy
from offhook.http.declared import (
    EVERYWHERE,
    Answers,
    FieldRefusal,
    PageLinks,
    Refusal,
    SelfLink,
    Shown,
    WrongField,
    refused,
)
from offhook.http.declared import Unauthorised as OldUnauthorised


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


TOLD = {
    400: "A member or parameter cannot be used.",
    401: "No API key and secret, or a wrong one.",
    403: "The account is suspended.",
    404: "The account has no such application.",
    429: "Too many requests in a second, or too many wrong secrets.",
}


def problems(*statuses: int) -> Answers:
    """The declared errors of a route of version 2: these, and what any request may be answered with."""
    return refused({*statuses, *EVERYWHERE}, lambda _: Problem, TOLD)


def old_refusals(*statuses: int) -> Answers:
    """The same of version 1."""
    models: dict[int, Any] = {400: FieldRefusal | Refusal, 401: OldUnauthorised}
    return refused({*statuses, *EVERYWHERE}, lambda status: models.get(status, Refusal), TOLD)
