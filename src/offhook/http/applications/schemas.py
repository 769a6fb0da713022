"""What an application body of version 2 may hold. Unknown capabilities are kept and shown as given.

The shape of those that are only kept for other products is checked all the same: client libraries decode
every application of a listing, and one member of another type costs their users the whole page.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic import field_validator as check

from offhook.http.applications.verbs import Draft
from offhook.http.models import Line, Whole, url, without_nulls
from offhook.security.keys import public_key_from

Name = Annotated[Line, StringConstraints(min_length=1, max_length=255)]
Method = Literal["GET", "POST"]
LONGEST_TTL = 9000
REGIONS = Literal["na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia"]


def _renamed(value: Any, name: str, *others: str) -> Any:
    """Earlier spellings of a member under its name; they are not kept next to it."""
    if not isinstance(value, dict):
        return value
    old = [value[other] for other in others if other in value]
    kept = {member: each for member, each in value.items() if member not in others}
    return {name: old[0], **kept} if old else kept


class Part(BaseModel):
    """Unknown members are kept, null ones count as absent."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _present(cls, value: Any) -> Any:
        return without_nulls(value)


class Address(Part):
    """Where something is told. An empty address means that it is not set."""

    address: str = ""
    """An absolute http or https URL; empty: none."""
    http_method: Method = "POST"
    """How it is asked."""

    @check("address")
    @classmethod
    def _http(cls, value: str) -> str:
        return url(value) if value else ""


class PostAddress(Address):
    """The same, by POST only."""

    http_method: Literal["POST"] = "POST"


class Webhook(Address):
    """A webhook of the voice capability."""

    connect_timeout: int | None = Field(None, ge=300, le=1000)
    """Milliseconds until it must be connected; `connection_timeout` is understood as well."""
    socket_timeout: int | None = Field(None, ge=1000, le=10_000)
    """Milliseconds until it must have answered."""

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return _renamed(value, "connect_timeout", "connection_timeout")


class GetWebhook(Webhook):
    """Answer and fallback webhooks: GET unless told otherwise, 5 s at most."""

    http_method: Method = "GET"
    socket_timeout: int | None = Field(None, ge=1000, le=5000)


class VoiceWebhooks(Part):
    """Who is asked and told about calls."""

    answer_url: GetWebhook | None = None
    """Gives the NCCO of a call."""
    fallback_answer_url: GetWebhook | None = None
    """Gives one where `answer_url` failed."""
    event_url: Webhook | None = None
    """Is told how calls go on."""


class Voice(Part):
    """Calls."""

    webhooks: VoiceWebhooks = VoiceWebhooks()
    signed_callbacks: bool = True
    """Whether webhooks carry a token that proves where they come from."""
    conversations_ttl: Whole = Field(48, ge=0, le=LONGEST_TTL)
    """Hours. Clients refuse to read 0, which used to mean for ever: the longest time stands for it."""
    leg_persistence_time: Whole = Field(2, ge=1, le=31)
    """For how many days calls that are over can be read."""
    region: Annotated[REGIONS | None, BeforeValidator(lambda value: value or None)] = None
    """Where its calls live."""
    payment_enabled: bool | None = None
    """Kept and shown; payments are not served."""

    @check("conversations_ttl")
    @classmethod
    def _never_zero(cls, value: int) -> int:
        return value or LONGEST_TTL


class RtcWebhooks(Part):
    """Who is told about conversations."""

    event_url: Address | None = None


class Rtc(Part):
    """Kept for programs that share their applications with another platform."""

    webhooks: RtcWebhooks = RtcWebhooks()
    signed_callbacks: bool = True


class MessagesWebhooks(Part):
    """Who is told about messages."""

    inbound_url: PostAddress | None = None
    status_url: PostAddress | None = None


class Messages(Part):
    """Kept like `rtc`."""

    webhooks: MessagesWebhooks = MessagesWebhooks()
    version: str | None = None
    authenticate_inbound_media: bool | None = None


class VerifyWebhooks(Part):
    """Who is told about verifications."""

    status_url: PostAddress | None = None


class Verify(Part):
    """Kept like `rtc`."""

    webhooks: VerifyWebhooks | None = None
    version: str | None = None


class Capabilities(Part):
    """What the application can do. Others than these are kept and shown as given."""

    voice: Voice | None = None
    """Calls."""
    rtc: Rtc | None = None
    messages: Messages | None = None
    vbc: Part | None = None
    verify: Verify | None = None


class Keys(Part):
    """The key that tokens of the application are verified with."""

    public_key: str | None = None
    """RSA as PEM. Without one a new application gets a pair, and a present one keeps its key."""


class Privacy(Part):
    """What may be done with the data of calls."""

    improve_ai: bool = True
    """Kept and shown; nothing is learned from calls here."""

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return _renamed(value, "improve_ai", "improveAi", "improveAI")


class ApplicationBody(Part):
    """`POST` and `PUT /v2/applications`: `id` and `_links` that clients send back are ignored."""

    name: Name
    """What people call it; not unique."""
    keys: Keys = Keys()
    privacy: Privacy = Privacy()
    capabilities: Capabilities = Capabilities()

    def draft(self) -> Draft:
        """As the verbs take it. Raises Invalid for a key that is none."""
        return Draft(
            name=self.name,
            capabilities=self.stored_capabilities(),
            privacy=self.privacy.model_dump(mode="json"),
            public_key=public_key_from(self.keys.public_key) if self.keys.public_key else None,
        )

    def stored_capabilities(self) -> dict[str, Any]:
        """As the API shows them again: unset members left out, nothing that the client sent lost."""
        return self.capabilities.model_dump(mode="json", exclude_none=True)
