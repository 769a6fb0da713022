"""A statement of SQLAlchemy Core that runs many times: compiled once, executed on the driver's own cursor.

SQLAlchemy looks the compiled form up again for every execution and builds a result around it, which costs
several times what SQLite needs for one row. Here the text, the order of the parameters and the conversions of
the column types are kept for each dialect; the statement is still Core and the transaction is still that of
the connection, whose listeners for `before_cursor_execute` see it.
For statements whose text never changes: no lists of values, no variable conditions.
See docs/decisions/sqlalchemy-core-one-writer.md.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.types import TypeEngine

from offhook.storage.kept import errors_of, translated

Convert = Callable[[Any], Any]


class _Compiled(NamedTuple):
    """A statement in the words of one dialect."""

    text: str
    positional: bool
    names: list[str]
    """Of its parameters, in their order."""
    converts: list[tuple[int, Convert]]
    """The parameters that are converted."""
    results: list[tuple[int, Convert]]
    """The columns of a row that are converted."""

    def values(self, given: Mapping[str, Any]) -> Any:
        converted = [given[name] for name in self.names]
        for place, convert in self.converts:
            converted[place] = convert(converted[place])
        return converted if self.positional else dict(zip(self.names, converted, strict=True))


class Prepared:
    """One statement. `names` are the columns that it sets, for an INSERT or an UPDATE."""

    def __init__(
        self, statement: Insert | Update | Delete | Select[Any], names: tuple[str, ...] | None = None
    ) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[tuple[str, str, str], _Compiled] = {}
        self._last: tuple[Dialect, _Compiled] | None = None

    def change(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute; gives how many rows it met. Raises SQLAlchemy's errors."""
        compiled = self._for(connection.dialect)
        cursor = _execute(connection, compiled, values)
        met = int(cursor.rowcount)
        cursor.close()
        return met

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[list[Any]]:
        """Every row that a SELECT finds."""
        compiled = self._for(connection.dialect)
        cursor = _execute(connection, compiled, values)
        try:
            found = [list(row) for row in cursor.fetchall()]
        except errors_of(connection) as error:
            raise translated(connection, compiled.text, values, error) from error
        finally:
            cursor.close()
        for row in found:
            for place, convert in compiled.results:
                row[place] = convert(row[place])
        return found

    def _for(self, dialect: Dialect) -> _Compiled:
        # By kind, not by object: every engine has a dialect of its own.
        if self._last is not None and self._last[0] is dialect:
            return self._last[1]
        kind = (dialect.name, dialect.driver, dialect.paramstyle)
        known = self._compiled.get(kind)
        if known is None:
            known = self._compiled[kind] = self._compile(dialect)
        self._last = dialect, known
        return known

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=self._names)
        names = compiled.positiontup if compiled.positional else list(compiled.binds)
        columns = self._statement.selected_columns if isinstance(self._statement, Select) else ()
        converts = _placed(_binding(compiled.binds[name].type, dialect) for name in names)
        results = _placed(_reading(column.type, dialect) for column in columns)
        return _Compiled(str(compiled), bool(compiled.positional), list(names), converts, results)


def _execute(connection: Connection, compiled: _Compiled, given: Mapping[str, Any]) -> DBAPICursor:
    """A cursor that has executed a statement; the driver's errors become SQLAlchemy's."""
    values = compiled.values(given)
    cursor = connection.connection.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, compiled.text, values, None, False)
    try:
        cursor.execute(compiled.text, values)
    except errors_of(connection) as error:
        cursor.close()
        raise translated(connection, compiled.text, values, error) from error
    return cursor


def _placed(converts: Iterable[Convert | None]) -> list[tuple[int, Convert]]:
    return [(place, convert) for place, convert in enumerate(converts) if convert is not None]


def _binding(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reading(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
