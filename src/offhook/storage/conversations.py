"""Conversations: what legs talk in, with or without a name."""

from sqlalchemy import Connection, bindparam, select

from offhook.storage import tables
from offhook.storage.mapping import Mapped, given, ordered
from offhook.storage.prepared import Prepared
from offhook.storage.records import Conversation, Page

_conversations = Mapped(tables.conversations, Conversation, "conversation")
_column = tables.conversations.c

insert = _conversations.insert
get = _conversations.get
update = _conversations.update
change = _conversations.change

_live = (_column.conversation_id == bindparam("live_one")) & _column.ended_at.is_(None)
_end = Prepared(tables.conversations.update().where(_live), ("ended_at",))


def end(connection: Connection, conversation_id: str, ended_at: int) -> None:
    """Mark a conversation as over; one that is over keeps its time."""
    _end.change(connection, {"live_one": conversation_id, "ended_at": ended_at})


def list(
    connection: Connection,
    *,
    account_id: str | None = None,
    application_id: str | None = None,
    page_size: int = 10,
    record_index: int = 0,
    order: str = "asc",
) -> Page:
    """Conversations by the time they began."""
    where = given((_column.account_id, account_id), (_column.application_id, application_id))
    keys = ordered(order, _column.created_at, _column.conversation_id)
    return _conversations.page(connection, *where, order=keys, limit=page_size, offset=record_index)


def purge(
    connection: Connection, before: int, limit: int = 1000, *, application_id: str | None = None
) -> int:
    """Remove up to `limit` conversations that ended before an instant (UTC µs); gives how many."""
    over = [_column.created_at < before, _column.ended_at < before]
    over += given((_column.application_id, application_id))
    keys = [row[0] for row in connection.execute(select(_column.conversation_id).where(*over).limit(limit))]
    connection.execute(tables.conversations.delete().where(_column.conversation_id.in_(keys)))
    return len(keys)
