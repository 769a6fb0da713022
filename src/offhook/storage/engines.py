"""SQLAlchemy engines for a database URL: one to write with, one to read with.

SQLite gets what it needs to be a server's database: WAL, explicit transactions (its driver would start them
by itself and break savepoints), a wait for locks of other processes, and read connections that cannot write.
Other dialects get SQLAlchemy's defaults. Drivers are the URL's business: `sqlite:///file`, or
`postgresql+psycopg://…` where psycopg is installed.
"""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from offhook.core.errors import Invalid
from offhook.storage.kept import BY_HAND, tell

BUSY_TIMEOUT_MS = 10_000
READERS = 4
SETTING = "OFFHOOK_DATABASE_URL"


def parse(url: str) -> URL:
    """The URL taken apart. Raises Invalid naming the setting."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise Invalid(
            SETTING, f"is not a database URL ({error}); for example sqlite:////data/offhook.db"
        ) from error
    return parsed


def in_memory(url: URL) -> bool:
    """Whether the database is gone with its connection."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def make_engines(url: URL, *, full_sync: bool) -> tuple[Engine, Engine]:
    """(writer, reader). In memory they are one. Raises Invalid when the driver is not installed."""
    try:
        if url.get_backend_name() != "sqlite":
            writer = create_engine(url, pool_size=2, pool_pre_ping=True)
            return writer, create_engine(url, pool_size=READERS, pool_pre_ping=True)
        if in_memory(url):
            shared = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
            _sqlite(shared, begin="BEGIN", pragmas=[])
            return shared, shared
    except ModuleNotFoundError as error:
        raise Invalid(SETTING, f"needs a driver that is not installed: {error.name}") from error
    _create_private(Path(url.database or ""))
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    writer, reader = create_engine(url, **options), create_engine(url, pool_size=READERS, **options)
    sync = "FULL" if full_sync else "NORMAL"
    _sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=["journal_mode=WAL", f"synchronous={sync}"])
    _sqlite(reader, begin="BEGIN", pragmas=["query_only=ON"])
    return writer, reader


def _create_private(path: Path) -> None:
    """The file holds password hashes: nobody else reads it. SQLite gives its side files the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        pass


def _sqlite(engine: Engine, *, begin: str, pragmas: list[str]) -> None:
    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        for pragma in [f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas]:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if not connection.get_execution_options().get(BY_HAND):
            tell(connection, begin)


def overwrite_removed(connection: Connection) -> None:
    """From now on SQLite overwrites what this connection removes; other databases have their own ways."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def empty_log(engine: Engine) -> bool:
    """Bring SQLite's write-ahead log into the database and empty it; False when others use it."""
    if engine.dialect.name != "sqlite":
        return True
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy = cursor.fetchone()
        return busy is None or not busy[0]
