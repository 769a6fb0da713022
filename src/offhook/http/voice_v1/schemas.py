"""The body of `POST /v1/calls`. Checks name the field as the client spelled it."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field, field_validator, model_validator

from offhook.http.models import Body, OneUrl, Whole, lower, refuse, upper
from offhook.http.voice_v1.endpoints import UNSERVED, Destination, Origin

Method = Annotated[Literal["GET", "POST"], BeforeValidator(upper)]
OnMachine = Annotated[Literal["continue", "hangup"], BeforeValidator(lower)]
Mode = Annotated[Literal["default", "detect", "detect_beep"], BeforeValidator(lower)]


class AdvancedDetection(Body):
    """How an answering machine is told from a person."""

    behavior: OnMachine = "continue"
    """What a machine's answer means for the call."""
    mode: Mode = "detect"
    """Whether the program waits for the verdict (`detect`), for the beep (`detect_beep`) or for neither."""
    beep_timeout: Whole = Field(
        45, ge=30, le=120, validation_alias=AliasChoices("beep_timeout", "beepTimeout")
    )
    """Seconds that the beep is waited for."""


class CreateCallBody(Body):
    """A call to be placed."""

    to: Annotated[list[Destination], Field(min_length=1, max_length=1)]
    """Whom to call: an array of one."""
    from_: Origin | None = Field(None, alias="from")
    """What is shown to who is called; else `random_from_number`."""
    random_from_number: bool = False
    """Show one of the numbers that are linked to the application."""
    ncco: list[Any] | None = Field(None, json_schema_extra={"items": {"type": "object"}})
    """What happens once the call is answered; else `answer_url`."""
    answer_url: OneUrl | None = None
    """Where the NCCO is fetched from, once the call is answered."""
    answer_method: Method = "GET"
    event_url: OneUrl | None = None
    """Where the events of this call go, instead of to the application's event URL."""
    event_method: Method = "POST"
    length_timer: Whole = Field(7200, ge=1, le=86400)
    """Seconds from the answer after which the call is hung up."""
    ringing_timer: Whole = Field(60, ge=1, le=120)
    """Seconds of ringing after which the call is given up."""
    machine_detection: OnMachine | None = None
    """Checked and not acted on: an `error` event says that the call goes on without it."""
    advanced_machine_detection: AdvancedDetection | None = None
    """As `machine_detection`, which it stands above."""

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
