"""Recordings: started and stopped here, their blocks handed to the sink that leads to the audio worker."""

import logging
from collections.abc import Callable

from offhook.core.errors import OffhookError
from offhook.ipc.audio import RecorderBlock
from offhook.ipc.media import Event, MoveRecord, RecordFinished, StartRecord, StopRecord
from offhook.media.engine import Engine, RecordBlock
from offhook.media.host.table import Running, Table
from offhook.media.host.target import LEG, split

log = logging.getLogger("offhook.media")

Sink = Callable[[RecorderBlock], None]


class Recordings:
    def __init__(self, engine: Engine, table: Table, sink: Sink) -> None:
        self._engine = engine
        self._sink = sink
        self._table = table

    def start(self, command: StartRecord) -> list[Event]:
        table = self._table
        known = table.number_of(table.recorders, command.recording) is not None
        if known or command.recording in table.ended:
            return []
        try:
            kind, ident = split(command.target)
            if kind == LEG and ident not in table.legs:
                return self._over(command, "closed")
            number = self._start(command, kind, ident)
        except OffhookError as error:
            log.warning("recording %s: %s", command.recording, error)
            return self._over(command, "failed")
        table.recorders[number] = Running(command.recording, None if kind == LEG else ident)
        return []

    def fail(self, command: StartRecord) -> list[Event]:
        """What is told when the command broke down."""
        return self._over(command, "failed")

    def move(self, command: MoveRecord) -> list[Event]:
        """One that has ended, or whose new leg is gone, stays as it is."""
        table = self._table
        number = table.number_of(table.recorders, command.recording)
        kind, ident = split(command.target)
        if number is None or (kind == LEG and ident not in table.legs):
            return []
        entry = table.recorders[number]
        if kind == LEG:
            self._engine.move_record(number, row=table.row_of(ident))
        else:
            self._engine.move_record(number, conversation=table.conversations.hold(ident))
        table.conversations.release(entry.conversation)
        entry.conversation = None if kind == LEG else ident
        return []

    def stop(self, command: StopRecord) -> list[Event]:
        number = self._table.number_of(self._table.recorders, command.recording)
        if number is not None:
            self._engine.stop_record(number)
        return []

    def block(self, block: RecordBlock) -> None:
        """A second of audio from the engine."""
        entry = self._table.recorders.get(block.recorder)
        if entry is not None:
            self._sink(RecorderBlock(entry.ident, block.sequence, block.channels, block.pcm, block.last))

    def finished(self, recorder: int, reason: str, duration_ms: int) -> list[Event]:
        """The engine says that a recorder ended; its last block has passed."""
        entry = self._table.recorders.pop(recorder, None)
        if entry is None:
            return []
        self._table.conversations.release(entry.conversation)
        self._table.ended.add(entry.ident)
        return [RecordFinished(entry.ident, reason, duration_ms)]

    def _start(self, command: StartRecord, kind: str, ident: str) -> int:
        table = self._table
        conversation = None if kind == LEG else table.conversations.hold(ident)
        try:
            return self._engine.record(
                row=table.row_of(ident) if kind == LEG else None,
                conversation=conversation,
                layout=command.layout,
                channels=command.channels,
                owner=table.row_of(command.owner),
                beep=command.beep,
                end_on_silence_ms=command.end_on_silence_ms,
                end_on_key=command.end_on_key,
                timeout_ms=command.timeout_ms,
            )
        except OffhookError:
            table.conversations.release(None if kind == LEG else ident)
            raise

    def _over(self, command: StartRecord, reason: str) -> list[Event]:
        """A recording of nothing is still a recording: whoever waits for its file gets an empty one."""
        self._table.ended.add(command.recording)
        channels = {"mixed": 1, "split": 2}.get(command.layout, max(1, command.channels))
        self._sink(RecorderBlock(command.recording, 0, channels, b"", last=True))
        return [RecordFinished(command.recording, reason, 0)]
