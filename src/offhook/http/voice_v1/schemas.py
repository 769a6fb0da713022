"""Request bodies of the Voice API. Checks name the field as the client spelled it."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from offhook.ncco.effects import PhoneEndpoint, SipEndpoint

Digits = Annotated[str, StringConstraints(pattern=r"^\d{7,15}$")]
Method = Annotated[Literal["GET", "POST"], BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)]


def _one_url(value: Any) -> Any:
    """An array of one URL, or the bare URL that some clients send."""
    if isinstance(value, list):
        if len(value) != 1:
            raise ValueError("must be an array with exactly one URL")
        value = value[0]
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        raise ValueError("must be an http:// or https:// URL in an array of one")
    if len(value) > 2048:
        raise ValueError("must be at most 2048 characters")
    return value


Url = Annotated[str | None, BeforeValidator(_one_url)]


class Body(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, populate_by_name=True)


class Phone(Body):
    type: Literal["phone"]
    number: Digits
    dtmf_answer: Annotated[str, StringConstraints(pattern=r"^[0-9*#p]{1,100}$")] | None = Field(
        None, alias="dtmfAnswer"
    )
    shaken: Annotated[str, StringConstraints(max_length=8192)] | None = None

    def endpoint(self) -> PhoneEndpoint:
        return PhoneEndpoint(self.number, dtmf_answer=self.dtmf_answer, shaken=self.shaken)


class Sip(Body):
    type: Literal["sip"]
    uri: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    headers: dict[str, str] = Field(default_factory=dict)
    standard_headers: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _both_spellings(cls, value: Any) -> Any:
        if isinstance(value, dict) and "standardHeaders" in value:
            return {"standard_headers": value["standardHeaders"], **value}
        return value

    @field_validator("uri")
    @classmethod
    def _scheme(cls, value: str) -> str:
        if not value.lower().startswith(("sip:", "sips:")):
            value = f"sip:{value}"
        if "@" not in value and len(value) < 6:
            raise ValueError("must be a SIP URI such as sip:user@host")
        return value

    def endpoint(self) -> SipEndpoint:
        standard = (v for k, v in self.standard_headers.items() if k.lower() == "user-to-user")
        return SipEndpoint(self.uri, headers=tuple(self.headers.items()), user_to_user=next(standard, None))


Destination = Annotated[Phone | Sip, Field(discriminator="type")]


class Origin(Body):
    """`from`: an own number, or a SIP URI as caller id."""

    type: Literal["phone", "sip"] = "phone"
    number: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    uri: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        return {"type": "phone", "number": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _given(self) -> "Origin":
        if not (self.number or self.uri):
            raise ValueError("needs number")
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
    answer_url: Url = None
    answer_method: Method = "GET"
    event_url: Url = None
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
    def _known_type(cls, value: Any) -> Any:
        for item in value if isinstance(value, list) else []:
            kind = item.get("type") if isinstance(item, dict) else None
            if kind in ("websocket", "app", "vbc"):
                raise ValueError(f"endpoints of type {kind} are not served by this version; use phone or sip")
        return value

    @model_validator(mode="after")
    def _exactly_one(self) -> "CreateCallBody":
        if (self.ncco is None) == (self.answer_url is None):
            raise ValueError("give exactly one of ncco and answer_url")
        if self.random_from_number == (self.from_ is not None):
            raise ValueError("give exactly one of from and random_from_number")
        return self


class ModifyCallBody(Body):
    """`PUT /v1/calls/{uuid}`."""

    action: str
