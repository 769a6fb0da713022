"""`offhook kpn`: the clients of the KPN wrapper and their quotas, without a server.

A running server sees a change with the next request. A secret is shown when it is made and never again. See
docs/guides/kpn.md.
"""

import re
import secrets as random
from dataclasses import replace
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.http.kpn.parts import BASE, TOKEN
from offhook.security.passwords import hash_secret, hint_key, hint_of
from offhook.storage import clients, quotas
from offhook.storage.clients import Client
from offhook.storage.quotas import UNITS

ID_BYTES, SECRET_BYTES = 16, 16
MAX_NAME = 255
_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_.~-]{8,128}", re.ASCII)


@click.group(name="kpn", help="Run the KPN wrapper: its clients, their secrets and quotas.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.group(name="clients", help="List, show, create, update and delete clients, and set their quotas.")
def clients_() -> None: ...


def quota_options(function: Any) -> Any:
    for decorate in (
        click.option("--unit", type=click.Choice(UNITS), help="Of the interval."),
        click.option("--interval", type=int, help="How many units an interval has."),
        click.option("--limit", type=int, help="Requests in an interval."),
    ):
        function = decorate(function)
    return function


@clients_.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the clients of the account, oldest first."""
    with workspace() as here:
        account = here.account()
        found = here.database.transact(lambda c: clients.list(c, account.account_id))
        rows = [row(each) for each in found]
        show(rows, machine=as_json, empty="No clients. Make one: offhook kpn clients create NAME")


@clients_.command("show")
@click.argument("client")
@as_json
def show_(client: str, as_json: bool) -> None:
    """Show a client and its quota. CLIENT is its id or its name."""
    with workspace() as here:
        show_one(_whole(here, find(here, client)), machine=as_json)


@clients_.command()
@click.argument("name")
@click.option("--client-id", help="An id that programs have already; else one is made.")
@click.option("--client-secret", help="A secret that programs have already; else one is made.")
@quota_options
@as_json
def create(name: str, client_id: str | None, client_secret: str | None, as_json: bool, **rule: Any) -> None:
    """Make a client of the account; its secret is shown this once."""
    with workspace() as here:
        defaults = here.settings.kpn
        secret = _secret(client_secret)
        made = Client(
            client_id=_id(client_id),
            account_id=here.account().account_id,
            name=_name(name),
            secret_hash=hash_secret(secret),
            secret_hint=hint_of(hint_key(here.sealer), secret),
            quota_interval=defaults.quota_interval,
            quota_unit=defaults.quota_unit,
            quota_limit=defaults.quota_limit,
            enabled=True,
            created_at=here.clock.wall(),
        )
        made = ruled(made, rule)
        try:
            here.database.transact(lambda c: clients.insert(c, made))
        except Conflict:
            raise Conflict(f"there is a client {made.name} or {made.client_id} already") from None
        base = here.settings.public_url
        shown = {"client_secret": secret, "token_url": base + TOKEN, "base_url": base + BASE}
        show_one(row(made) | shown, machine=as_json)


@clients_.command()
@click.argument("client")
@click.option("--name")
@click.option("--enable/--disable", "enabled", default=None, help="Open or close it to tokens and requests.")
@click.option("--new-secret", is_flag=True, help="Replace the secret, and end every token.")
@as_json
def update(client: str, name: str | None, enabled: bool | None, new_secret: bool, as_json: bool) -> None:
    """Rename, close or open a client, or replace its secret; what is not named stays."""
    with workspace() as here:
        found = find(here, client)
        changes: dict[str, Any] = {}
        shown = {}
        if name is not None:
            changes["name"] = _name(name)
        if enabled is not None:
            changes["enabled"] = enabled
        if new_secret:
            secret = _secret(None)
            shown = {"client_secret": secret}
            changes["secret_hash"] = hash_secret(secret)
            changes["secret_hint"] = hint_of(hint_key(here.sealer), secret)

        def write(connection: Connection) -> None:
            if changes:
                clients.change(connection, found.client_id, **changes)
            if new_secret or enabled is False:
                clients.revoke_tokens(connection, found.client_id)

        here.database.transact(write)
        show_one(_whole(here, find(here, found.client_id)) | shown, machine=as_json)


@clients_.command()
@click.argument("client")
@click.option("--reset", is_flag=True, help="Give back what is used.")
@quota_options
@as_json
def quota(client: str, reset: bool, as_json: bool, **rule: Any) -> None:
    """Show a client's quota, or set it. Another interval or unit begins at nothing used."""
    with workspace() as here:
        found = find(here, client)
        changed = ruled(found, rule)
        afresh = (changed.quota_interval, changed.quota_unit) != (found.quota_interval, found.quota_unit)

        def write(connection: Connection) -> None:
            clients.change(
                connection,
                found.client_id,
                quota_interval=changed.quota_interval,
                quota_unit=changed.quota_unit,
                quota_limit=changed.quota_limit,
            )
            if reset or afresh:
                quotas.reset(connection, found.client_id)

        here.database.transact(write)
        show_one(_used(here, changed), machine=as_json)


@clients_.command()
@click.argument("client")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(client: str, yes: bool) -> None:
    """Delete a client and end its tokens. What it has made belongs to the account, and stays."""
    with workspace() as here:
        found = find(here, client)
        if not yes:
            click.confirm(f"Delete {found.client_id} ({found.name})?", abort=True)
        here.database.transact(lambda c: clients.delete(c, found.client_id))
        click.echo(f"Deleted {found.client_id} ({found.name}).")


def find(here: Workspace, client: str) -> Client:
    """The account's client of this id or name. Raises `NotFound`."""
    account = here.account()
    owned = here.database.transact(lambda c: clients.list(c, account.account_id))
    for each in owned:
        if client in (each.client_id, each.name):
            return each
    raise NotFound(f"there is no client {client}; see: offhook kpn clients list")


def ruled(client: Client, rule: dict[str, Any]) -> Client:
    """The client with the quota that was asked for. Raises Invalid."""
    given = {f"quota_{name}": value for name, value in rule.items() if value is not None}
    changed = replace(client, **given)
    try:
        _ = changed.rule
    except Invalid as error:
        raise Invalid(f"--{error.field}", error.problem) from None
    return changed


def row(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "name": client.name,
        "enabled": client.enabled,
        "quota": f"{client.quota_limit} in {client.quota_interval} {client.quota_unit}",
        "created_at": when(client.created_at),
    }


def _whole(here: Workspace, client: Client) -> dict[str, Any]:
    return row(client) | _used(here, client)


def _used(here: Workspace, client: Client) -> dict[str, Any]:
    now = here.clock.wall()
    found = here.database.transact(lambda c: quotas.read(c, client.client_id, client.rule, now))
    return {
        "quota_limit": found.rule.limit,
        "quota_interval": found.rule.interval,
        "quota_unit": found.rule.unit,
        "quota_used": found.used,
        "quota_resets_at": when(found.resets_at),
    }


def _name(text: str) -> str:
    if not text.strip() or len(text) > MAX_NAME or not text.isprintable():
        raise Invalid("NAME", f"must be one line of 1 to {MAX_NAME} printable characters")
    return text.strip()


def _id(given: str | None) -> str:
    if given is None:
        return random.token_hex(ID_BYTES)
    if _ID.fullmatch(given) is None:
        raise Invalid("--client-id", "must be 8 to 64 letters, digits, or characters of _ . -")
    return given


def _secret(given: str | None) -> str:
    if given is None:
        return random.token_hex(SECRET_BYTES)
    if _SECRET.fullmatch(given) is None:
        raise Invalid("--client-secret", "must be 8 to 128 letters, digits, or characters of _ . ~ -")
    return given
