"""Recordings: the rows; the audio is in files below the data directory."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, or_

from offhook.storage import tables
from offhook.storage.mapping import Mapped, given, ordered
from offhook.storage.records import Page, Recording

_recordings = Mapped(tables.recordings, Recording, "recording")
_column = tables.recordings.c

READY, FAILED = "ready", "failed"
OVER = (READY, FAILED)
"""The statuses that nothing follows."""

insert = _recordings.insert
get = _recordings.get
update = _recordings.update
change = _recordings.change
delete = _recordings.delete


def by_file(connection: Connection, file_id: str, application_id: str | None = None) -> Recording | None:
    """The recording whose URL carries this file id."""
    where = given((_column.file_id, file_id), (_column.application_id, application_id))
    return _recordings.first(connection, *where)


def list(
    connection: Connection,
    *,
    account_id: str | None = None,
    application_id: str | None = None,
    conversation_id: str | None = None,
    leg_id: str | None = None,
    status: str | None = None,
    page_size: int = 10,
    record_index: int = 0,
    order: str = "asc",
) -> Page:
    """Recordings by the time they began."""
    where = given(
        (_column.account_id, account_id),
        (_column.application_id, application_id),
        (_column.conversation_id, conversation_id),
        (_column.leg_id, leg_id),
        (_column.status, status),
    )
    keys = ordered(order, _column.started_at, _column.recording_id)
    return _recordings.page(connection, *where, order=keys, limit=page_size, offset=record_index)


def unfinished(connection: Connection) -> "tuple[Recording, ...]":
    """Recordings that were running or being written: after a crash, the ones to be finalised."""
    states = _column.status.in_(["recording", "finalising"])
    return tuple(_recordings.all(connection, states, order=[_column.started_at, _column.recording_id]))


def of(connection: Connection, conversation_ids: Sequence[str]) -> "tuple[Recording, ...]":
    """The recordings of these conversations, at most some hundred."""
    where = _column.conversation_id.in_(conversation_ids)
    return tuple(_recordings.all(connection, where, order=[_column.started_at, _column.recording_id]))


def old(
    connection: Connection, *, before: int, node: int, limit: int = 1000, offset: int = 0
) -> "tuple[Recording, ...]":
    """Up to `limit` recordings of a node that were over before an instant (UTC µs), the oldest first."""
    # What ended then began before; a recording that failed may have no end.
    ended = or_(_column.ended_at < before, _column.ended_at.is_(None))
    where = [_column.status.in_(OVER), _column.started_at < before, ended, _of_node(node)]
    order = [_column.started_at, _column.recording_id]
    return tuple(_recordings.all(connection, *where, order=order, limit=limit, offset=offset))


def _of_node(node: int) -> ColumnElement[bool]:
    """Recordings whose id carries this node's number (`core/ids`)."""
    return _column.recording_id.like(f"{'_' * 15}{node:03x}-%")


def delete_all(connection: Connection, recording_ids: Sequence[str]) -> int:
    """Remove rows; gives how many there were."""
    which = _column.recording_id.in_(recording_ids)
    return connection.execute(tables.recordings.delete().where(which)).rowcount
