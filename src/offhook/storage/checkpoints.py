"""Checkpoints: what is needed to end a live call after a crash of control."""

from sqlalchemy import Connection

from offhook.storage import tables
from offhook.storage.mapping import Mapped
from offhook.storage.records import Checkpoint

_checkpoints = Mapped(tables.checkpoints, Checkpoint, "checkpoint")

insert = _checkpoints.insert
get = _checkpoints.get
update = _checkpoints.update
save = _checkpoints.save
delete = _checkpoints.delete


def list(connection: Connection) -> "tuple[Checkpoint, ...]":
    """Every checkpoint, in the order of last change."""
    order = [tables.checkpoints.c.updated_at, tables.checkpoints.c.leg_id]
    return tuple(_checkpoints.all(connection, order=order))
