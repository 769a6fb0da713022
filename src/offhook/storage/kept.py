"""What goes to the driver past SQLAlchemy: fixed statements, and the transactions of a kept connection.

SQLAlchemy's own way to begin and commit costs several times what SQLite needs for them. A thread that runs
one transaction after another keeps its connection, on which SQLAlchemy believes to be in one transaction all
the time, and begins and commits by hand. Errors of the driver become SQLAlchemy's, as everywhere.
See docs/decisions/sqlalchemy-core-one-writer.md.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

BY_HAND = "offhook_by_hand"
"""The execution option of a connection whose transactions are begun and ended here."""


def tell(connection: Connection, statement: str) -> None:
    """Run a fixed statement. Raises SQLAlchemy's errors."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
    except errors_of(connection) as error:
        raise translated(connection, statement, None, error) from error
    finally:
        cursor.close()


def translated(connection: Connection, statement: str, values: Any, error: Exception) -> BaseException:
    """SQLAlchemy's error for one of the driver's; its text has no values, which may be secret."""
    driver = errors_of(connection)
    return DBAPIError.instance(
        statement, values, error, driver, hide_parameters=True, dialect=connection.dialect
    )


def errors_of(connection: Connection) -> type[Exception]:
    """What the driver's errors have in common. Cheap in an `except`, which looks only when there is one."""
    driver: Any = connection.dialect.loaded_dbapi
    kind: type[Exception] = driver.Error
    return kind


class KeptConnection:
    """The connection of one thread, taken from the pool once instead of for every transaction.

    Only on SQLite: a connection to a server may have gone stale, which the pool finds out. After an error of
    the database the next transaction has a new one.
    """

    def __init__(self, engine: Engine, *, reads: bool = False) -> None:
        """`reads`: its transactions only read, and nothing is kept of them."""
        self._engine = engine
        self._begin, self._end = ("BEGIN", "ROLLBACK") if reads else ("BEGIN IMMEDIATE", "COMMIT")
        self._keeps = engine.dialect.name == "sqlite"
        self._connection: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: ended with the block, rolled back when that raises."""
        if not self._keeps:
            with self._engine.connect() as connection:
                yield connection
                if self._end == "COMMIT":
                    connection.commit()
            return
        connection = self._connection or self._open()
        self._connection = None
        try:
            tell(connection, self._begin)
            yield connection
            tell(connection, self._end)
        except BaseException as error:
            if not self._undone(connection, error):
                connection.close()
                raise
            self._connection = connection
            raise
        self._connection = connection

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> Connection:
        connection = self._engine.connect().execution_options(**{BY_HAND: True})
        connection.begin()
        return connection

    def _undone(self, connection: Connection, error: BaseException) -> bool:
        """Roll back; whether the connection is good for more."""
        if isinstance(error, DBAPIError):
            return False
        try:
            tell(connection, "ROLLBACK")
        except DBAPIError:
            return False
        return True
