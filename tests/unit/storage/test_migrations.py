"""From nothing to the present schema; again; and what the migrations make is what the tables say."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from offhook.core.errors import LocalStateError
from offhook.storage import checkpoints
from offhook.storage.database import Database
from offhook.storage.migrate import FOLDER, _config, revision
from offhook.storage.tables import metadata


def test_from_empty_twice(url: str) -> None:
    for _ in range(2):
        database = Database(url)
        database.migrate()
        database.migrate()

        def look(connection: Connection) -> tuple[set[str], str | None]:
            return set(inspect(connection).get_table_names()), revision(connection)

        names, at = database.transact(look)
        database.close_now()
        assert names == set(metadata.tables) | {"alembic_version"}
        assert at is not None


def test_migrations_make_the_tables(memory: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert memory.transact(differences) == []


def test_a_newer_database_is_refused(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.transact(lambda c: c.execute(text("update alembic_version set version_num = '9999'")) and None)
    with pytest.raises(LocalStateError, match="another version of Offhook"):
        database.migrate()
    database.close_now()


def test_a_migration_that_fails_leaves_nothing(url: str) -> None:
    database = Database(url)
    database.transact(lambda c: c.execute(text("create table trunks (other integer)")) and None)
    with pytest.raises(Exception, match="already exists"):
        database.migrate()
    names = database.transact(lambda c: inspect(c).get_table_names())
    database.close_now()
    assert names == ["trunks"]


def test_migrations_are_in_the_package() -> None:
    assert (FOLDER / "env.py").is_file()
    assert list((FOLDER / "versions").glob("v*.py"))
    assert FOLDER.is_relative_to(Path(__file__).parents[3] / "src" / "offhook")


def test_the_schema_and_the_queries_know_postgresql() -> None:
    """Written for no dialect: everything compiles for the other one too."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in metadata.sorted_tables:
        text = str(CreateTable(table).compile(dialect=dialect))
        assert "JSONTEXT" not in text
        for index in table.indexes:
            str(CreateIndex(index).compile(dialect=dialect))
    assert "BYTEA" in str(CreateTable(metadata.tables["trunks"]).compile(dialect=dialect))
    assert "BIGINT" in str(CreateTable(metadata.tables["legs"]).compile(dialect=dialect))


def test_rows_of_the_first_schema_are_there_after_the_next(url: str) -> None:
    """Expand only: what the version before wrote is read by this one, with the new fields empty."""
    from alembic import command

    database = Database(url)
    insert = (
        "insert into checkpoints (leg_id, account_id, application_id, session, dialog, updated_at)"
        " values ('leg', 'acc', 'app', 'session', x'00', 5)"
    )

    def first(connection: Connection) -> None:
        command.upgrade(_config(connection), "0001")
        connection.execute(text(insert))

    database.transact(first)
    database.migrate()
    found = database.transact(checkpoints.list)
    database.close_now()
    assert [(row.leg_id, row.dialog, row.trunk_id) for row in found] == [("leg", b"\0", None)]
