"""`offhook accounts`: the tenants of this installation, their API and signature secrets, without a server.

A running server sees a change with the next request, and ends the calls of a suspended or deleted account
within seconds. Secrets are shown when they are made and never again. See docs/guides/accounts.md.
"""

import json
import secrets as random
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.context import (
    ACCOUNT_FILE,
    Workspace,
    as_json,
    show,
    show_one,
    when,
    workspace,
    write_private,
)
from offhook.core.errors import Conflict, Invalid
from offhook.security.passwords import (
    check_secret,
    hash_secret,
    hint_key,
    hint_of,
    matches,
    new_key,
    new_secret,
)
from offhook.storage import accounts
from offhook.storage.accounts import ApiSecret
from offhook.storage.records import Account

MAX_NAME = 255


@click.group(
    name="accounts", help="List, show, create, update and delete accounts, and replace their secrets."
)
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the accounts, oldest first."""
    with workspace() as here:
        rows = [row(each) for each in here.database.transact(accounts.list)]
        show(rows, machine=as_json, empty="No accounts. Make the first one: offhook init")


@group.command("show")
@click.argument("account")
@as_json
def show_(account: str, as_json: bool) -> None:
    """Show one account and how much it owns. ACCOUNT is its API key, id or name."""
    with workspace() as here:
        show_one(_whole(here, find(here, account)), machine=as_json)


@group.command()
@click.option("--name", required=True)
@as_json
def create(name: str, as_json: bool) -> None:
    """Make an account; its secrets are shown this once."""
    with workspace() as here:
        account, secret, shown = make(here, name)

        def rows(connection: Connection) -> None:
            accounts.insert(connection, account)
            accounts.add_secret(connection, secret)

        here.database.transact(rows)
        show_one(row(account) | shown, machine=as_json)


@group.command()
@click.argument("account")
@click.option("--name")
@click.option(
    "--suspend/--resume", "suspend", default=None, help="Close it to its credentials and calls, or open it."
)
@as_json
def update(account: str, name: str | None, suspend: bool | None, as_json: bool) -> None:
    """Rename, suspend or resume an account; what is not named stays."""
    with workspace() as here:
        found = find(here, account)
        changes: dict[str, Any] = {}
        if name is not None:
            changes["name"] = _name(name)
        if suspend is not None:
            changes["suspended_at"] = (found.suspended_at or here.clock.wall()) if suspend else None
        if changes:
            here.database.transact(lambda c: accounts.change(c, found.account_id, **changes))
        show_one(_whole(here, find(here, found.account_id)), machine=as_json)


@group.command()
@click.argument("account")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(account: str, yes: bool) -> None:
    """Delete an account with its applications, numbers, trunks and users, and end its calls.

    Records of calls and recordings stay until their time of keeping is over.
    """
    with workspace() as here:
        found = find(here, account)
        if _is_own(here, found):
            raise Conflict(
                "this is the account of the installation itself, which other commands use; "
                f"close it instead: offhook accounts update {found.api_key} --suspend"
            )
        things = ", ".join(f"{count} {name}" for name, count in _owned(here, found).items() if count)
        if not yes:
            click.confirm(
                f"Delete {found.api_key} ({found.name}) with {things or 'nothing else'}?", abort=True
            )
        here.database.transact(lambda c: accounts.delete(c, found.account_id))
        click.echo(f"Deleted {found.api_key} ({found.name}).")


@group.group(
    name="secrets", help="List, add and revoke API secrets; two may be live, so that one can be replaced."
)
def secrets() -> None: ...


@secrets.command("list")
@click.argument("account")
@as_json
def list_secrets(account: str, as_json: bool) -> None:
    """List the live secrets by their ids, oldest first."""
    with workspace() as here:
        found = find(here, account)
        live = here.database.transact(lambda c: accounts.secrets(c, found.account_id))
        rows = [{"id": each.secret_id, "created_at": when(each.created_at)} for each in live]
        show(rows, machine=as_json, empty="No secrets. Add one: offhook accounts secrets add ACCOUNT")


@secrets.command()
@click.argument("account")
@click.option(
    "--secret", help="8 to 25 characters with a lower-case and an upper-case letter and a digit; else made."
)
@as_json
def add(account: str, secret: str | None, as_json: bool) -> None:
    """Add a secret beside the present one; it is shown this once."""
    with workspace() as here:
        found = find(here, account)
        text = check_secret(secret, "--secret") if secret else new_secret()
        stored = hashed(here, found, text)
        here.database.transact(lambda c: accounts.add_secret(c, stored))
        if _is_own(here, found):
            _remember(here, api_secret=text)
        show_one({"id": stored.secret_id, "api_key": found.api_key, "api_secret": text}, machine=as_json)


@secrets.command()
@click.argument("account")
@click.argument("id")
def revoke(account: str, id: str) -> None:
    """Revoke a secret; the last one can only be replaced."""
    with workspace() as here:
        found = find(here, account)
        live = {
            each.secret_id: each
            for each in here.database.transact(lambda c: accounts.secrets(c, found.account_id))
        }
        here.database.transact(lambda c: accounts.revoke_secret(c, found.account_id, id))
        click.echo(f"Revoked {id} of {found.api_key}.")
        if _is_own(here, found) and matches(str(here.remembered()["api_secret"]), live[id].hash):
            _remember(here, api_secret="")
            click.echo("`offhook init` cannot show an API secret until another one is added.")


@group.group(name="signature", help="Show and replace the secret that webhooks are signed with.")
def signature() -> None: ...


@signature.command("show")
@click.argument("account")
@as_json
def show_signature(account: str, as_json: bool) -> None:
    """Show the signature secret."""
    with workspace() as here:
        found = find(here, account)
        secret = here.sealer.open(found.signature_secret).decode()
        show_one({"api_key": found.api_key, "signature_secret": secret}, machine=as_json)


@signature.command()
@click.argument("account")
@as_json
def rotate(account: str, as_json: bool) -> None:
    """Replace the signature secret; a running server signs with it within seconds."""
    with workspace() as here:
        found = find(here, account)
        secret = random.token_urlsafe(36)
        sealed = here.sealer.seal(secret.encode())
        here.database.transact(lambda c: accounts.change(c, found.account_id, signature_secret=sealed))
        if _is_own(here, found):
            _remember(here, signature_secret=secret)
        show_one({"api_key": found.api_key, "signature_secret": secret}, machine=as_json)


def make(here: Workspace, name: str) -> tuple[Account, ApiSecret, dict[str, str]]:
    """A new account, its first secret, and what only now can be shown of both. Nothing is stored."""
    secret, signature = new_secret(), random.token_urlsafe(36)
    sealed = here.sealer.seal(signature.encode())
    account = Account(here.ids.uuid(), new_key(), _name(name), sealed, here.clock.wall())
    return account, hashed(here, account, secret), {"api_secret": secret, "signature_secret": signature}


def hashed(here: Workspace, account: Account, secret: str) -> ApiSecret:
    """A secret as it is stored."""
    hint = hint_of(hint_key(here.sealer), secret)
    return ApiSecret(here.ids.uuid(), account.account_id, hash_secret(secret), here.clock.wall(), hint)


def find(here: Workspace, account: str) -> Account:
    """The account with this API key, id or name."""
    return here.database.transact(lambda c: accounts.find(c, account))


def row(account: Account) -> dict[str, Any]:
    return {
        "api_key": account.api_key,
        "name": account.name,
        "status": "active" if account.suspended_at is None else "suspended",
        "id": account.account_id,
        "created_at": when(account.created_at),
    }


def _whole(here: Workspace, account: Account) -> dict[str, Any]:
    return row(account) | {"suspended_at": when(account.suspended_at), "owns": _owned(here, account)}


def _owned(here: Workspace, account: Account) -> dict[str, int]:
    return here.database.transact(lambda c: accounts.owned(c, account.account_id))


def _name(text: str) -> str:
    if not 1 <= len(text.strip()) <= MAX_NAME or not text.isprintable():
        raise Invalid("--name", f"must be one line of 1 to {MAX_NAME} characters")
    return text.strip()


def _is_own(here: Workspace, account: Account) -> bool:
    """Whether it is the account that `offhook init` made."""
    path = here.settings.data_dir / ACCOUNT_FILE
    return path.is_file() and here.remembered()["api_key"] == account.api_key


def _remember(here: Workspace, **changes: str) -> None:
    """What `offhook init` shows from now on."""
    path = here.settings.data_dir / ACCOUNT_FILE
    partial = path.with_name(f".{ACCOUNT_FILE}.{random.token_hex(6)}")
    write_private(partial, json.dumps(here.remembered() | changes, indent=2) + "\n")
    partial.replace(path)
