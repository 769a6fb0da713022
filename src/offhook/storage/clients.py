"""OAuth clients: programs that get a token for their id and secret and act for an account (RFC 6749 §4.4).

Secrets are stored as hashes (`security/passwords.py`). Tokens are random, opaque and stored as SHA-256:
whoever reads the database has none. A token lives as long as it was given for, or until it is revoked.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, select

from offhook.storage import quotas, tables
from offhook.storage.mapping import Mapped
from offhook.storage.quotas import Rule

MAX_TOKENS = 1_000
"""Live tokens of a client; one more ends the oldest."""
PORTION = 100
"""Expired tokens that one new token sweeps away."""


@dataclass(frozen=True, slots=True)
class Client:
    client_id: str
    account_id: str
    name: str
    """Unique in its account."""
    secret_hash: str
    """As `passwords.hash_secret` gave it."""
    secret_hint: str | None
    """As `passwords.hint_of` gave it."""
    quota_interval: int
    quota_unit: str
    quota_limit: int
    enabled: bool
    created_at: int

    @property
    def rule(self) -> Rule:
        return Rule(self.quota_interval, self.quota_unit, self.quota_limit)


@dataclass(frozen=True, slots=True)
class _Token:
    token_hash: str
    client_id: str
    account_id: str
    created_at: int
    expires_at: int


_clients = Mapped(tables.oauth_clients, Client, "client")
_tokens = Mapped(tables.oauth_tokens, _Token, "token")
_token = tables.oauth_tokens.c

get = _clients.get
change = _clients.change


def insert(connection: Connection, client: Client) -> None:
    """Add a client. Raises Conflict when its account has one of that name."""
    _clients.insert(connection, client)
    quotas.add(connection, client.client_id, client.account_id)


def list(connection: Connection, account_id: str) -> "tuple[Client, ...]":
    """The clients of an account, oldest first."""
    column = tables.oauth_clients.c
    order = [column.created_at, column.client_id]
    return tuple(_clients.all(connection, column.account_id == account_id, order=order))


def delete(connection: Connection, client_id: str) -> bool:
    """Remove a client with its tokens and its quota. False: there is no such one."""
    revoke_tokens(connection, client_id)
    quotas.delete(connection, client_id)
    return _clients.delete(connection, client_id)


def add_token(connection: Connection, client: Client, token: str, *, wall: int, expires_at: int) -> None:
    """Remember a token by its digest, and forget some that have expired or are too many."""
    column, table = tables.oauth_tokens.c, tables.oauth_tokens
    gone = select(column.token_hash).where(column.expires_at <= wall).limit(PORTION)
    connection.execute(table.delete().where(column.token_hash.in_(gone.scalar_subquery())))
    order = [column.created_at.desc(), column.token_hash]
    old = _tokens.all(
        connection, column.client_id == client.client_id, order=order, offset=MAX_TOKENS - 1, limit=PORTION
    )
    for each in old:
        _tokens.delete(connection, each.token_hash)
    _tokens.insert(connection, _Token(digest(token), client.client_id, client.account_id, wall, expires_at))


def by_token(connection: Connection, token: str, wall: int) -> Client | None:
    """The client that a live token was given to; None for one that is unknown, over, or disabled."""
    found = _tokens.get(connection, digest(token))
    if found is None or found.expires_at <= wall:
        return None
    client = get(connection, found.client_id)
    return client if client is not None and client.enabled else None


def revoke_tokens(connection: Connection, client_id: str) -> int:
    """End every token of a client; gives how many."""
    table = tables.oauth_tokens
    return connection.execute(table.delete().where(_token.client_id == client_id)).rowcount


def digest(token: str) -> str:
    """SHA-256 is enough for a text of 160 random bits: there is nothing to try."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
