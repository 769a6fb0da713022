"""Brings a database to the present schema, with Alembic run from code.

Migrations expand first and contract later: one release adds what is new and keeps what is old working, a
later one removes it, so that two versions can share a database while nodes are replaced. They are shipped in
the package; running them again does nothing. See docs/specs/storage.md.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from offhook.core.errors import LocalStateError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x0FF0_0C4B
"""Of PostgreSQL: nodes that start together migrate one after another."""


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction.

    Raises LocalStateError when the database is newer, or cannot be used at all.
    """
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise LocalStateError(
            f"the database {where} cannot be used: {error.orig}; repair it, restore a backup, "
            "or choose another one with OFFHOOK_DATABASE_URL"
        ) from error


def _upgrade(connection: Connection) -> None:
    # Imported here: Alembic takes a tenth of a second that most starts of the command line do not need.
    from alembic import command
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    try:
        command.upgrade(_config(connection), "head")
    except CommandError as error:
        raise LocalStateError(
            f"this database belongs to another version of Offhook ({error}); "
            "start that version, or restore the backup made before it was upgraded"
        ) from error


def revision(connection: Connection) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
