"""Playbacks: a prompt of shared memory to a leg or a conversation."""

import logging
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from offhook.core.errors import OffhookError
from offhook.ipc.media import Event, Play, PlaybackFinished, StopPlay
from offhook.media.engine import Engine
from offhook.media.host.table import Running, Table
from offhook.media.host.target import LEG, split

log = logging.getLogger("offhook.media")

OpenPrompt = Callable[[str, int], npt.NDArray[np.int16]]


class Playbacks:
    """`open_prompt(name, samples)` maps a prompt; it raises MediaError."""

    def __init__(self, engine: Engine, table: Table, open_prompt: OpenPrompt) -> None:
        self._engine = engine
        self._open_prompt = open_prompt
        self._table = table

    def play(self, command: Play) -> list[Event]:
        table = self._table
        if command.playback in table.ended or table.number_of(table.players, command.playback) is not None:
            return []
        try:
            kind, ident = split(command.target)
            samples = self._open_prompt(command.prompt, command.samples)
            if kind == LEG and ident not in table.legs:
                return self._over(command.playback, "closed")
            player = self._start(command, kind, ident, samples)
        except OffhookError as error:
            log.warning("playback %s: %s", command.playback, error)
            return self._over(command.playback, "failed")
        table.players[player] = Running(command.playback, None if kind == LEG else ident)
        return []

    def fail(self, command: Play) -> list[Event]:
        """What is told when the command broke down."""
        return self._over(command.playback, "failed")

    def stop(self, command: StopPlay) -> list[Event]:
        number = self._table.number_of(self._table.players, command.playback)
        if number is not None:
            self._engine.stop_play(number)
        return []

    def finished(self, player: int, reason: str, played_ms: int) -> list[Event]:
        """The engine says that a player ended."""
        entry = self._table.players.pop(player, None)
        if entry is None:
            return []
        self._table.conversations.release(entry.conversation)
        self._table.ended.add(entry.ident)
        return [PlaybackFinished(entry.ident, reason, played_ms)]

    def _start(self, command: Play, kind: str, ident: str, samples: npt.NDArray[np.int16]) -> int:
        table = self._table
        conversation = None if kind == LEG else table.conversations.hold(ident)
        try:
            return self._engine.play(
                samples,
                row=table.row_of(ident) if kind == LEG else None,
                conversation=conversation,
                loop=command.loop,
                gain=command.gain,
                stop_on_digit=table.row_of(command.stop_on_digit),
                stop_on_speech=table.row_of(command.stop_on_speech),
            )
        except OffhookError:
            table.conversations.release(None if kind == LEG else ident)
            raise

    def _over(self, playback: str, reason: str) -> list[Event]:
        self._table.ended.add(playback)
        return [PlaybackFinished(playback, reason, 0)]
