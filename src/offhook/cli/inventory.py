"""`offhook numbers available|import|range|buy|cancel|withdraw`: numbers that accounts may buy.

The operator fills the inventory with what a carrier has assigned to him; buying moves a number to an account,
cancelling moves it back. A file is taken as a whole or not at all.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.context import Workspace, as_json, show, show_one, workspace
from offhook.cli.numbers import KINDS, country_of, country_option, every, features_of
from offhook.cli.numbers import row as owned_row
from offhook.core import e164
from offhook.core.errors import Invalid
from offhook.core.money import price_text, price_units
from offhook.storage import accounts, applications, inventory
from offhook.storage.records import AvailableNumber

MOST = 50_000
"""Numbers that one command adds: a running server cannot write for the seconds that this takes."""
COLUMNS = ("msisdn", "country", "type", "features", "initial_price", "monthly_price", "account")
Options = dict[str, Any]


def offer_options(function: Any) -> Any:
    """What is said of numbers that do not say it themselves."""
    for decorate in (
        click.option("--skip-existing", is_flag=True, help="Leave out numbers that are here already."),
        click.option("--keep-for", metavar="API_KEY", help="Offer them to this account alone."),
        click.option("--monthly-price", default="0", show_default=True, metavar="EUROS"),
        click.option("--initial-price", default="0", show_default=True, metavar="EUROS"),
        click.option("--features", default="VOICE", show_default=True, help="With commas."),
        click.option("--type", "kind", type=click.Choice(KINDS), default="landline", show_default=True),
        country_option,
    ):
        function = decorate(function)
    return function


@click.command()
@click.option("--country", help="Of this country only.")
@click.option("--type", "kind", type=click.Choice(KINDS))
@click.option("--features", help="With all of these, with commas.")
@click.option("--pattern", help="Numbers that begin with these digits.")
@as_json
def available(
    country: str | None, kind: str | None, features: str | None, pattern: str | None, as_json: bool
) -> None:
    """List the numbers of the inventory."""
    with workspace() as here:
        filters: dict[str, Any] = {
            "country": country.upper() if country else None,
            "kind": kind,
            "features": features_of(features) if features else (),
            "pattern": pattern,
        }
        found = every(here, inventory.list, filters)
        keys = {each.account_id: each.api_key for each in here.database.transact(accounts.list)}
        rows = [row(each, keys) for each in found]
        show(rows, machine=as_json, empty="No numbers to buy. Offer some: offhook numbers range FIRST LAST")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@offer_options
def import_(file: Path, skip_existing: bool, **options: Any) -> None:
    """Offer the numbers of a CSV file.

    Its first line names the columns: msisdn, and where wanted country, type, features (separated by
    semicolons), initial_price, monthly_price, account (an API key). Options stand in for columns that are not
    there, and for empty fields.
    """
    with workspace() as here:
        try:
            offered = list(_of_file(here, file, options))
        except (UnicodeDecodeError, csv.Error) as error:
            raise Invalid(str(file), f"must be CSV in UTF-8: {error}") from None
        _add(here, offered, skip_existing=skip_existing)


@click.command("range")
@click.argument("first")
@click.argument("last")
@offer_options
def range_(first: str, last: str, skip_existing: bool, **options: Any) -> None:
    """Offer all numbers from FIRST to LAST."""
    low, high = e164.normalise(first, "FIRST"), e164.normalise(last, "LAST")
    if len(low) != len(high) or int(low) > int(high):
        raise Invalid("LAST", f"must have as many digits as {low} and not come before it")
    if int(high) - int(low) >= MOST:
        raise Invalid("LAST", f"is more than {MOST} numbers away; offer them in parts")
    with workspace() as here:
        owners = _owners(here)
        offered = [_offer(here, str(each), options, owners) for each in range(int(low), int(high) + 1)]
        _add(here, offered, skip_existing=skip_existing)


@click.command()
@click.argument("msisdn")
@click.option("--app-id", help="The application it rings; default: none.")
@as_json
def buy(msisdn: str, app_id: str | None, as_json: bool) -> None:
    """Move a number from the inventory to the account."""
    with workspace() as here:
        digits, account_id, now = e164.normalise(msisdn), here.account().account_id, here.clock.wall()

        def work(connection: Connection) -> Any:
            if app_id and applications.get(connection, app_id, account_id=account_id) is None:
                raise Invalid(
                    "--app-id", f"{app_id} is no application of this account; see: offhook apps list"
                )
            return inventory.buy(
                connection, digits, account_id=account_id, application_id=app_id or None, now=now
            )

        show_one(owned_row(here.database.transact(work)), machine=as_json)


@click.command()
@click.argument("msisdn")
def cancel(msisdn: str) -> None:
    """Move a number from the account back to the inventory."""
    with workspace() as here:
        digits, account_id, now = e164.normalise(msisdn), here.account().account_id, here.clock.wall()
        here.database.transact(lambda c: inventory.cancel(c, digits, account_id=account_id, now=now))
        click.echo(f"{digits} can be bought again.")


@click.command()
@click.argument("msisdns", nargs=-1, required=True)
def withdraw(msisdns: tuple[str, ...]) -> None:
    """Take numbers out of the inventory; they belong to nobody then."""
    with workspace() as here:
        digits = [e164.normalise(each) for each in msisdns]
        gone = here.database.transact(lambda c: [each for each in digits if inventory.delete(c, each)])
        click.echo(f"{len(gone)} of {len(digits)} numbers were taken out of the inventory.")


def add_to(group: click.Group) -> None:
    for each in (available, import_, range_, buy, cancel, withdraw):
        group.add_command(each)


def row(number: AvailableNumber, keys: dict[str, str]) -> dict[str, Any]:
    return {
        "msisdn": number.msisdn,
        "country": number.country,
        "type": number.kind,
        "features": ",".join(number.features),
        "initial_price": price_text(number.initial_price),
        "monthly_price": price_text(number.monthly_price),
        "kept_for": keys.get(number.account_id or "", number.account_id),
    }


def _of_file(here: Workspace, file: Path, options: Options) -> Iterator[AvailableNumber]:
    owners = _owners(here)
    with file.open(newline="", encoding="utf-8-sig") as lines:
        reader = csv.DictReader(lines)
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        unknown = [name for name in names if name not in COLUMNS]
        if "msisdn" not in names or unknown:
            raise Invalid(str(file), f"its first line must name columns out of: {', '.join(COLUMNS)}")
        reader.fieldnames = names
        for count, each in enumerate(reader, 1):
            if count > MOST:
                raise Invalid(str(file), f"has more than {MOST} numbers; import it in parts")
            try:
                yield _offer(here, _text(each, "msisdn"), _over(options, each), owners)
            except Invalid as error:
                raise Invalid(f"{file}, line {reader.line_num}", str(error)) from None


def _over(options: Options, line: dict[str, Any]) -> Options:
    """The options with what a line says itself."""
    kind = _text(line, "type") or options["kind"]
    if kind not in KINDS:
        raise Invalid("type", f"must be one of: {', '.join(KINDS)}")
    return {
        "country": _text(line, "country") or options["country"],
        "kind": kind,
        "features": _text(line, "features") or options["features"],
        "initial_price": _text(line, "initial_price") or options["initial_price"],
        "monthly_price": _text(line, "monthly_price") or options["monthly_price"],
        "keep_for": _text(line, "account") or options["keep_for"],
    }


def _text(line: dict[str, Any], name: str) -> str:
    return str(line.get(name) or "").strip()


def _offer(here: Workspace, msisdn: str, options: Options, owners: dict[str, str]) -> AvailableNumber:
    digits, keep_for = e164.normalise(msisdn, "msisdn"), options["keep_for"]
    if keep_for and keep_for not in owners:
        raise Invalid("account", f"there is no account with the API key {keep_for}")
    return AvailableNumber(
        msisdn=digits,
        account_id=owners[keep_for] if keep_for else None,
        country=country_of(digits, options["country"], "country"),
        kind=options["kind"],
        features=features_of(options["features"], "features"),
        initial_price=price_units(options["initial_price"], "initial price"),
        monthly_price=price_units(options["monthly_price"], "monthly price"),
        created_at=here.clock.wall(),
    )


def _owners(here: Workspace) -> dict[str, str]:
    """API key → account."""
    return {each.api_key: each.account_id for each in here.database.transact(accounts.list)}


def _add(here: Workspace, offered: list[AvailableNumber], *, skip_existing: bool) -> None:
    added = here.database.transact(lambda c: inventory.insert_all(c, offered, skip_existing=skip_existing))
    click.echo(f"{added} of {len(offered)} numbers were added to the inventory.")
