"""`offhook apps`: applications, without a server."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace, write_private
from offhook.cli.rest import private_key
from offhook.core.errors import Invalid, NotFound
from offhook.security import jwt
from offhook.security.keys import make_pair, public_key_from
from offhook.storage import applications
from offhook.storage.records import Application

HOOKS = {"answer_url": "GET", "event_url": "POST", "fallback_answer_url": "GET"}
"""Webhooks of the voice capability and their default methods."""
VOICE = {"signed_callbacks": True, "conversations_ttl": 48, "leg_persistence_time": 2}
"""What the voice capability of a new application says besides its webhooks, as over HTTP."""
PAGE = 1000


def hook_options(function: Any) -> Any:
    """`--answer-url`, `--answer-method` and so on."""
    for name in HOOKS:
        stem = name.removesuffix("_url")
        function = click.option(f"--{stem.replace('_', '-')}-method", type=click.Choice(["GET", "POST"]))(
            function
        )
        function = click.option(f"--{name.replace('_', '-')}", metavar="URL")(function)
    return click.option("--signed-callbacks/--no-signed-callbacks", default=None)(function)


@click.group(help="List, show, create, update and delete applications.")
def apps() -> None: ...


def command() -> click.Command:
    return apps


@apps.command("list")
@as_json
def list_(as_json: bool) -> None:
    """List the applications."""
    with workspace() as here:
        page = _all(here)
        rows = [summary(each) for each in page]
        show(rows, machine=as_json, empty="No applications. Make one: offhook apps create --name NAME")


def _all(here: Workspace) -> list[Application]:
    account = here.account()
    return here.database.transact(
        lambda c: applications.list(c, account_id=account.account_id, page_size=PAGE)
    ).rows


@apps.command("show")
@click.argument("id")
@as_json
def show_(id: str, as_json: bool) -> None:
    """Show one application."""
    with workspace() as here:
        show_one(whole(find(here, id)), machine=as_json)


@apps.command()
@click.option("--name", required=True)
@click.option("--public-key", type=click.Path(exists=True, dir_okay=False), help="A PEM file; else made.")
@click.option("--private-key", type=click.Path(dir_okay=False), help="Where the made private key goes.")
@hook_options
@as_json
def create(name: str, public_key: str | None, private_key: str | None, as_json: bool, **options: Any) -> None:
    """Create an application; its private key is written to a file."""
    with workspace() as here:
        application_id = here.ids.uuid()
        made: Path | None = None
        if public_key:
            pem = public_key_from(Path(public_key).read_text(), "--public-key")
        else:
            pair = make_pair()
            pem = pair.public_key
            made = Path(private_key or here.settings.data_dir / f"private-{application_id}.key")
            write_private(made, pair.private_key)
        now = here.clock.wall()
        application = Application(
            application_id=application_id,
            account_id=here.account().account_id,
            name=name,
            public_key=pem,
            capabilities={"voice": voice({}, options)},
            privacy={"improve_ai": False},
            created_at=now,
            updated_at=now,
        )
        here.database.transact(lambda c: applications.insert(c, application))
        row = whole(application) | ({"private_key": str(made)} if made else {})
        show_one(row, machine=as_json)


@apps.command()
@click.argument("id")
@click.option("--name")
@click.option("--public-key", type=click.Path(exists=True, dir_okay=False))
@hook_options
@as_json
def update(id: str, name: str | None, public_key: str | None, as_json: bool, **options: Any) -> None:
    """Change an application; what is not named stays. A running server uses it on the next call."""
    with workspace() as here:
        key = public_key_from(Path(public_key).read_text(), "--public-key") if public_key else None
        find(here, id)

        def write(connection: Connection) -> Application:
            before = _found(applications.get(connection, id), id)
            capabilities = dict(before.capabilities)
            capabilities["voice"] = voice(capabilities.get("voice") or {}, options)
            after = replace(
                before,
                name=name or before.name,
                public_key=key or before.public_key,
                capabilities=capabilities,
                updated_at=here.clock.wall(),
            )
            applications.update(connection, after)
            return after

        after = here.database.transact(write)
        show_one(whole(after), machine=as_json)


@apps.command()
@click.argument("id")
def delete(id: str) -> None:
    """Delete an application; its numbers stay and lose their link."""
    with workspace() as here:
        found = find(here, id)
        here.database.transact(lambda c: applications.delete(c, found.application_id))
        click.echo(f"Deleted {found.application_id} ({found.name}).")


@apps.command()
@click.argument("id", required=False)
@click.option("--minutes", type=click.IntRange(1, 1440), default=15, show_default=True, help="Its life.")
def token(id: str | None, minutes: int) -> None:
    """Print a token that speaks for an application, the first one if none is named.

    For the pages at /openapi, for curl, for a try: programs sign their own.
    """
    with workspace() as here:
        application_id = find(here, id or str(here.remembered()["application_id"])).application_id
        key = private_key(here, application_id)
        wall = here.clock.wall()
        click.echo(jwt.make_token(key, application_id, wall=wall, ids=here.ids, life_s=60 * minutes))


def find(here: Workspace, id: str) -> Application:
    """The application with this id."""
    return _found(here.visible(here.database.transact(lambda c: applications.get(c, id))), id)


def _found(application: Application | None, id: str) -> Application:
    if application is None:
        raise NotFound(f"there is no application {id}; see: offhook apps list")
    return application


def voice(before: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """The voice capability with the options applied. An empty URL clears a webhook."""
    hooks = {name: dict(value) for name, value in (before.get("webhooks") or {}).items()}
    for name, default in HOOKS.items():
        url, method = options.get(name), options.get(f"{name.removesuffix('_url')}_method")
        if url == "":
            hooks.pop(name, None)
        elif url is not None:
            if not url.startswith(("http://", "https://")):
                raise Invalid(f"--{name.replace('_', '-')}", f"{url!r} is not an http:// or https:// URL")
            hooks[name] = {"http_method": default, **hooks.get(name, {}), "address": url}
        if method is not None and name in hooks:
            hooks[name]["http_method"] = method
    signed = options.get("signed_callbacks")
    kept = before.get("signed_callbacks", True)
    return {**VOICE, **before, "webhooks": hooks, "signed_callbacks": kept if signed is None else signed}


def summary(application: Application) -> dict[str, Any]:
    hooks = (application.capabilities.get("voice") or {}).get("webhooks") or {}
    return {
        "id": application.application_id,
        "name": application.name,
        "answer_url": (hooks.get("answer_url") or {}).get("address"),
        "event_url": (hooks.get("event_url") or {}).get("address"),
    }


def whole(application: Application) -> dict[str, Any]:
    return {
        "id": application.application_id,
        "name": application.name,
        "capabilities": json.loads(json.dumps(application.capabilities)),
        "privacy": application.privacy,
        "public_key": application.public_key,
        "created_at": when(application.created_at),
        "updated_at": when(application.updated_at),
    }
