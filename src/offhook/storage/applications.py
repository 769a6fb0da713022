"""Applications: the web programs that own numbers and answer calls."""

from sqlalchemy import Connection

from offhook.storage import application_keys, tables, users
from offhook.storage.mapping import Mapped, given
from offhook.storage.records import Application, Page

_applications = Mapped(tables.applications, Application, "application")
_column = tables.applications.c

insert = _applications.insert
get = _applications.get
update = _applications.update
change = _applications.change


LEG_DAYS = 2
"""What an application that says nothing keeps its calls for."""


def leg_days(application: Application) -> int:
    """For how many days an application keeps calls that are over (`leg_persistence_time`)."""
    voice = application.capabilities.get("voice")
    days = voice.get("leg_persistence_time") if isinstance(voice, dict) else None
    return days if isinstance(days, int) else LEG_DAYS


def list(
    connection: Connection, *, account_id: str | None = None, page_size: int = 10, record_index: int = 0
) -> Page:
    """The applications of an account, oldest first. `record_index` counts records, from 0."""
    return _applications.page(
        connection,
        *given((_column.account_id, account_id)),
        order=[_column.created_at, _column.application_id],
        limit=page_size,
        offset=record_index,
    )


def delete(connection: Connection, application_id: str) -> bool:
    """Remove an application and its users; its numbers stay with the account and lose their link.

    False: there is no such application.
    """
    numbers = tables.numbers
    linked = numbers.c.application_id == application_id
    connection.execute(numbers.update().where(linked).values(application_id=None))
    users.delete_of(connection, application_id)
    application_keys.delete(connection, application_id)
    return _applications.delete(connection, application_id)
