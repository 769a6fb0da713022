"""Recordings: the rows; the audio is in files below the data directory."""

from sqlalchemy import Connection

from offhook.storage import tables
from offhook.storage.mapping import Mapped, given, ordered
from offhook.storage.records import Page, Recording

_recordings = Mapped(tables.recordings, Recording, "recording")
_column = tables.recordings.c

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
