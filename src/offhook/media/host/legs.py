"""Legs: open, update, close, join, leave, mute, keys, statistics."""

import logging
from collections.abc import Callable, Collection
from dataclasses import replace

from offhook.core.errors import OffhookError
from offhook.ipc.media import (
    AskStats,
    CloseLeg,
    DigitsSent,
    Event,
    Join,
    Leave,
    LegOpened,
    LegRefused,
    LegStats,
    OpenLeg,
    SendDigits,
    SetAudio,
    UpdateLeg,
)
from offhook.media.engine import Engine, LegSettings
from offhook.media.host.hearing import Hearing
from offhook.media.host.table import Leg, Table
from offhook.media.host.wires import Wires

log = logging.getLogger("offhook.media")

COMFORT_NOISE = 13
"""RFC 3389: a peer with voice activity detection may send it first."""


FAILURE = "the media worker could not do it; its log says why"


class Legs:
    """`number(below)`: where sequence numbers and timestamps of a leg begin (RFC 3550 §5.1: at random)."""

    def __init__(
        self, engine: Engine, table: Table, wires: Wires, hearing: Hearing, number: Callable[[int], int]
    ) -> None:
        self._engine = engine
        self._hearing = hearing
        self._number = number
        self._table = table
        self._wires = wires

    def open(self, command: OpenLeg) -> list[Event]:
        if command.leg in self._table.legs:
            return [LegOpened(command.leg)]
        if command.leg in self._table.ended:
            return []
        settings = LegSettings(
            codec=command.codec,
            payload_type=command.payload_type,
            event_payload_type=command.event_payload_type,
            ssrc=command.ssrc,
            send=command.send,
            receive=command.receive,
            first_sequence=self._number(1 << 16),
            first_timestamp=self._number(1 << 32),
        )
        try:
            row = self._engine.open_leg(settings)
        except OffhookError as error:
            self._wires.discard(command.port)
            return [LegRefused(command.leg, str(error))]
        try:
            self._wires.take(row, command.port, command.remote, _types(settings))
        except OffhookError as error:
            self._engine.close_row(row)
            return [LegRefused(command.leg, str(error))]
        except Exception:
            self._wires.release(row)
            self._engine.close_row(row)
            raise
        leg = Leg(command.leg, row, settings, command.remote)
        self._table.legs[command.leg] = self._table.rows[row] = leg
        self._hearing.opened(leg.leg)
        return [LegOpened(command.leg)]

    def fail(self, command: OpenLeg | UpdateLeg) -> list[Event]:
        """What is told when a command broke down."""
        return [LegRefused(command.leg, FAILURE)]

    def fail_digits(self, command: SendDigits) -> list[Event]:
        return [DigitsSent(command.sequence)]

    def update(self, command: UpdateLeg) -> list[Event]:
        leg = self._table.legs.get(command.leg)
        if leg is None:
            return []
        given = {
            name: value
            for name in ("codec", "payload_type", "event_payload_type", "send", "receive")
            if (value := getattr(command, name)) is not None
        }
        settings = replace(leg.settings, **given)
        try:
            self._engine.update_leg(leg.row, settings)
        except OffhookError as error:
            return [LegRefused(command.leg, str(error))]
        leg.settings = settings
        leg.remote = command.remote or leg.remote
        self._wires.aim(leg.row, leg.remote, _types(settings))
        return []

    def close(self, command: CloseLeg) -> list[Event]:
        leg = self._table.legs.pop(command.leg, None)
        if leg is None:
            return []
        stats = self._stats(leg)
        del self._table.rows[leg.row]
        self._table.ended.add(leg.leg)
        self._hearing.closed(leg.leg)
        self._engine.close_row(leg.row)
        self._wires.release(leg.row)
        self._table.conversations.release(leg.conversation)
        return [*self._abandon_digits(leg.leg), stats]

    def join(self, command: Join) -> list[Event]:
        leg = self._table.legs.get(command.leg)
        if leg is None:
            log.info("leg %s cannot join %s: it is not open here", command.leg, command.conversation)
            return []
        if leg.conversation != command.conversation:
            number = self._table.conversations.hold(command.conversation)
            self._engine.join(leg.row, number)
            self._table.conversations.release(leg.conversation)
            leg.conversation = command.conversation
        return []

    def leave(self, command: Leave) -> list[Event]:
        leg = self._table.legs.get(command.leg)
        if leg is not None and leg.conversation is not None:
            self._engine.leave(leg.row)
            self._table.conversations.release(leg.conversation)
            leg.conversation = None
        return []

    def set_audio(self, command: SetAudio) -> list[Event]:
        leg = self._table.legs.get(command.leg)
        if leg is not None:
            self._engine.set_audio(leg.row, command.muted, command.earmuffed)
        return []

    def send_digits(self, command: SendDigits) -> list[Event]:
        row = self._table.row_of(command.leg)
        known = any(ident == command.sequence for ident, _ in self._table.sequences.values())
        if known:
            return []
        if row is None or not command.digits:
            return [DigitsSent(command.sequence)]
        try:
            number = self._engine.send_digits(row, command.digits, command.tone_ms, command.gap_ms)
        except OffhookError as error:
            log.warning("keys for leg %s: %s", command.leg, error)
            return [DigitsSent(command.sequence)]
        self._table.sequences[number] = (command.sequence, command.leg)
        return []

    def ask_stats(self, command: AskStats) -> list[Event]:
        leg = self._table.legs.get(command.leg)
        return [] if leg is None else [self._stats(leg)]

    def _abandon_digits(self, leg: str) -> list[Event]:
        """Nobody shall wait for keys that a closed leg can no longer send."""
        numbers = [number for number, (_, owner) in self._table.sequences.items() if owner == leg]
        return [DigitsSent(self._table.sequences.pop(number)[0]) for number in numbers]

    def _stats(self, leg: Leg) -> LegStats:
        stats = self._engine.stats(leg.row)
        return LegStats(
            leg=leg.leg,
            received=stats.received,
            lost=stats.lost,
            late=stats.late,
            duplicate=stats.duplicate,
            concealed=stats.concealed,
            sent=stats.sent,
            jitter_ms=stats.jitter_ms,
            delay_ms=stats.delay_ms,
            level_in=stats.level_in,
        )


def _types(settings: LegSettings) -> Collection[int]:
    """Payload types by which a leg's own packets are known."""
    types = {settings.payload_type, COMFORT_NOISE}
    if settings.event_payload_type is not None:
        types.add(settings.event_payload_type)
    return frozenset(types)
