"""What the Numbers API shows: members that are not set are left out, prices are text."""

from typing import Any, Literal

from pydantic import Field

from offhook.core.money import price_text
from offhook.http.declared import Shown
from offhook.http.numbers.schemas import Kind
from offhook.storage.records import AvailableNumber, Number


class OwnedNumber(Shown):
    """A number of the account."""

    country: str = Field(examples=["NL"])
    msisdn: str = Field(examples=["31201234567"])
    type: Kind
    features: list[str] = Field(examples=[["VOICE"]])
    mo_http_url: str | None = Field(None, alias="moHttpUrl")
    mo_smpp_sys_type: str | None = Field(None, alias="moSmppSysType")
    messages_type: Literal["app"] | None = Field(None, alias="messagesCallbackType")
    messages_value: str | None = Field(None, alias="messagesCallbackValue")
    voice_type: Literal["sip", "tel"] | None = Field(None, alias="voiceCallbackType")
    """Where its calls go, past any application."""
    voice_value: str | None = Field(None, alias="voiceCallbackValue")
    voice_status: str | None = Field(None, alias="voiceStatusCallback")
    app_id: str | None = None
    """The application that is linked to it."""


class OwnedNumbers(Shown):
    """One page of the account's numbers."""

    count: int
    """Numbers that match, on all pages."""
    numbers: list[OwnedNumber]


class NumberToBuy(Shown):
    """A number that the account may buy."""

    country: str = Field(examples=["NL"])
    msisdn: str = Field(examples=["31201234567"])
    type: Kind
    features: list[str] = Field(examples=[["VOICE"]])
    initial_price: str = Field(alias="initialPrice", examples=["0.00"])
    """Euros, once."""
    cost: str = Field(examples=["1.25"])
    """Euros a month."""


class NumbersToBuy(Shown):
    """One page of the inventory."""

    count: int
    """Numbers that match, on all pages."""
    numbers: list[NumberToBuy]


def owned(number: Number) -> dict[str, Any]:
    """A number of the account."""
    messaging = number.messaging or {}
    shown: dict[str, Any] = {
        "country": number.country,
        "msisdn": number.msisdn,
        "moHttpUrl": messaging.get("mo_http_url"),
        "moSmppSysType": messaging.get("mo_smpp_sys_type"),
        "type": number.kind,
        "features": list(number.features),
        "voiceCallbackType": number.forward_type,
        "voiceCallbackValue": number.forward_to,
        "voiceStatusCallback": number.status_url,
        "messagesCallbackType": messaging.get("messages_callback_type"),
        "messagesCallbackValue": messaging.get("messages_callback_value"),
        "app_id": number.application_id,
    }
    return {name: value for name, value in shown.items() if value is not None}


def to_buy(number: AvailableNumber) -> dict[str, Any]:
    """A number of the inventory."""
    return {
        "country": number.country,
        "msisdn": number.msisdn,
        "type": number.kind,
        "features": list(number.features),
        "initialPrice": price_text(number.initial_price),
        "cost": price_text(number.monthly_price),
    }
