"""Checkpoints: what is needed to end a live call after a crash of control."""

from sqlalchemy import Connection, bindparam

from offhook.core.ids import node_of
from offhook.storage import tables
from offhook.storage.mapping import Mapped
from offhook.storage.prepared import Prepared
from offhook.storage.records import Checkpoint

_table = tables.checkpoints
_checkpoints = Mapped(_table, Checkpoint, "checkpoint")

insert = _checkpoints.insert
get = _checkpoints.get
update = _checkpoints.update
save = _checkpoints.save
delete = _checkpoints.delete

_delete_session = Prepared(_table.delete().where(_table.c.session == bindparam("session")))


def delete_session(connection: Connection, session: str) -> None:
    """Remove the checkpoint of a SIP session."""
    _delete_session.change(connection, {"session": session})


def delete_of(connection: Connection, node: int) -> None:
    """Remove every checkpoint of a node."""
    for row in list(connection):
        if node_of(row.leg_id) == node:
            delete(connection, row.leg_id)


def list(connection: Connection) -> "tuple[Checkpoint, ...]":
    """Every checkpoint, in the order of last change."""
    order = [_table.c.updated_at, _table.c.leg_id]
    return tuple(_checkpoints.all(connection, order=order))
