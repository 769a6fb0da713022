"""Users of applications: who can be called by name. Each belongs to one application.

Listings go by cursor: the place of a user in the order of creation, so that users who come and go while a
client turns pages are neither shown twice nor make it miss others.
"""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, or_, select
from sqlalchemy import delete as delete_rows

from offhook.core.errors import Conflict
from offhook.security.secrets import Sealer
from offhook.storage import tables
from offhook.storage.mapping import Condition, Mapped, given, ordered
from offhook.storage.records import User

_users = Mapped(tables.users, User, "user")
_column = tables.users.c

get = _users.get
delete = _users.delete


@dataclass(frozen=True, slots=True)
class Place:
    """Between two users: after the one with these values, or before it."""

    created_at: int
    user_id: str
    backwards: bool = False
    """The page ends here instead of beginning here."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of users and whether there are others on either side."""

    rows: tuple[User, ...]
    before: bool
    after: bool


def insert(connection: Connection, user: User) -> None:
    """Add a user. Raises Conflict when the application has one of that name."""
    _free(connection, user)
    _users.insert(connection, user)


def update(connection: Connection, user: User) -> None:
    """Replace a user. Raises Conflict when another one of the application has the name, NotFound."""
    _free(connection, user)
    _users.update(connection, user)


def find(connection: Connection, application_id: str, key: str) -> User | None:
    """The application's user with this id or, without one, with this name."""
    found = _users.matching(connection, user_id=key, application_id=application_id)
    if not found:
        found = _users.matching(connection, name=key, application_id=application_id)
    return found[0] if found else None


def list(
    connection: Connection,
    *,
    application_id: str | None = None,
    account_id: str | None = None,
    name: str | None = None,
    order: str = "asc",
    place: Place | None = None,
    page_size: int = 10,
) -> Shelf:
    """A page of users by the instant of their creation. `order` is `asc` or `desc`."""
    conditions = given(
        (_column.application_id, application_id), (_column.account_id, account_id), (_column.name, name)
    )
    backwards = place is not None and place.backwards
    direction = order if not backwards else "asc" if order == "desc" else "desc"
    if place is not None:
        conditions.append(_beyond(place, descending=direction == "desc"))
    columns = ordered(direction, _column.created_at, _column.user_id)
    rows = _users.all(connection, *conditions, order=columns, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    if backwards:
        return Shelf(tuple(reversed(rows)), before=more, after=True)
    return Shelf(tuple(rows), before=place is not None, after=more)


def seal_channels(sealer: Sealer, channels: dict[str, Any]) -> bytes:
    """What `User.channels` holds of these; passwords are among them."""
    return sealer.seal(json.dumps(channels).encode()) if channels else b""


def channels_of(sealer: Sealer, user: User) -> dict[str, Any]:
    """The channels of a user, as the API shows them. Raises LocalStateError under another instance key."""
    found: dict[str, Any] = json.loads(sealer.open(user.channels)) if user.channels else {}
    return found


def delete_of(connection: Connection, application_id: str) -> int:
    """Remove every user of an application; gives how many."""
    statement = delete_rows(tables.users).where(_column.application_id == application_id)
    return connection.execute(statement).rowcount


def _beyond(place: Place, *, descending: bool) -> Condition:
    if descending:
        later, same = _column.created_at < place.created_at, _column.user_id < place.user_id
    else:
        later, same = _column.created_at > place.created_at, _column.user_id > place.user_id
    return or_(later, and_(_column.created_at == place.created_at, same))


def _free(connection: Connection, user: User) -> None:
    taken = select(_column.user_id).where(
        _column.application_id == user.application_id,
        _column.name == user.name,
        _column.user_id != user.user_id,
    )
    if connection.execute(taken.limit(1)).first() is not None:
        raise Conflict(f"the application has a user named {user.name!r} already; names are unique in it")
