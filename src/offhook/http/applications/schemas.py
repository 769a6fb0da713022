"""What an application body may hold. Capabilities that Offhook does not know are kept and shown as given.

Of those it only keeps for other products, the shape is checked all the same: client libraries decode every
application of a listing, and one member of another type costs their users the whole page.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic import field_validator as check

from offhook.http.models import Line, url, without_nulls

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

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _present(cls, value: Any) -> Any:
        return without_nulls(value)


class Address(Part):
    """Where something is told. An empty address means that it is not set."""

    address: str = ""
    http_method: Method = "POST"

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
    socket_timeout: int | None = Field(None, ge=1000, le=10_000)

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return _renamed(value, "connect_timeout", "connection_timeout")


class GetWebhook(Webhook):
    """Answer and fallback webhooks: GET unless told otherwise, 5 s at most."""

    http_method: Method = "GET"
    socket_timeout: int | None = Field(None, ge=1000, le=5000)


class VoiceWebhooks(Part):
    answer_url: GetWebhook | None = None
    fallback_answer_url: GetWebhook | None = None
    event_url: Webhook | None = None


class Voice(Part):
    webhooks: VoiceWebhooks = VoiceWebhooks()
    signed_callbacks: bool = True
    conversations_ttl: int = Field(48, ge=0, le=LONGEST_TTL)
    """Hours. Clients refuse to read 0, which used to mean for ever: the longest time stands for it."""
    leg_persistence_time: int = Field(2, ge=1, le=31)
    """Days."""
    region: Annotated[REGIONS | None, BeforeValidator(lambda value: value or None)] = None
    payment_enabled: bool | None = None

    @check("conversations_ttl")
    @classmethod
    def _never_zero(cls, value: int) -> int:
        return value or LONGEST_TTL


class RtcWebhooks(Part):
    event_url: Address | None = None


class Rtc(Part):
    webhooks: RtcWebhooks = RtcWebhooks()
    signed_callbacks: bool = True


class MessagesWebhooks(Part):
    inbound_url: PostAddress | None = None
    status_url: PostAddress | None = None


class Messages(Part):
    webhooks: MessagesWebhooks = MessagesWebhooks()
    version: str | None = None
    authenticate_inbound_media: bool | None = None


class VerifyWebhooks(Part):
    status_url: PostAddress | None = None


class Verify(Part):
    webhooks: VerifyWebhooks | None = None
    version: str | None = None


class Capabilities(Part):
    voice: Voice | None = None
    rtc: Rtc | None = None
    messages: Messages | None = None
    vbc: Part | None = None
    verify: Verify | None = None


class Keys(Part):
    public_key: str | None = None


class Privacy(Part):
    improve_ai: bool = True

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, value: Any) -> Any:
        return _renamed(value, "improve_ai", "improveAi", "improveAI")


class ApplicationBody(Part):
    """`POST` and `PUT /v2/applications`: `id` and `_links` that clients send back are ignored."""

    name: Name
    keys: Keys = Keys()
    privacy: Privacy = Privacy()
    capabilities: Capabilities = Capabilities()

    def stored_capabilities(self) -> dict[str, Any]:
        """As the API shows them again: unset members left out, nothing that the client sent lost."""
        return self.capabilities.model_dump(mode="json", exclude_none=True)
