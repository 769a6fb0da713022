"""`offhook numbers`: phone numbers of an account, without a server. The inventory is in `inventory.py`."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import click
from sqlalchemy import Connection

from offhook.calls import forward_targets
from offhook.cli.context import Workspace, as_json, show, show_one, workspace
from offhook.core import e164
from offhook.core.errors import Conflict, Invalid, NotFound
from offhook.storage import applications, inventory, numbers
from offhook.storage.records import Number, Page

PAGE = 10_000
KINDS = ["landline", "mobile-lvn", "landline-toll-free"]
FEATURES = ("VOICE", "SMS", "MMS")
country_option = click.option("--country", help="Two letters; default: what the number says.")


@click.group(name="numbers", help="List, show, create, update and delete phone numbers; offer and buy them.")
def group() -> None: ...


def command() -> click.Command:
    from offhook.cli import inventory  # its commands are of this group

    inventory.add_to(group)
    return group


def forwarding_options(function: Any) -> Any:
    """Where calls go without an application."""
    for decorate in (
        click.option("--voice-status-callback", metavar="URL", help="Told when a forwarded call ends."),
        click.option("--voice-callback-value", help="A number, or SIP URIs separated by commas."),
        click.option(
            "--voice-callback-type",
            type=click.Choice(["tel", "sip", ""]),
            help="Forward calls to a phone or to SIP addresses; empty: to the application.",
        ),
    ):
        function = decorate(function)
    return function


@group.command("list")
@click.option("--app-id", help="Of this application only.")
@click.option("--country", help="Of this country only.")
@click.option("--pattern", help="Numbers that begin with these digits.")
@as_json
def list_(app_id: str | None, country: str | None, pattern: str | None, as_json: bool) -> None:
    """List the numbers and where their calls go."""
    with workspace() as here:
        account = here.account()
        filters = {
            "account_id": account.account_id,
            "application_id": app_id,
            "country": country.upper() if country else None,
            "pattern": pattern,
        }
        rows = [row(each) for each in every(here, numbers.list, filters)]
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
@click.option("--app-id", help="The application it rings; default: the first one; empty: none.")
@country_option
@click.option("--type", "kind", type=click.Choice(KINDS), default="landline", show_default=True)
@click.option("--features", default="VOICE", show_default=True, help="VOICE, SMS, MMS, with commas.")
@forwarding_options
@as_json
def create(
    msisdn: str, app_id: str | None, country: str | None, kind: str, features: str, as_json: bool, **to: Any
) -> None:
    """Add a number that calls may come in on and go out from."""
    with workspace() as here:
        digits = e164.normalise(msisdn)
        linked = here.remembered()["application_id"] if app_id is None else app_id
        number = Number(
            msisdn=digits,
            account_id=here.account().account_id,
            application_id=_application(here, linked) if linked else None,
            country=country_of(digits, country),
            kind=kind,
            features=features_of(features),
            created_at=here.clock.wall(),
        )
        number = _forwarded(number, **to)

        def write(connection: Connection) -> None:
            if inventory.get(connection, digits) is not None:
                raise Conflict(f"{digits} is in the inventory; run: offhook numbers buy {digits}")
            numbers.insert(connection, number)

        here.database.transact(write)
        show_one(row(number), machine=as_json)


@group.command()
@click.argument("msisdn")
@click.option("--app-id", help="The application it rings; empty to unlink.")
@country_option
@click.option("--type", "kind", type=click.Choice(KINDS))
@click.option("--features", help="VOICE, SMS, MMS, with commas.")
@forwarding_options
@as_json
def update(
    msisdn: str,
    app_id: str | None,
    country: str | None,
    kind: str | None,
    features: str | None,
    as_json: bool,
    **to: Any,
) -> None:
    """Change a number; what is not named stays. A running server uses it on the next call."""
    with workspace() as here:
        digits, account_id = e164.normalise(msisdn), here.account().account_id
        linked = _application(here, app_id) if app_id else None

        def write(connection: Connection) -> Number:
            number = _forwarded(_own(connection, digits, account_id), **to)
            if app_id is not None:
                number = replace(number, application_id=linked)
            if country:
                number = replace(number, country=country_of(number.msisdn, country))
            if features:
                number = replace(number, features=features_of(features))
            number = replace(number, kind=kind or number.kind)
            numbers.update(connection, number)
            return number

        show_one(row(here.database.transact(write)), machine=as_json)


@group.command()
@click.argument("msisdn")
def delete(msisdn: str) -> None:
    """Remove a number from this installation; `cancel` gives it back to the inventory instead."""
    with workspace() as here:
        found = find(here, msisdn)
        here.database.transact(lambda c: numbers.delete(c, found.msisdn))
        click.echo(f"Deleted {found.msisdn}.")


def every(here: Workspace, listing: Callable[..., Page], filters: dict[str, Any]) -> list[Any]:
    """All that a listing has, read page by page."""
    found: list[Any] = []
    while True:
        wanted = partial(listing, **filters, page_size=PAGE, record_index=len(found))
        page = here.database.look(wanted)
        found += page.rows
        if len(page.rows) < PAGE:
            return found


def find(here: Workspace, msisdn: str) -> Number:
    digits, account_id = e164.normalise(msisdn), here.account().account_id
    return here.database.transact(lambda c: _own(c, digits, account_id))


def _own(connection: Connection, digits: str, account_id: str) -> Number:
    found = numbers.get(connection, digits, account_id=account_id)
    if found is None:
        raise NotFound(f"{digits} is not a number of this account; see: offhook numbers list")
    return found


def row(number: Number) -> dict[str, Any]:
    return {
        "msisdn": number.msisdn,
        "country": number.country,
        "type": number.kind,
        "features": ",".join(number.features),
        "app_id": number.application_id,
        "voice_callback_type": number.forward_type,
        "voice_callback_value": number.forward_to,
        "voice_status_callback": number.status_url,
    }


def features_of(text: str, option: str = "--features") -> tuple[str, ...]:
    """`VOICE,SMS` or `voice;sms` as the names that the API knows, in its order."""
    given = {each.strip().upper() for each in text.replace(";", ",").split(",")} - {""}
    if not given or not given <= set(FEATURES):
        raise Invalid(option, f"must name some of {', '.join(FEATURES)}, not {text[:40]!r}")
    return tuple(each for each in FEATURES if each in given)


def country_of(digits: str, given: str | None, option: str = "--country") -> str:
    """The country that was given, or the one of the number; ZZ where it has none."""
    country = (given or e164.country_of(digits) or "ZZ").upper()
    if len(country) != 2 or not country.isascii() or not country.isalpha():
        raise Invalid(option, f"must be two letters such as NL, not {country[:20]!r}")
    return country


def _forwarded(
    number: Number,
    *,
    voice_callback_type: str | None,
    voice_callback_value: str | None,
    voice_status_callback: str | None,
) -> Number:
    if voice_status_callback is not None:
        if voice_status_callback and not voice_status_callback.startswith(("http://", "https://")):
            raise Invalid("--voice-status-callback", "must be an http:// or https:// URL")
        number = replace(number, status_url=voice_status_callback or None)
    if voice_callback_type is None and voice_callback_value is None:
        return number
    if voice_callback_type == "":
        return replace(number, forward_type=None, forward_to=None)
    kind = voice_callback_type or number.forward_type
    if not kind or not voice_callback_value:
        raise Invalid("--voice-callback-type", "and --voice-callback-value have to stand together")
    forward_targets.check(number.msisdn, kind, voice_callback_value)
    return replace(number, forward_type=kind, forward_to=voice_callback_value)


def _application(here: Workspace, application_id: str) -> str:
    account_id = here.account().account_id
    found = here.database.transact(lambda c: applications.get(c, application_id, account_id=account_id))
    if found is None:
        raise NotFound(f"there is no application {application_id}; see: offhook apps list")
    return application_id
