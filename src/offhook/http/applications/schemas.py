"""What an application body may hold. Capabilities that Offhook does not know are kept and shown as given."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic import field_validator as check

Text = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Method = Annotated[Literal["GET", "POST"], BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v)]


class Part(BaseModel):
    model_config = ConfigDict(extra="allow", populate_by_name=True)


class Webhook(Part):
    """One webhook. An empty address means that it is not set."""

    address: Annotated[str, StringConstraints(max_length=2048)] = ""
    http_method: Method = "POST"
    connect_timeout: int | None = Field(
        None, ge=300, le=1000, validation_alias=AliasChoices("connect_timeout", "connection_timeout")
    )
    socket_timeout: int | None = Field(None, ge=1000, le=10_000)

    @check("address")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must be an http:// or https:// URL, or empty")
        return value


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
    conversations_ttl: int = Field(48, ge=0, le=9000)
    """Hours."""
    leg_persistence_time: int = Field(2, ge=1, le=31)
    """Days."""
    region: Literal["na-east", "na-west", "eu-east", "eu-west", "apac-sng", "apac-australia"] | None = None
    payment_enabled: bool | None = None


class Capabilities(Part):
    voice: Voice | None = None


class Keys(Part):
    public_key: str | None = None


class Privacy(Part):
    improve_ai: bool = Field(True, validation_alias=AliasChoices("improve_ai", "improveAi", "improveAI"))


class ApplicationBody(Part):
    """`POST` and `PUT /v2/applications`: `id` and `_links` that clients send back are ignored."""

    name: Text
    keys: Keys = Keys()
    privacy: Privacy = Privacy()
    capabilities: Capabilities = Capabilities()

    def stored_capabilities(self) -> dict[str, Any]:
        """As the API shows them again: unset members left out, nothing that the client sent lost."""
        return self.capabilities.model_dump(mode="json", exclude_none=True)
