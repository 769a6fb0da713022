"""Links: this worker's part of a conversation joined to another worker's."""

import logging

from offhook.core.errors import OffhookError
from offhook.ipc.media import CloseLink, Event, OpenLink
from offhook.media.engine import Engine
from offhook.media.host.table import Link, Table
from offhook.media.host.wires import Wires

log = logging.getLogger("offhook.media")


class Links:
    def __init__(self, engine: Engine, table: Table, wires: Wires) -> None:
        self._engine = engine
        self._table = table
        self._wires = wires

    def open(self, command: OpenLink) -> list[Event]:
        if command.link in self._table.links or command.link in self._table.ended:
            return []
        try:
            row = self._engine.open_link()
        except OffhookError as error:
            log.error("link %s: %s", command.link, error)
            return []
        try:
            self._wires.link(row, command.local, command.remote)
        except OffhookError as error:
            self._engine.close_row(row)
            log.error("link %s: %s", command.link, error)
            return []
        self._engine.join(row, self._table.conversations.hold(command.conversation))
        self._table.links[command.link] = Link(command.link, row, command.conversation)
        return []

    def close(self, command: CloseLink) -> list[Event]:
        link = self._table.links.pop(command.link, None)
        if link is not None:
            self._table.ended.add(link.link)
            self._engine.close_row(link.row)
            self._wires.release(link.row)
            self._table.conversations.release(link.conversation)
        return []
