"""What applications look like in the shape of version 1, as models for OpenAPI documents."""

from typing import Literal

from pydantic import Field

from offhook.http.applications.shown import MadeKeys, PublicKey
from offhook.http.declared import PageLinks, SelfLink, Shown


class FlatWebhook(Shown):
    """One webhook."""

    endpoint_type: Literal["answer_url", "event_url", "status_url", "inbound_url"]
    """Which one."""
    endpoint: str
    """Its address."""
    http_method: Literal["GET", "POST"]


class FlatWebhooks(Shown):
    """The webhooks that have an address."""

    webhooks: list[FlatWebhook]


class FlatApplication(Shown):
    """An application."""

    id: str
    name: str
    voice: FlatWebhooks
    messages: FlatWebhooks | None = None
    """Left out where the application has no such capability."""
    keys: PublicKey
    links: SelfLink = Field(alias="_links")


class MadeFlatApplication(FlatApplication):
    """A new application."""

    keys: MadeKeys


class EmbeddedFlat(Shown):
    applications: list[FlatApplication]


class FlatPage(Shown):
    """One page of an account's applications."""

    count: int
    """Of all pages together."""
    page_size: int
    page_index: int
    """From 0."""
    embedded: EmbeddedFlat = Field(alias="_embedded")
    links: PageLinks = Field(alias="_links")
