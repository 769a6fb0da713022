"""Trunks: the carriers and PBXs that calls come from and go to."""

from sqlalchemy import Connection

from offhook.storage import tables
from offhook.storage.mapping import Mapped
from offhook.storage.records import Trunk

_trunks = Mapped(tables.trunks, Trunk, "trunk")
_column = tables.trunks.c

insert = _trunks.insert
get = _trunks.get
update = _trunks.update
change = _trunks.change
delete = _trunks.delete


def by_name(connection: Connection, account_id: str, name: str) -> Trunk | None:
    """The trunk that an account knows under this name."""
    return _trunks.first(connection, _column.account_id == account_id, _column.name == name)


def list(
    connection: Connection, *, account_id: str | None = None, enabled: bool | None = None
) -> "tuple[Trunk, ...]":
    """Trunks in the order they are tried."""
    wanted = {"account_id": account_id, "enabled": enabled}
    found = _trunks.matching(
        connection, **{name: value for name, value in wanted.items() if value is not None}
    )
    return tuple(sorted(found, key=lambda trunk: (trunk.priority, trunk.created_at, trunk.trunk_id)))
