"""`offhook trunks`: carriers and PBXs that calls come from and go to, without a server."""

import ipaddress
from typing import Any

import click

from offhook.calls.destinations import NOT, Destinations, explain
from offhook.calls.trunk_choice import NoTrunk, choose
from offhook.cli.context import Workspace, as_json, show, show_one, workspace
from offhook.core.errors import Invalid, NotFound
from offhook.storage import trunks
from offhook.storage.records import Trunk


@click.group(name="trunks", help="List, show, create, update and delete SIP trunks.")
def group() -> None: ...


def command() -> click.Command:
    return group


def options(function: Any) -> Any:
    for decorate in (
        click.option("--enabled/--disabled", default=None),
        click.option("--priority", type=int, help="Lower is tried first."),
        click.option(
            "--prefix", "prefixes", multiple=True, help="A prefix it may dial, or !PREFIX it may not; repeat."
        ),
        click.option("--source", "sources", multiple=True, help="A network whose calls are its own; repeat."),
        click.option("--password", help="Digest password of that user."),
        click.option("--username", help="Digest user, ours towards the peer and theirs towards us."),
        click.option("--transport", type=click.Choice(["udp", "tcp"]), help="How its calls are sent."),
        click.option("--port", type=click.IntRange(1, 65535)),
        click.option("--host", help="Where its calls are sent."),
    ):
        function = decorate(function)
    return function


@group.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the trunks in the order they are tried."""
    with workspace() as here:
        account = here.account()
        found = here.database.transact(lambda c: trunks.list(c, account_id=account.account_id))
        show([row(each) for each in found], machine=as_json, empty="No trunks.")


@group.command("show")
@click.argument("name")
@as_json
def show_(name: str, as_json: bool) -> None:
    """Show one trunk."""
    with workspace() as here:
        found = find(here, name)
        show_one(row(found) | {"dials": explain(found, rules(here))}, machine=as_json)


@group.command()
@click.argument("number")
@as_json
def route(number: str, as_json: bool) -> None:
    """Say which trunks would dial a number, or which rule forbids it. Nothing is dialled."""
    with workspace() as here:
        account = here.account()
        found = here.database.transact(lambda c: trunks.list(c, account_id=account.account_id, enabled=True))
        active = here.settings.simulator_active
        chosen = choose(found, digits_of(number), simulator_active=active, destinations=rules(here))
        shown: dict[str, Any] = {"number": number, "trunks": None, "rule": None, "reason": None}
        if isinstance(chosen, NoTrunk):
            shown |= {"rule": chosen.rule, "reason": chosen.reason}
        else:
            shown |= {"trunks": ",".join(trunk.name for trunk in chosen)}
        show_one(shown, machine=as_json)


@group.command()
@click.argument("name")
@options
@as_json
def create(name: str, as_json: bool, **given: Any) -> None:
    """Add a trunk. It dials only the prefixes that are listed on it."""
    with workspace() as here:
        if not given["host"]:
            raise Invalid("--host", "is missing: give the name or address of the carrier's SIP server")
        trunk = Trunk(
            trunk_id=here.ids.uuid(),
            account_id=here.account().account_id,
            name=name,
            simulated=False,
            host="",
            port=5060,
            transport="udp",
            username=None,
            password=None,
            sources=(),
            prefixes=(),
            priority=100,
            enabled=True,
            created_at=here.clock.wall(),
        )
        made = applied(here, trunk, given)
        here.database.transact(lambda c: trunks.insert(c, made))
        show_one(row(made), machine=as_json)


@group.command()
@click.argument("name")
@options
@as_json
def update(name: str, as_json: bool, **given: Any) -> None:
    """Change a trunk; what is not named stays. A running server uses it on the next call."""
    with workspace() as here:
        changed = applied(here, find(here, name), given)
        here.database.transact(lambda c: trunks.update(c, changed))
        show_one(row(changed), machine=as_json)


@group.command()
@click.argument("name")
def delete(name: str) -> None:
    """Remove a trunk."""
    with workspace() as here:
        found = find(here, name)
        here.database.transact(lambda c: trunks.delete(c, found.trunk_id))
        click.echo(f"Deleted {found.name}.")


def applied(here: Workspace, trunk: Trunk, given: dict[str, Any]) -> Trunk:
    """The trunk with the options that were given."""
    values = {name: getattr(trunk, name) for name in trunk.__dataclass_fields__}
    for name in ("host", "port", "transport", "username", "priority", "enabled"):
        if given[name] is not None:
            values[name] = given[name]
    if given["sources"]:
        values["sources"] = tuple(_network(text) for text in given["sources"])
    if given["prefixes"]:
        values["prefixes"] = tuple(_prefix(text) for text in given["prefixes"])
    if given["password"] is not None:
        values["password"] = here.sealer.seal(given["password"].encode())
    if values["username"] and values["password"] is None:
        raise Invalid("--password", "is missing: a trunk with a user name needs its password")
    return Trunk(**values)


def rules(here: Workspace) -> Destinations:
    """The destination rules of the settings."""
    return Destinations.read(here.settings.destinations.allow, here.settings.destinations.deny)


def digits_of(number: str) -> str:
    """The number as the API takes it: without separators and the leading +."""
    return "".join(each for each in number if each not in " -.()").removeprefix("+")


def find(here: Workspace, name: str) -> Trunk:
    account = here.account()
    found = here.database.transact(lambda c: trunks.by_name(c, account.account_id, name))
    if found is None:
        raise NotFound(f"there is no trunk {name}; see: offhook trunks list")
    return found


def row(trunk: Trunk) -> dict[str, Any]:
    return {
        "name": trunk.name,
        "host": trunk.host,
        "port": trunk.port,
        "transport": trunk.transport,
        "username": trunk.username,
        "sources": ",".join(trunk.sources),
        "prefixes": ",".join(prefix or "any" for prefix in trunk.prefixes),
        "priority": trunk.priority,
        "enabled": trunk.enabled,
    }


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise Invalid("--source", f"{text!r} is not a network such as 203.0.113.0/24") from None


def _prefix(text: str) -> str:
    barred = NOT if text.startswith(NOT) else ""
    digits = text.removeprefix(NOT).removeprefix("+")
    if not digits.isascii() or not digits.isdigit() or digits.startswith("0"):
        raise Invalid("--prefix", f"{text!r} is not the beginning of an international number, such as 4420")
    return barred + digits
