"""Accounts and their API secrets. An account has at most two live secrets, so that one can be replaced
while clients still use the other. Secrets are stored as hashes (`security/passwords.py`).

A deleted account takes along what it owns: applications, numbers, trunks, users, secrets. What has happened
(calls, conversations, recordings, webhooks) stays until its time of keeping is over, but nobody's credentials
reach it any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Table, bindparam, func, or_, select

from offhook.core.errors import Conflict, NotFound
from offhook.storage import tables
from offhook.storage.mapping import Mapped
from offhook.storage.prepared import Prepared
from offhook.storage.records import Account

MAX_SECRETS = 2
HISTORY = frozenset({"legs", "conversations", "recordings", "deliveries", "checkpoints"})
"""Tables whose rows outlive the account: what live calls are ended by, and what is kept for a time."""


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
change = _accounts.change

_column = tables.accounts.c
_standing = select(_column.account_id).where(_column.suspended_at.is_(None))
_stands = Prepared(_standing.where(_column.account_id == bindparam("account")))


def by_api_key(connection: Connection, api_key: str) -> Account | None:
    """The account that a client names in Basic authentication."""
    return _accounts.first(connection, tables.accounts.c.api_key == api_key)


def list(connection: Connection) -> "tuple[Account, ...]":
    """Every account, oldest first."""
    order = [tables.accounts.c.created_at, tables.accounts.c.account_id]
    return tuple(_accounts.all(connection, order=order))


def find(connection: Connection, text: str) -> Account:
    """The account with this API key, id or name. Raises NotFound, Conflict for a name of several."""
    column = tables.accounts.c
    same = or_(column.api_key == text, column.account_id == text, column.name == text)
    found = _accounts.all(connection, same, order=[column.created_at])
    exact = [account for account in found if text in (account.api_key, account.account_id)]
    if not found:
        raise NotFound(f"there is no account {text}; see: offhook accounts list")
    if len(exact or found) > 1:
        raise Conflict(f"several accounts are named {text}; give the API key instead")
    return (exact or found)[0]


def standing(connection: Connection, account_ids: Iterable[str]) -> "frozenset[str]":
    """Those of these accounts that exist and are not suspended."""
    wanted = sorted(account_ids)
    if len(wanted) == 1:  # every call asks for its own
        return frozenset(row[0] for row in _stands.rows(connection, {"account": wanted[0]}))
    return frozenset(row[0] for row in connection.execute(_standing.where(_column.account_id.in_(wanted))))


def owned(connection: Connection, account_id: str) -> "dict[str, int]":
    """How many rows of each kind the account owns, by the name of the table; history is left out."""
    counts = {}
    for table in _owned_tables():
        query = select(func.count()).select_from(table).where(table.c.account_id == account_id)
        counts[table.name] = connection.execute(query).scalar_one()
    return counts


def delete(connection: Connection, account_id: str) -> None:
    """Remove an account and what it owns. Raises NotFound when there is none."""
    if not _accounts.delete(connection, account_id):
        raise NotFound(f"there is no account {account_id}")
    for table in _owned_tables():
        connection.execute(table.delete().where(table.c.account_id == account_id))


def _owned_tables() -> "tuple[Table, ...]":
    """Every table of things that belong to an account, those added later included."""
    others = HISTORY | {"accounts"}
    return tuple(
        table
        for table in tables.metadata.sorted_tables
        if "account_id" in table.c and table.name not in others
    )


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
