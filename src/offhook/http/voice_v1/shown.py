"""The answers of the Voice API as models: declared by its routes, held to by the tests."""

from typing import Any, Literal, get_args

from pydantic import Field

from offhook.http.declared import PageLinks, SelfLink, Shown

Status = Literal[
    "started",
    "ringing",
    "answered",
    "machine",
    "completed",
    "busy",
    "cancelled",
    "failed",
    "rejected",
    "timeout",
    "unanswered",
]
STATUSES: tuple[str, ...] = get_args(Status)
Direction = Literal["inbound", "outbound"]


class Placed(Shown):
    """A call that was accepted; nothing is dialled yet."""

    uuid: str
    """The call, as every other request names it."""
    status: Literal["started"]
    direction: Literal["outbound"]
    conversation_uuid: str = Field(examples=["CON-5c6b7a8e-9d10-4f2b-8a3c-4d5e6f708192"])


class Done(Shown):
    """What was asked of a call has begun."""

    message: str = Field(examples=["Talk started"])
    uuid: str


class Call(Shown):
    """A call: one connection into or out of the platform."""

    links: SelfLink = Field(alias="_links")
    uuid: str
    conversation_uuid: str
    to: dict[str, Any] = Field(examples=[{"type": "phone", "number": "31201234567"}])
    """The endpoint that was called."""
    from_: dict[str, Any] = Field(alias="from", examples=[{"type": "phone", "number": "15550100001"}])
    """The endpoint that calls, as it is shown."""
    status: Status
    direction: Direction
    start_time: str | None = Field(None, examples=["2026-01-02T03:04:05.678Z"])
    """When it was answered."""
    end_time: str | None = None
    duration: str | None = Field(None, examples=["42"])
    """Whole seconds from the answer to the end."""
    rate: str | None = Field(None, examples=["0.00000000"])
    """Euros a minute."""
    price: str | None = Field(None, examples=["0.00000000"])
    """Euros."""
    network: str | None = None
    """Code of the carrier, where it is known."""


class EmbeddedCalls(Shown):
    calls: list[Call]


class CallPage(Shown):
    """One page of an application's calls."""

    count: int
    """Calls that match, on all pages."""
    page_size: int
    record_index: int
    """How many calls come before this page."""
    links: PageLinks = Field(alias="_links")
    embedded: EmbeddedCalls = Field(alias="_embedded")
