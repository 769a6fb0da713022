"""Accounts and their API secrets. An account has at most two live secrets, so that one can be replaced
while clients still use the other. Secrets are stored as hashes (`security/passwords.py`)."""

from dataclasses import dataclass

from sqlalchemy import Connection

from offhook.core.errors import Conflict, NotFound
from offhook.storage import tables
from offhook.storage.mapping import Mapped
from offhook.storage.records import Account

MAX_SECRETS = 2


@dataclass(frozen=True, slots=True)
class ApiSecret:
    secret_id: str
    account_id: str
    hash: str
    """As `passwords.hash_secret` gave it."""
    created_at: int
    hint: str | None = None
    """As `passwords.hint_of` gave it; None for a secret that was stored without one."""


_accounts = Mapped(tables.accounts, Account, "account")
_secrets = Mapped(tables.api_secrets, ApiSecret, "API secret")

insert = _accounts.insert
get = _accounts.get
update = _accounts.update


def by_api_key(connection: Connection, api_key: str) -> Account | None:
    """The account that a client names in Basic authentication."""
    return _accounts.first(connection, tables.accounts.c.api_key == api_key)


def list(connection: Connection) -> "tuple[Account, ...]":
    """Every account, oldest first."""
    order = [tables.accounts.c.created_at, tables.accounts.c.account_id]
    return tuple(_accounts.all(connection, order=order))


def secrets(connection: Connection, account_id: str) -> "tuple[ApiSecret, ...]":
    """The live secrets, oldest first."""
    column = tables.api_secrets.c
    order = [column.created_at, column.secret_id]
    return tuple(_secrets.all(connection, column.account_id == account_id, order=order))


def add_secret(connection: Connection, secret: ApiSecret) -> None:
    """Add a secret. Raises Conflict when two are live already, NotFound when there is no such account."""
    if get(connection, secret.account_id) is None:
        raise NotFound(f"there is no account {secret.account_id}")
    if len(secrets(connection, secret.account_id)) >= MAX_SECRETS:
        raise Conflict(f"an account has at most {MAX_SECRETS} API secrets; revoke one first")
    _secrets.insert(connection, secret)


def keep_hint(connection: Connection, secret_id: str, hint: str) -> None:
    """Store what `passwords.hint_of` says of a secret. Raises NotFound when there is none."""
    _secrets.change(connection, secret_id, hint=hint)


def revoke_secret(connection: Connection, account_id: str, secret_id: str) -> None:
    """Remove a secret. Raises Conflict for the last one, which would lock the account out."""
    live = secrets(connection, account_id)
    if secret_id not in {secret.secret_id for secret in live}:
        raise NotFound(f"account {account_id} has no API secret {secret_id}")
    if len(live) == 1:
        raise Conflict("this is the only API secret of the account; add another one first")
    _secrets.delete(connection, secret_id)
