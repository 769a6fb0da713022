"""The tables. Columns carry the names of the record fields in `records.py`, in the same order.

Instants are UTC int64 microseconds, durations int milliseconds, money int 10⁻⁸. JSON is text that keeps the
order of keys. There are no foreign keys: rows of one aggregate outlive those of another on purpose
(deliveries of a deleted application, legs of an ended conversation). What the schema is made of is in
`migrations/`; a test holds the two together.
"""

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


class JsonText(TypeDecorator[Any]):
    """A JSON value as compact ASCII text, in the key order it was given; tuples come back as lists."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else _encode(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class TextTuple(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings as a JSON list."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else _encode(list(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_ID = String(64)


def _account() -> Column[str]:
    return Column("account_id", _ID, nullable=False)


def _application(*, nullable: bool = False) -> Column[str]:
    return Column("application_id", _ID, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


accounts = Table(
    "accounts",
    metadata,
    Column("account_id", _ID, primary_key=True),
    Column("api_key", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("signature_secret", LargeBinary, nullable=False),
    _instant("created_at"),
    _instant("suspended_at", nullable=True),
)

api_secrets = Table(
    "api_secrets",
    metadata,
    Column("secret_id", _ID, primary_key=True),
    Column("account_id", _ID, nullable=False, index=True),
    Column("hash", Text, nullable=False),
    _instant("created_at"),
    Column("hint", String(16), nullable=True),
)

applications = Table(
    "applications",
    metadata,
    Column("application_id", _ID, primary_key=True),
    _account(),
    Column("name", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("capabilities", JsonText, nullable=False),
    Column("privacy", JsonText, nullable=False),
    _instant("created_at"),
    _instant("updated_at"),
    Index(None, "account_id", "created_at"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("msisdn", String(16), primary_key=True),
    _account(),
    _application(nullable=True),
    Column("country", String(2), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("features", TextTuple, nullable=False),
    _instant("created_at"),
    Column("forward_type", String(8), nullable=True),
    Column("forward_to", Text, nullable=True),
    Column("status_url", Text, nullable=True),
    Column("messaging", JsonText, nullable=True),
    Column("initial_price", BigInteger, nullable=False, server_default="0"),
    Column("monthly_price", BigInteger, nullable=False, server_default="0"),
    Index(None, "account_id", "msisdn"),
    Index(None, "application_id"),
)

available_numbers = Table(
    "available_numbers",
    metadata,
    Column("msisdn", String(16), primary_key=True),
    Column("account_id", _ID, nullable=True),
    Column("country", String(2), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("features", TextTuple, nullable=False),
    Column("initial_price", BigInteger, nullable=False),
    Column("monthly_price", BigInteger, nullable=False),
    _instant("created_at"),
    Index(None, "country", "msisdn"),
)

users = Table(
    "users",
    metadata,
    Column("user_id", _ID, primary_key=True),
    _account(),
    _application(),
    Column("name", String(255), nullable=False),
    Column("display_name", Text, nullable=True),
    Column("image_url", Text, nullable=True),
    Column("properties", JsonText, nullable=False),
    Column("channels", LargeBinary, nullable=False),
    _instant("created_at"),
    _instant("updated_at"),
    UniqueConstraint("application_id", "name"),
    Index(None, "application_id", "created_at"),
)

trunks = Table(
    "trunks",
    metadata,
    Column("trunk_id", _ID, primary_key=True),
    _account(),
    Column("name", String(255), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("transport", String(8), nullable=False),
    Column("username", Text, nullable=True),
    Column("password", LargeBinary, nullable=True),
    Column("sources", TextTuple, nullable=False),
    Column("prefixes", TextTuple, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    _instant("created_at"),
    UniqueConstraint("account_id", "name"),
)

legs = Table(
    "legs",
    metadata,
    Column("leg_id", _ID, primary_key=True),
    _account(),
    _application(),
    Column("conversation_id", _ID, nullable=False, index=True),
    Column("direction", String(16), nullable=False),
    Column("to_endpoint", JsonText, key="to", nullable=False),
    Column("from_endpoint", JsonText, key="from_", nullable=False),
    Column("status", String(32), nullable=False),
    _instant("created_at"),
    Column("detail", Text, nullable=True),
    Column("sip_code", Integer, nullable=True),
    Column("disconnected_by", String(16), nullable=True),
    _instant("started_at", nullable=True),
    _instant("ended_at", nullable=True),
    Column("rate", BigInteger, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("network", Text, nullable=True),
    Column("event_url", Text, nullable=True),
    Column("event_method", String(8), nullable=True),
    Column("cause", String(32), nullable=True),
    Index(None, "application_id", "created_at", "leg_id"),
    Index(None, "account_id", "created_at"),
    Index(None, "status", "created_at"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("conversation_id", _ID, primary_key=True),
    _account(),
    _application(),
    Column("name", Text, nullable=True),
    _instant("created_at"),
    _instant("ended_at", nullable=True),
    Index(None, "application_id", "created_at"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("recording_id", _ID, primary_key=True),
    Column("file_id", _ID, nullable=False, unique=True),
    _account(),
    _application(),
    Column("conversation_id", _ID, nullable=False, index=True),
    Column("leg_id", _ID, nullable=True),
    Column("status", String(16), nullable=False, index=True),
    Column("format", String(8), nullable=False),
    Column("channels", Integer, nullable=False),
    _instant("started_at"),
    _instant("ended_at", nullable=True),
    Column("duration_ms", BigInteger, nullable=True),
    Column("size", BigInteger, nullable=True),
    Column("path", Text, nullable=True),
    Column("event_url", Text, nullable=True),
    Column("event_method", String(8), nullable=True),
    Index(None, "application_id", "started_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", _ID, primary_key=True),
    _account(),
    _application(),
    Column("order_key", String(128), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("method", String(8), nullable=False),
    Column("url", Text, nullable=False),
    Column("body", JsonText, nullable=False),
    Column("signed", Boolean, nullable=False),
    Column("connect_timeout_ms", Integer, nullable=False),
    Column("socket_timeout_ms", Integer, nullable=False),
    Column("expects_ncco", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    _instant("created_at"),
    Column("last_status", Integer, nullable=True),
    Column("last_error", Text, nullable=True),
    _instant("finished_at", nullable=True),
    _instant("requeued_at", nullable=True),
    UniqueConstraint("order_key", "sequence"),
    Index(None, "state", "created_at"),
    Index(None, "application_id", "created_at"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("leg_id", _ID, primary_key=True),
    _account(),
    _application(),
    Column("session", Text, nullable=False, index=True),
    Column("dialog", LargeBinary, nullable=False),
    _instant("updated_at"),
    Column("trunk_id", _ID, nullable=True),
)

oauth_clients = Table(
    "oauth_clients",
    metadata,
    Column("client_id", _ID, primary_key=True),
    _account(),
    Column("name", String(255), nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("secret_hint", String(16), nullable=True),
    Column("quota_interval", Integer, nullable=False),
    Column("quota_unit", String(8), nullable=False),
    Column("quota_limit", BigInteger, nullable=False),
    Column("enabled", Boolean, nullable=False),
    _instant("created_at"),
    UniqueConstraint("account_id", "name"),
)

oauth_tokens = Table(
    "oauth_tokens",
    metadata,
    Column("token_hash", _ID, primary_key=True),
    Column("client_id", _ID, nullable=False),
    _account(),
    _instant("created_at"),
    _instant("expires_at"),
    Index(None, "client_id", "created_at"),
    Index(None, "expires_at"),
)

client_quotas = Table(
    "client_quotas",
    metadata,
    Column("client_id", _ID, primary_key=True),
    _account(),
    _instant("starts_at"),
    Column("used", BigInteger, nullable=False),
)

application_keys = Table(
    "application_keys",
    metadata,
    Column("application_id", _ID, primary_key=True),
    _account(),
    Column("public_key", Text, nullable=False),
    Column("private_key", LargeBinary, nullable=False),
    _instant("created_at"),
)
