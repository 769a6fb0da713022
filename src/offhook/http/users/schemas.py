"""What a user is made of, as clients send it and as it is stored and shown."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, Field, StringConstraints

from offhook.http.models import Body, Line

MAX_TTL = 2_147_483_648
MOST = 50
"""Channels of one kind."""
_SIP = re.compile(r"sips?:\+?[\w|:.\-@;,=%&]+", re.ASCII)
_WEBSOCKET = re.compile(r"wss?://\S+", re.ASCII)


def _sip_uri(value: str) -> str:
    if _SIP.fullmatch(value) is None:
        raise ValueError("must be a SIP URI such as sip:user@host")
    return value


def _websocket_uri(value: str) -> str:
    if _WEBSOCKET.fullmatch(value) is None or not value.isprintable():
        raise ValueError("must be a URI that begins with ws:// or wss://")
    return value


Name = Annotated[Line, StringConstraints(min_length=1, max_length=255)]
Text = Annotated[Line, StringConstraints(max_length=2048)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,15}$")]
SipUri = Annotated[Text, AfterValidator(_sip_uri)]
WebsocketUri = Annotated[Text, AfterValidator(_websocket_uri)]


class Pstn(Body):
    """A telephone."""

    number: int = Field(ge=1, lt=10**15, examples=[31201234567])


class Sip(Body):
    """A SIP address, with credentials where it asks for them."""

    uri: SipUri = Field(json_schema_extra={"pattern": r"^(sip|sips):\+?([\w|:.\-@;,=%&]+)$"})
    username: Text | None = None
    password: Text | None = None


class Vbc(Body):
    """An extension of a telephone system."""

    extension: Text


class Websocket(Body):
    """A server that takes audio."""

    uri: WebsocketUri = Field(json_schema_extra={"pattern": r"^(ws|wss)://\S+$"})
    content_type: Literal["audio/l16;rate=8000", "audio/l16;rate=16000", "audio/l16;rate=24000"] | None = (
        Field(
            None,
            validation_alias=AliasChoices("content-type", "content_type"),
            serialization_alias="content-type",
        )
    )
    headers: dict[str, Any] | None = None
    """Told to the server when a call begins."""


class Mobile(Body):
    """A number that takes messages."""

    number: Number


class Messenger(Body):
    """An account of a messenger."""

    id: Text


class Channels(Body):
    """Ways to reach a user."""

    pstn: list[Pstn] | None = Field(None, max_length=MOST)
    sip: list[Sip] | None = Field(None, max_length=MOST)
    vbc: list[Vbc] | None = Field(None, max_length=MOST)
    websocket: list[Websocket] | None = Field(None, max_length=MOST)
    sms: list[Mobile] | None = Field(None, max_length=MOST)
    mms: list[Mobile] | None = Field(None, max_length=MOST)
    whatsapp: list[Mobile] | None = Field(None, max_length=MOST)
    viber: list[Mobile] | None = Field(None, max_length=MOST)
    messenger: list[Messenger] | None = Field(None, max_length=MOST)


class Properties(Body):
    """What an application keeps with a user."""

    custom_data: dict[str, Any] | None = None
    """Anything; it is given back as it came."""
    ttl: int | None = Field(None, ge=0, le=MAX_TTL)
    """Seconds; kept and shown."""


class UserBody(Body):
    """`POST` and `PATCH /v1/users`. What a PATCH leaves out stays."""

    name: Name | None = None
    """Unique in the application. Without one a new user gets `NAM-` and a UUID."""
    display_name: Text | None = None
    """What others see; need not be unique."""
    image_url: Text | None = None
    properties: Properties | None = None
    channels: Channels | None = None

    def stored_properties(self) -> dict[str, Any]:
        """What was given of them."""
        return {} if self.properties is None else self.properties.model_dump(exclude_none=True)

    def stored_channels(self) -> dict[str, Any]:
        """The kinds that were given; an empty list is a kind too."""
        if self.channels is None:
            return {}
        return self.channels.model_dump(by_alias=True, exclude_none=True)


class UsersQuery(Body):
    """The query of `GET /v1/users`."""

    page_size: int = Field(10, ge=1, le=100)
    """Users on a page."""
    order: Literal["asc", "desc", "ASC", "DESC"] = "asc"
    """By the time at which they were made."""
    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    """Where the page begins: from the `next` or `prev` link of another one."""
    name: Name | None = None
    """Users of exactly this name."""
