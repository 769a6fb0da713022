"""The database schema for worlds: migrated once in a process, then copied.

Running every migration takes longer than many a call. The copy is what the migrations made, byte for byte,
and `Database.migrate` still checks its revision.
"""

import functools
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

from offhook.storage.database import Database, sqlite_url


@functools.cache
def migrated() -> bytes:
    """An empty database of the newest schema, as SQLite keeps it in a file."""
    with TemporaryDirectory(prefix="offhook-schema-") as folder:
        path = Path(folder) / "schema.db"
        database = Database(sqlite_url(path), inline=True)
        database.migrate()
        database.close_now()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")  # a copy in memory cannot have a log beside it
        connection.close()
        return path.read_bytes()


def in_memory() -> Database:
    """A database in memory with the newest schema."""
    database = Database("sqlite://", inline=True)
    connection = database._write_engine.raw_connection()
    assert connection.driver_connection is not None
    connection.driver_connection.deserialize(migrated())
    connection.close()
    database.migrate()
    return database
