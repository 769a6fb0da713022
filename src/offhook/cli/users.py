"""`offhook users`: the users of an application, without a server."""

from dataclasses import replace
from functools import partial
from typing import Any

import click
from sqlalchemy import Connection

from offhook.cli.context import Workspace, as_json, show, show_one, when, workspace
from offhook.core.errors import Invalid, NotFound
from offhook.http.body import decode
from offhook.http.models import check
from offhook.http.users.schemas import UserBody
from offhook.storage import applications, users
from offhook.storage.records import User
from offhook.storage.users import Place

PORTION = 1000

of_application = click.option("--app-id", help="Whose users; default: the first application.")


def members(function: Any) -> Any:
    """`--display-name` and so on."""
    for decorate in (
        click.option("--channels", metavar="JSON", help='Such as {"sip": [{"uri": "sip:a@b.example"}]}'),
        click.option("--custom-data", metavar="JSON", help="An object."),
        click.option("--ttl", type=int, help="Seconds."),
        click.option("--image-url"),
        click.option("--display-name"),
    ):
        function = decorate(function)
    return function


@click.group(name="users", help="List, show, create, update and delete users of applications.")
def group() -> None: ...


def command() -> click.Command:
    return group


@group.command("list")
@of_application
@click.option("--name", help="Of exactly this name.")
@as_json
def list_(app_id: str | None, name: str | None, as_json: bool) -> None:
    """List the users of an application, oldest first."""
    with workspace() as here:
        rows = [summary(each) for each in _all(here, _application(here, app_id), name)]
        show(rows, machine=as_json, empty="No users. Make one: offhook users create --name NAME")


@group.command("show")
@click.argument("id")
@of_application
@as_json
def show_(id: str, app_id: str | None, as_json: bool) -> None:
    """Show one user. ID is an id or a name."""
    with workspace() as here:
        show_one(whole(here, find(here, _application(here, app_id), id)), machine=as_json)


@group.command()
@of_application
@click.option("--name", help="Unique in the application; default: NAM- and a UUID.")
@members
@as_json
def create(app_id: str | None, name: str | None, as_json: bool, **given: Any) -> None:
    """Make a user."""
    with workspace() as here:
        body = _body(name, given)
        now = here.clock.wall()
        user = User(
            user_id=f"USR-{here.ids.uuid()}",
            account_id=here.account().account_id,
            application_id=_application(here, app_id),
            name=body.name or f"NAM-{here.ids.uuid()}",
            display_name=body.display_name,
            image_url=body.image_url,
            properties=body.stored_properties(),
            channels=users.seal_channels(here.sealer, body.stored_channels()),
            created_at=now,
            updated_at=now,
        )
        here.database.transact(lambda c: users.insert(c, user))
        show_one(whole(here, user), machine=as_json)


@group.command()
@click.argument("id")
@of_application
@click.option("--name")
@members
@as_json
def update(id: str, app_id: str | None, name: str | None, as_json: bool, **given: Any) -> None:
    """Change a user; what is not named stays, --channels replaces all of them."""
    with workspace() as here:
        application_id, body = _application(here, app_id), _body(name, given)

        def write(connection: Connection) -> User:
            before = _found(users.find(connection, application_id, id), application_id, id)
            after = changed(here, before, body)
            users.update(connection, after)
            return after

        after = here.database.transact(write)
        show_one(whole(here, after), machine=as_json)


@group.command()
@click.argument("id")
@of_application
def delete(id: str, app_id: str | None) -> None:
    """Delete a user."""
    with workspace() as here:
        found = find(here, _application(here, app_id), id)
        here.database.transact(lambda c: users.delete(c, found.user_id))
        click.echo(f"Deleted {found.user_id} ({found.name}).")


def find(here: Workspace, application_id: str, key: str) -> User:
    """The user with this id or name."""
    return _found(here.database.transact(lambda c: users.find(c, application_id, key)), application_id, key)


def changed(here: Workspace, user: User, body: UserBody) -> User:
    """The user with what a body gives; its channels are all there are then."""
    channels = users.seal_channels(here.sealer, body.stored_channels())
    return replace(
        user,
        name=body.name or user.name,
        display_name=user.display_name if body.display_name is None else body.display_name,
        image_url=user.image_url if body.image_url is None else body.image_url,
        properties={**user.properties, **body.stored_properties()},
        channels=user.channels if body.channels is None else channels,
        updated_at=here.clock.wall(),
    )


def summary(user: User) -> dict[str, Any]:
    return {"id": user.user_id, "name": user.name, "display_name": user.display_name}


def whole(here: Workspace, user: User) -> dict[str, Any]:
    return {
        **summary(user),
        "application_id": user.application_id,
        "image_url": user.image_url,
        "properties": user.properties,
        "channels": users.channels_of(here.sealer, user),
        "created_at": when(user.created_at),
        "updated_at": when(user.updated_at),
    }


def _found(user: User | None, application_id: str, key: str) -> User:
    if user is None:
        raise NotFound(f"application {application_id} has no user {key}; see: offhook users list")
    return user


def _all(here: Workspace, application_id: str, name: str | None) -> list[User]:
    found: list[User] = []
    place: Place | None = None
    while True:
        wanted = partial(users.list, application_id=application_id, name=name, place=place, page_size=PORTION)
        page = here.database.transact(wanted)
        found.extend(page.rows)
        if not page.after:
            return found
        place = Place(found[-1].created_at, found[-1].user_id)


def _application(here: Workspace, application_id: str | None) -> str:
    chosen = application_id or str(here.remembered()["application_id"])
    account_id = here.account().account_id
    if here.database.transact(lambda c: applications.get(c, chosen, account_id=account_id)) is None:
        raise NotFound(f"there is no application {chosen} of this account; name one with --app-id")
    return chosen


def _body(name: str | None, given: dict[str, Any]) -> UserBody:
    """The options as the API would have them, checked as it checks them."""
    properties = {"ttl": given["ttl"], "custom_data": _json(given, "custom_data")}
    members: dict[str, Any] = {
        "name": name,
        "display_name": given["display_name"],
        "image_url": given["image_url"],
        "properties": {key: each for key, each in properties.items() if each is not None},
        "channels": _json(given, "channels"),
    }
    return check(UserBody, members)


def _json(given: dict[str, Any], name: str) -> Any:
    """What the API would refuse could not be shown by it: NaN, halves of surrogate pairs."""
    text = given[name]
    if text is None:
        return None
    try:
        return decode(text.encode("utf-8", "surrogateescape"))
    except Invalid as error:
        place = "" if error.field == "body" else f"{error.field} "
        raise Invalid(f"--{name.replace('_', '-')}", place + error.problem) from None
