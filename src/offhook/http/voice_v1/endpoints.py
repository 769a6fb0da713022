"""Endpoints in the bodies of requests: whom a call goes to, and what is shown as its origin.

Words that reach a SIP message (URIs, header names and values) may not hold anything that could end a line of
one (RFC 3261 §25.1).
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, StringConstraints, field_validator, model_validator

from offhook.calls.endpoints.plan import Unroutable
from offhook.calls.endpoints.sip import peer_of, uri_of
from offhook.core import passport
from offhook.http.models import Body, Line, refuse, without_nulls
from offhook.ncco.effects import PhoneEndpoint, SipEndpoint
from offhook.ncco.settings import DEFAULT_LIMITS

UNSERVED = ("websocket", "app", "vbc")
_HEADER_NAME = re.compile(r"[A-Za-z0-9_.!%*+`'~-]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)
_KEYS = re.compile(r"[0-9*#p]{1,100}", re.ASCII)

Shaken = Annotated[Line, StringConstraints(min_length=1, max_length=passport.LONGEST)]


def signed(value: str | None) -> str | None:
    """The content of an Identity header. Raises ValueError for anything that could not be one."""
    wrong = None if value is None else passport.problem(value)
    if wrong is not None:
        raise ValueError(wrong)
    return value


class Phone(Body):
    """A telephone, reached over a trunk."""

    type: Literal["phone"]
    number: str = Field(json_schema_extra={"pattern": r"^\+?[1-9][0-9]{6,14}$"}, examples=["31201234567"])
    """7 to 15 digits with the country code."""
    dtmf_answer: str | None = Field(
        None,
        validation_alias=AliasChoices("dtmfAnswer", "dtmf_answer"),
        json_schema_extra={"pattern": "^[0-9*#p]{1,100}$"},
    )
    """Keys that are pressed once the call is answered; `p` is a pause of half a second."""
    shaken: Shaken | None = None
    """Content of the Identity header (STIR/SHAKEN) that the call goes out with."""

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

    _signed = field_validator("shaken")(signed)

    def endpoint(self) -> PhoneEndpoint:
        return PhoneEndpoint(self.number, dtmf_answer=self.dtmf_answer, shaken=self.shaken)


class Sip(Body):
    """A SIP address, dialled directly."""

    type: Literal["sip"]
    uri: Annotated[str, StringConstraints(min_length=1, max_length=DEFAULT_LIMITS.sip_uri)] = Field(
        examples=["sip:rebekka@sip.example.com;transport=tcp"]
    )
    """A SIP URI; `sip:` may be missing."""
    headers: dict[str, str] = Field(default_factory=dict, max_length=DEFAULT_LIMITS.sip_headers)
    """Sent with the call, each name with `X-` before it."""
    standard_headers: dict[str, str] = Field(
        default_factory=dict, validation_alias=AliasChoices("standard_headers", "standardHeaders")
    )
    """`User-to-User` alone, sent as it is."""

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
Caller = Annotated[Line, StringConstraints(min_length=1, max_length=255)]


class Origin(Body):
    """What is shown as the origin of a call."""

    type: Literal["phone", "sip"] = "phone"
    number: Caller | None = Field(None, examples=["15550100001"])
    """One of the account's numbers, or a SIP URI whose user part is one; towards SIP any plain text."""
    uri: Caller | None = None
    """Where `type` is `sip`: the SIP URI."""
    shaken: Shaken | None = None
    """As in `to`, where some client libraries write it."""

    _signed = field_validator("shaken")(signed)

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
