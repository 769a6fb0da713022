"""Who does not hear whom, by the ids of legs; the engine knows rows.

Lists may name legs that come later or live on another worker: they are kept as long as their owner is here,
and looked at again whenever a row opens.
"""

from offhook.ipc.media import Event, SetHearing
from offhook.media.engine import Engine
from offhook.media.host.table import Table


class Hearing:
    def __init__(self, engine: Engine, table: Table) -> None:
        self._engine = engine
        self._table = table

    def set(self, command: SetHearing) -> list[Event]:
        table = self._table
        if command.leg not in table.legs and command.leg not in table.links:
            return []
        table.deaf.pop(command.leg, None)
        if command.deaf_to:
            table.deaf[command.leg] = list(command.deaf_to)
        self._apply(command.leg)
        return []

    def opened(self, leg: str) -> None:
        """A leg is heard here from now on, by itself or by a link that stands for it."""
        for ident, deaf_to in self._table.deaf.items():
            if leg in deaf_to:
                self._apply(ident)

    def closed(self, ident: str) -> None:
        """A leg or a link has no ears any more."""
        self._table.deaf.pop(ident, None)

    def _apply(self, ident: str) -> None:
        row = self._table.ears_of(ident)
        if row is not None:
            voices = [self._table.voice_of(leg) for leg in self._table.deaf.get(ident, ())]
            self._engine.set_hearing(row, [voice for voice in voices if voice is not None])
