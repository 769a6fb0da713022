"""`offhook numbers`: the phone numbers of this installation, without a server."""

from typing import Any

import click

from offhook.cli.context import Workspace, as_json, show, show_one, workspace
from offhook.core import e164
from offhook.core.errors import NotFound
from offhook.storage import applications, numbers
from offhook.storage.records import Number

PAGE = 10_000
KINDS = ["landline", "mobile-lvn", "landline-toll-free"]


@click.group(name="numbers", help="List, show, create, update and delete phone numbers.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the numbers and the applications they ring."""
    with workspace() as here:
        account = here.account()
        page = here.database.transact(
            lambda c: numbers.list(c, account_id=account.account_id, page_size=PAGE)
        )
        rows = [row(each) for each in page.rows]
        show(rows, machine=as_json, empty="No numbers. Add one: offhook numbers create MSISDN")


@group.command("show")
@click.argument("msisdn")
@as_json
def show_(msisdn: str, as_json: bool) -> None:
    """Show one number."""
    with workspace() as here:
        show_one(row(find(here, msisdn)), machine=as_json)


@group.command()
@click.argument("msisdn")
@click.option("--app-id", help="The application it rings; default: the first one.")
@click.option("--country", help="Two letters; default: what the number says.")
@click.option("--type", "kind", type=click.Choice(KINDS), default="landline", show_default=True)
@as_json
def create(msisdn: str, app_id: str | None, country: str | None, kind: str, as_json: bool) -> None:
    """Add a number that calls may come in on and go out from."""
    with workspace() as here:
        digits = e164.normalise(msisdn)
        number = Number(
            msisdn=digits,
            account_id=here.account().account_id,
            application_id=_application(here, app_id or here.remembered()["application_id"]),
            country=(country or e164.country_of(digits) or "ZZ").upper(),
            kind=kind,
            features=("VOICE",),
            created_at=here.clock.wall(),
        )
        here.database.transact(lambda c: numbers.insert(c, number))
        show_one(row(number), machine=as_json)


@group.command()
@click.argument("msisdn")
@click.option("--app-id", required=True, help="The application it rings; empty to unlink.")
@as_json
def update(msisdn: str, app_id: str, as_json: bool) -> None:
    """Link a number to another application."""
    with workspace() as here:
        found = find(here, msisdn)
        linked = _application(here, app_id) if app_id else None
        here.database.transact(lambda c: numbers.change(c, found.msisdn, application_id=linked))
        show_one(row(find(here, msisdn)), machine=as_json)


@group.command()
@click.argument("msisdn")
def delete(msisdn: str) -> None:
    """Remove a number."""
    with workspace() as here:
        found = find(here, msisdn)
        here.database.transact(lambda c: numbers.delete(c, found.msisdn))
        click.echo(f"Deleted {found.msisdn}.")


def find(here: Workspace, msisdn: str) -> Number:
    digits = e164.normalise(msisdn)
    found = here.database.transact(lambda c: numbers.get(c, digits))
    if found is None:
        raise NotFound(f"{digits} is not a number of this installation; see: offhook numbers list")
    return found


def row(number: Number) -> dict[str, Any]:
    return {
        "msisdn": number.msisdn,
        "country": number.country,
        "type": number.kind,
        "features": ",".join(number.features),
        "app_id": number.application_id,
    }


def _application(here: Workspace, application_id: str) -> str:
    if here.database.transact(lambda c: applications.get(c, application_id)) is None:
        raise NotFound(f"there is no application {application_id}; see: offhook apps list")
    return application_id
