"""What clients send to the Numbers API: queries and forms. Every value is text."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from offhook.core import e164
from offhook.core.errors import Invalid
from offhook.http.context import as_stored
from offhook.http.models import Body, Line, lower, upper, url
from offhook.storage.numbers import CONTAINS, ENDS, STARTS

KINDS = ("landline", "mobile-lvn", "landline-toll-free")
FEATURES = ("VOICE", "SMS", "MMS")
MAX_SIZE = 100
MAX_INDEX = 1_000_000


def _digits(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return e164.normalise(value, "msisdn")
    except Invalid as error:
        raise ValueError(error.problem) from None


def _features(value: Any) -> Any:
    """`SMS,VOICE` in any order as a list."""
    if not isinstance(value, str):
        return value
    return [each.strip().upper() for each in value.split(",") if each.strip()]


def _url_or_nothing(value: str) -> str:
    return url(value) if value else ""


def _country(value: str) -> str:
    if len(value) != 2 or not value.isascii() or not value.isalpha():
        raise ValueError("must be two letters such as NL")
    return value


def _some_digits(value: str) -> str:
    if not 1 <= len(value) <= 15 or not value.isascii() or not value.isdigit():
        raise ValueError("must be 1 to 15 digits")
    return value


Country = Annotated[
    str,
    BeforeValidator(upper),
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"}),
]
Msisdn = Annotated[
    str, BeforeValidator(_digits), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{6,14}$"})
]
Pattern = Annotated[
    str, AfterValidator(_some_digits), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,15}$"})
]
Flag = Annotated[bool, BeforeValidator(lower)]
Kind = Literal["landline", "mobile-lvn", "landline-toll-free"]
Features = Annotated[
    list[Literal["VOICE", "SMS", "MMS"]],
    BeforeValidator(_features),
    WithJsonSchema({"type": "string", "pattern": "^(VOICE|SMS|MMS)(,(VOICE|SMS|MMS)){0,2}$"}),
]
Where = Annotated[
    Literal["0", "1", "2"], WithJsonSchema({"type": "integer", "enum": [STARTS, CONTAINS, ENDS]})
]
Short = Annotated[Line, StringConstraints(max_length=255)]
Address = Annotated[Short, AfterValidator(_url_or_nothing)]
Key = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z_.-]{0,64}$")]
ApplicationId = Annotated[Key, AfterValidator(as_stored)]


class Paged(Body):
    """What both listings take."""

    pattern: Pattern | None = None
    """Digits that are in the number."""
    search_pattern: Where = "0"
    """Where they are: 0 at its beginning, 1 anywhere, 2 at its end."""
    size: int = Field(10, ge=1, le=MAX_SIZE)
    """Numbers on a page."""
    index: int = Field(1, ge=0, le=MAX_INDEX)
    """The page, counted from 1; 0 is the first one too."""

    @property
    def offset(self) -> int:
        """How many numbers come before the page."""
        return (max(self.index, 1) - 1) * self.size


class OwnedQuery(Paged):
    """The query of `GET /account/numbers`."""

    country: Country | None = None
    """Two letters (ISO 3166-1)."""
    application_id: ApplicationId | None = None
    """Numbers that are linked to this application."""
    has_application: Flag | None = None
    """Numbers that are linked to any application, or to none."""


class AvailableQuery(Paged):
    """The query of `GET /number/search`."""

    country: Country
    """Two letters (ISO 3166-1)."""
    type: Kind | None = None
    features: Features = Field([])
    """What the numbers must be able to do, separated by commas, in any order."""


class NumberForm(Body):
    """The form of `POST /number/buy` and `POST /number/cancel`."""

    country: Country
    """Two letters (ISO 3166-1)."""
    msisdn: Msisdn
    """The number, with the country code."""
    target_api_key: Key | None = None
    """Whose number it is; only the account itself."""


class UpdateForm(Body):
    """The form of `POST /number/update`. An empty value clears what it names."""

    country: Country
    """Two letters (ISO 3166-1)."""
    msisdn: Msisdn
    """The number, with the country code."""
    app_id: ApplicationId | None = None
    """The application that answers its calls. Without it the number is linked to none."""
    voice_type: Annotated[Literal["sip", "tel", "app", ""] | None, BeforeValidator(lower)] = Field(
        None, alias="voiceCallbackType"
    )
    """Where its calls go past any application: `sip` or `tel`. `app` is another way to say `app_id`."""
    voice_value: Annotated[Line, StringConstraints(max_length=2048)] | None = Field(
        None, alias="voiceCallbackValue"
    )
    """SIP URIs separated by commas, tried in turn, or one telephone number, or an application."""
    voice_status: Address | None = Field(None, alias="voiceStatusCallback")
    """A URL that is told when a call ends that went to `sip` or `tel`."""
    mo_http_url: Address | None = Field(None, alias="moHttpUrl")
    """Kept and shown."""
    mo_smpp_sys_type: Short | None = Field(None, alias="moSmppSysType")
    """Kept and shown."""
    messages_type: Annotated[Literal["app", ""] | None, BeforeValidator(lower)] = Field(
        None, alias="messagesCallbackType"
    )
    """Kept and shown."""
    messages_value: ApplicationId | None = Field(None, alias="messagesCallbackValue")
    """Kept and shown."""
