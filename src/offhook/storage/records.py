"""The rows, as values. One repository module per aggregate reads and writes them.

Instants are UTC int microseconds (`…_at`), durations int milliseconds (`…_ms`), money int 10⁻⁸ of
`currency`. Every record has `account_id`, and `application_id` where an application owns it.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str
    """Opaque internal id."""
    api_key: str
    name: str
    signature_secret: bytes
    """Sealed (AES-256-GCM under the instance key): see `security/secrets.py`."""
    created_at: int
    suspended_at: int | None = None
    """Since when its credentials open nothing and no call of it begins; None: it is in use."""


@dataclass(frozen=True, slots=True)
class Application:
    application_id: str
    account_id: str
    name: str
    public_key: str
    """SPKI PEM; verifies the JWTs of the application."""
    capabilities: dict[str, Json]
    """As the API shows it, unknown capabilities included."""
    privacy: dict[str, Json]
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Number:
    msisdn: str
    """E.164 without `+`; unique in the whole installation."""
    account_id: str
    application_id: str | None
    country: str
    kind: str
    """`landline`, `mobile-lvn` or `landline-toll-free`."""
    features: tuple[str, ...]
    created_at: int
    forward_type: str | None = None
    """`sip` or `tel`: its calls are connected to `forward_to`, whatever application it is linked to."""
    forward_to: str | None = None
    """A number, or SIP URIs separated by commas, as it was given."""
    status_url: str | None = None
    """Who is told when a forwarded call ends."""
    messaging: dict[str, str] | None = None
    """What it is set to do with messages: kept and shown, nothing else."""
    initial_price: int = 0
    """What buying it costs, and a month of it: shown, never charged."""
    monthly_price: int = 0


@dataclass(frozen=True, slots=True)
class AvailableNumber:
    """A number of the inventory, which an account may buy."""

    msisdn: str
    account_id: str | None
    """Whom it is kept for; None: everybody."""
    country: str
    kind: str
    features: tuple[str, ...]
    initial_price: int
    monthly_price: int
    created_at: int


@dataclass(frozen=True, slots=True)
class User:
    """A person or device that belongs to one application."""

    user_id: str
    """`USR-` and a UUID."""
    account_id: str
    application_id: str
    name: str
    """Unique in the application."""
    display_name: str | None
    image_url: str | None
    properties: dict[str, Json]
    channels: bytes
    """Sealed JSON: channels hold passwords. Empty: none."""
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class Trunk:
    trunk_id: str
    account_id: str
    name: str
    simulated: bool
    """The simulated carrier: active only while SIP binds loopback."""
    host: str
    port: int
    transport: str
    username: str | None
    """Digest user, ours towards the peer and theirs towards us."""
    password: bytes | None
    """Sealed."""
    sources: tuple[str, ...]
    """CIDRs whose INVITEs are this trunk's without digest."""
    prefixes: tuple[str, ...]
    """Destination prefixes this trunk may dial; empty on a real trunk means none."""
    priority: int
    """Lower is tried first."""
    enabled: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class Leg:
    """One connection; what REST calls a call."""

    leg_id: str
    account_id: str
    application_id: str
    conversation_id: str
    direction: str
    """`inbound` or `outbound`."""
    to: dict[str, Json]
    """An endpoint object as REST shows it: `{"type": "phone", "number": "…"}`."""
    from_: dict[str, Json]
    status: str
    created_at: int
    detail: str | None = None
    sip_code: int | None = None
    disconnected_by: str | None = None
    """`platform` or `user`, once over."""
    started_at: int | None = None
    """When it was answered."""
    ended_at: int | None = None
    rate: int = 0
    price: int = 0
    network: str | None = None
    event_url: str | None = None
    """Where this call's events go; None: to the application's event URL."""
    event_method: str | None = None
    cause: str | None = None
    """The status that told why the leg was never answered; `completed` follows it."""

    @property
    def shown_status(self) -> str:
        """What REST shows: a leg that was never answered keeps the reason as its status."""
        return self.cause if self.status == "completed" and self.cause else self.status


@dataclass(frozen=True, slots=True)
class Conversation:
    conversation_id: str
    account_id: str
    application_id: str
    name: str | None
    created_at: int
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    recording_id: str
    """`recording_uuid` in the webhook."""
    file_id: str
    """The id in `recording_url`; another than `recording_id`."""
    account_id: str
    application_id: str
    conversation_id: str
    leg_id: str | None
    """The leg whose program started it."""
    status: str
    """`recording`, `finalising`, `ready` or `failed`."""
    format: str
    channels: int
    started_at: int
    ended_at: int | None = None
    duration_ms: int | None = None
    size: int | None = None
    path: str | None = None
    """Relative to the data directory."""
    event_url: str | None = None
    event_method: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook in the outbox."""

    delivery_id: str
    """The `Offhook-Delivery` header: the same on every attempt and after a restart."""
    account_id: str
    application_id: str
    order_key: str
    """`leg:<id>` or `conversation:<id>`: one request in flight per key, in order of `sequence`."""
    sequence: int
    kind: str
    """`status`, `record`, `input`, `notify`, `transfer`, `error` …"""
    method: str
    url: str
    body: dict[str, Json]
    """In the key order that goes on the wire."""
    signed: bool
    connect_timeout_ms: int
    socket_timeout_ms: int
    expects_ncco: bool
    """A request whose answer would be an NCCO: never sent again after a crash."""
    state: str
    """`pending`, `delivered` or `failed`."""
    attempts: int
    created_at: int
    last_status: int | None = None
    last_error: str | None = None
    finished_at: int | None = None
    requeued_at: int | None = None
    """When somebody asked for it to be sent again."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is needed to end a live call after a crash of control."""

    leg_id: str
    account_id: str
    application_id: str
    session: str
    dialog: bytes
    """The dialog as the SIP stack dumped it: route set, target, tags, CSeq, flow."""
    updated_at: int
    trunk_id: str | None = None
    """The trunk that was dialled: whose password answers a challenge to the BYE."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing and how many rows match in all."""

    rows: list[Any] = field(default_factory=list)
    total: int = 0
