"""The body of `POST /v1/calls`. Checks name the field as the client spelled it.

Words that reach a SIP message (URIs, header names and values) may not hold anything that could end a line of
one (RFC 3261 §25.1).
"""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from offhook.calls.endpoints.plan import Unroutable
from offhook.calls.endpoints.sip import peer_of, uri_of
from offhook.http.models import Line, OneUrl, refuse, upper, without_nulls
from offhook.ncco.effects import PhoneEndpoint, SipEndpoint
from offhook.ncco.settings import DEFAULT_LIMITS

Method = Annotated[Literal["GET", "POST"], BeforeValidator(upper)]
UNSERVED = ("websocket", "app", "vbc")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.!%*+`'~-]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)
_KEYS = re.compile(r"[0-9*#p]{1,100}", re.ASCII)


class Body(BaseModel):
    """Unknown members are ignored, null ones count as absent."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _present(cls, value: Any) -> Any:
        return without_nulls(value)


class Phone(Body):
    type: Literal["phone"]
    number: str
    dtmf_answer: str | None = Field(None, validation_alias=AliasChoices("dtmfAnswer", "dtmf_answer"))
    shaken: Annotated[Line, StringConstraints(max_length=8192)] | None = None

    @field_validator("number")
    @classmethod
    def _digits(cls, value: str) -> str:
        digits = value.strip().removeprefix("+")
        if _DIGITS.fullmatch(digits) is None:
            raise ValueError("must be 7 to 15 digits with the country code, for example 31201234567")
        return digits

    @field_validator("dtmf_answer")
    @classmethod
    def _keys(cls, value: str | None) -> str | None:
        if value is not None and _KEYS.fullmatch(value) is None:
            raise ValueError("must be up to 100 of the keys 0 to 9, *, # and p for a pause")
        return value

    def endpoint(self) -> PhoneEndpoint:
        return PhoneEndpoint(self.number, dtmf_answer=self.dtmf_answer, shaken=self.shaken)


class Sip(Body):
    type: Literal["sip"]
    uri: Annotated[str, StringConstraints(min_length=1, max_length=DEFAULT_LIMITS.sip_uri)]
    headers: dict[str, str] = Field(default_factory=dict, max_length=DEFAULT_LIMITS.sip_headers)
    standard_headers: dict[str, str] = Field(
        default_factory=dict, validation_alias=AliasChoices("standard_headers", "standardHeaders")
    )

    @field_validator("uri")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be a SIP URI such as sip:user@host, on one line")
        peer = peer_of(uri_of(SipEndpoint(value)))
        if isinstance(peer, Unroutable):
            raise ValueError(peer.reason)
        return value

    @field_validator("headers", "standard_headers", mode="before")
    @classmethod
    def _sent(cls, value: Any) -> Any:
        """Members without a value are left out, as clients that write every option mean it."""
        return without_nulls(value)

    @field_validator("headers", "standard_headers")
    @classmethod
    def _one_line_each(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            if _HEADER_NAME.fullmatch(name) is None or len(name) > DEFAULT_LIMITS.sip_header_name:
                raise ValueError(f"{name[:40]!r} cannot be a header name; use letters, digits and -")
            if not text.isprintable() or len(text) > DEFAULT_LIMITS.sip_header_value:
                most = DEFAULT_LIMITS.sip_header_value
                refuse(name, f"must be one line of at most {most} printable characters")
        return value

    def endpoint(self) -> SipEndpoint:
        standard = (v for k, v in self.standard_headers.items() if k.lower() == "user-to-user")
        return SipEndpoint(self.uri, headers=tuple(self.headers.items()), user_to_user=next(standard, None))


Destination = Annotated[Phone | Sip, Field(discriminator="type")]
Shown = Annotated[Line, StringConstraints(min_length=1, max_length=255)]


class Origin(Body):
    """`from`: an own number, or a SIP URI as caller id. Whether it may be shown is for the calls to say."""

    type: Literal["phone", "sip"] = "phone"
    number: Shown | None = None
    uri: Shown | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        bare = isinstance(value, (str, int)) and not isinstance(value, bool)
        return {"type": "phone", "number": value} if bare else value

    @model_validator(mode="after")
    def _given(self) -> "Origin":
        if not (self.number or self.uri):
            refuse("number", "Is required.")
        return self

    @property
    def shown(self) -> str:
        return (self.number or self.uri or "").removeprefix("+")


class CreateCallBody(Body):
    """`POST /v1/calls`."""

    to: Annotated[list[Destination], Field(min_length=1, max_length=1)]
    from_: Origin | None = Field(None, alias="from")
    random_from_number: bool = False
    ncco: list[Any] | None = None
    answer_url: OneUrl | None = None
    answer_method: Method = "GET"
    event_url: OneUrl | None = None
    event_method: Method = "POST"
    length_timer: int = Field(7200, ge=1, le=86400)
    ringing_timer: int = Field(60, ge=1, le=120)
    machine_detection: Any = None
    advanced_machine_detection: Any = None

    @field_validator("machine_detection", "advanced_machine_detection")
    @classmethod
    def _no_detection(cls, value: Any) -> None:
        if value is not None:
            raise ValueError("machine detection is not served by this version; leave it out")

    @field_validator("to", mode="before")
    @classmethod
    def _one_served(cls, value: Any) -> Any:
        if isinstance(value, list) and len(value) != 1:
            raise ValueError("must be an array with exactly one endpoint in it")
        kind = value[0].get("type") if isinstance(value, list) and isinstance(value[0], dict) else None
        if kind in UNSERVED:
            refuse("[0].type", f"endpoints of type {kind} are not served by this version; use phone or sip")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "CreateCallBody":
        if (self.ncco is None) == (self.answer_url is None):
            refuse("ncco", "give exactly one of ncco and answer_url")
        if self.random_from_number == (self.from_ is not None):
            refuse("from", "give exactly one of from and random_from_number true")
        return self
