"""Links: this worker's part of a conversation joined to another worker's, or one leg carried there alone."""

import logging
from collections.abc import Callable

from offhook.core.errors import OffhookError
from offhook.ipc.media import CloseLink, Event, OpenLink, OpenTap
from offhook.media.engine import Engine
from offhook.media.host.hearing import Hearing
from offhook.media.host.table import Link, Table
from offhook.media.host.wires import Wires

log = logging.getLogger("offhook.media")


class Links:
    def __init__(self, engine: Engine, table: Table, wires: Wires, hearing: Hearing) -> None:
        self._engine = engine
        self._hearing = hearing
        self._table = table
        self._wires = wires

    def open(self, command: OpenLink) -> list[Event]:
        row = self._take(command, self._engine.open_link)
        if row is None:
            return []
        link = Link(command.link, row, command.conversation, command.stands_for)
        self._table.links[command.link] = link
        self._engine.join(row, self._table.conversations.hold(command.conversation))
        if command.stands_for is not None:
            self._engine.set_audio(row, False, True)
            self._table.standing[command.stands_for] = row
            self._hearing.opened(command.stands_for)
        return []

    def tap(self, command: OpenTap) -> list[Event]:
        source = self._table.row_of(command.leg)
        if source is None:
            log.info("tap %s: leg %s is not open here", command.link, command.leg)
            return []
        row = self._take(command, lambda: self._engine.open_tap(source))
        if row is not None:
            self._table.links[command.link] = Link(command.link, row, None)
        return []

    def close(self, command: CloseLink) -> list[Event]:
        link = self._table.links.pop(command.link, None)
        if link is not None:
            self._table.ended.add(link.link)
            self._hearing.closed(link.link)
            if link.stands_for is not None and self._table.standing.get(link.stands_for) == link.row:
                del self._table.standing[link.stands_for]
            self._engine.close_row(link.row)
            self._wires.release(link.row)
            self._table.conversations.release(link.conversation)
        return []

    def _take(self, command: OpenLink | OpenTap, open_row: Callable[[], int]) -> int | None:
        """A row with its socket; None when it is there already, or cannot be had."""
        if command.link in self._table.links or command.link in self._table.ended:
            return None
        try:
            row = open_row()
        except OffhookError as error:
            log.error("link %s: %s", command.link, error)
            return None
        try:
            self._wires.link(row, command.local, command.remote)
        except OffhookError as error:
            self._engine.close_row(row)
            log.error("link %s: %s", command.link, error)
            return None
        return row
