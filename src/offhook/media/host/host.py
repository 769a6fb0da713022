"""The media host: takes each command to its verb, each engine event to control, and nothing else."""

from collections.abc import Callable
from typing import Any

from offhook.ipc.audio import RecorderBlock
from offhook.ipc.media import (
    AskStats,
    CloseLeg,
    CloseLink,
    Command,
    DigitReceived,
    Event,
    Join,
    Leave,
    MediaIdle,
    MoveRecord,
    OpenLeg,
    OpenLink,
    OpenTap,
    Play,
    SendDigits,
    SetAudio,
    SetHearing,
    StartRecord,
    StopPlay,
    StopRecord,
    UpdateLeg,
)
from offhook.ipc.media import DigitsSent as AllDigitsSent
from offhook.ipc.media import MediaStarted as LegMediaStarted
from offhook.media.engine import (
    Arrivals,
    Departures,
    DigitHeard,
    DigitsSent,
    Engine,
    EngineEvent,
    MediaStarted,
    PlayFinished,
    RecordBlock,
    RecordFinished,
)
from offhook.media.host.hearing import Hearing
from offhook.media.host.legs import Legs
from offhook.media.host.links import Links
from offhook.media.host.playbacks import OpenPrompt, Playbacks
from offhook.media.host.recordings import Recordings
from offhook.media.host.table import Leg, Table
from offhook.media.host.wires import Wires

IDLE_SECONDS = 10
"""`MediaIdle` is told at every multiple of this."""
RELEARN_MS = 3_000
"""After so long without a packet the source of a leg is learned anew."""
IDLE_TURN = 100
"""Each leg is looked at once in so many ticks."""


class MediaHost:
    """`handle` a command, `tick` every 20 ms; both give events for control.

    `sink` takes recorder blocks for the audio worker; `open_prompt(name, samples)` maps a prompt;
    `number(below)` gives random integers.
    """

    def __init__(
        self,
        capacity: int,
        wires: Wires,
        *,
        open_prompt: OpenPrompt,
        sink: Callable[[RecorderBlock], None],
        number: Callable[[int], int],
    ) -> None:
        self.capacity = capacity
        self._engine = Engine(capacity)
        self._table = Table()
        self._wires = wires
        self._turn = 0
        hearing = Hearing(self._engine, self._table)
        self._legs = Legs(self._engine, self._table, wires, hearing, number)
        self._links = Links(self._engine, self._table, wires, hearing)
        self._playbacks = Playbacks(self._engine, self._table, open_prompt)
        self._recordings = Recordings(self._engine, self._table, sink)
        self._verbs: dict[type, Callable[[Any], list[Event]]] = {
            OpenLeg: self._legs.open,
            UpdateLeg: self._legs.update,
            CloseLeg: self._legs.close,
            Join: self._legs.join,
            Leave: self._legs.leave,
            SetAudio: self._legs.set_audio,
            SendDigits: self._legs.send_digits,
            AskStats: self._legs.ask_stats,
            SetHearing: hearing.set,
            OpenLink: self._links.open,
            OpenTap: self._links.tap,
            CloseLink: self._links.close,
            Play: self._playbacks.play,
            StopPlay: self._playbacks.stop,
            StartRecord: self._recordings.start,
            MoveRecord: self._recordings.move,
            StopRecord: self._recordings.stop,
        }

        self._ends: dict[type, Callable[[Any], list[Event]]] = {
            OpenLeg: self._legs.fail,
            UpdateLeg: self._legs.fail,
            SendDigits: self._legs.fail_digits,
            Play: self._playbacks.fail,
            StartRecord: self._recordings.fail,
        }

    @property
    def open_legs(self) -> int:
        return len(self._table.legs)

    def describe(self) -> dict[str, list[str]]:
        """What is open: kind (`leg`, `link`, `playback`, `recording`) → ids."""
        return self._table.describe()

    def handle(self, now: int, command: Command) -> list[Event]:
        """Obey a command. Events that follow at once; the others come with a tick."""
        return self._verbs[type(command)](command)

    def give_up(self, command: Command) -> list[Event]:
        """`handle` raised what nobody expected: the event that keeps control from waiting for ever."""
        end = self._ends.get(type(command))
        return [] if end is None else end(command)

    def tick(self, now: int, arrivals: Arrivals) -> tuple[Departures, list[Event]]:
        """20 ms of everything: what to send, and what to tell control."""
        departures = self._engine.tick(now, arrivals)
        events: list[Event] = []
        for event in departures.events:
            events += self._translate(event)
        return departures, events + self._idle()

    def end_all(self, now: int) -> list[Event]:
        """Close everything, as when control has not come back. Recordings hand over their last block."""
        ended: list[Event] = []
        held = self.describe()
        ended += [event for ident in held["recording"] for event in self.handle(now, StopRecord(ident))]
        ended += [event for ident in held["playback"] for event in self.handle(now, StopPlay(ident))]
        ended += [event for ident in held["leg"] for event in self.handle(now, CloseLeg(ident))]
        ended += [event for ident in held["link"] for event in self.handle(now, CloseLink(ident))]
        return ended

    def _translate(self, event: EngineEvent) -> list[Event]:
        if isinstance(event, PlayFinished):
            return self._playbacks.finished(event.player, event.reason, event.played_ms)
        if isinstance(event, RecordBlock):
            self._recordings.block(event)
        elif isinstance(event, RecordFinished):
            return self._recordings.finished(event.recorder, event.reason, event.duration_ms)
        elif isinstance(event, DigitHeard):
            leg = self._table.rows.get(event.row)
            return [] if leg is None else [DigitReceived(leg.leg, event.digit, event.duration_ms, event.at)]
        elif isinstance(event, DigitsSent):
            entry = self._table.sequences.pop(event.sequence, None)
            return [] if entry is None else [AllDigitsSent(entry[0])]
        elif isinstance(event, MediaStarted):
            return self._started(event.row)
        return []

    def _started(self, row: int) -> list[Event]:
        leg, remote = self._table.rows.get(row), self._wires.remote(row)
        return [] if leg is None or remote is None else [LegMediaStarted(leg.leg, remote)]

    def _idle(self) -> list[Event]:
        """Legs whose turn it is to be asked how long nothing has come."""
        self._turn = (self._turn + 1) % IDLE_TURN
        events: list[Event] = []
        for row, idle_ms in self._engine.idle(self._turn, IDLE_TURN):
            leg = self._table.rows.get(row)
            if leg is not None:
                events += self._idle_leg(leg, idle_ms)
        return events

    def _idle_leg(self, leg: Leg, idle_ms: int) -> list[Event]:
        if not leg.settings.receive or idle_ms < leg.idle_from:
            leg.idle_from = 0 if leg.settings.receive else idle_ms
        quiet_ms = idle_ms - leg.idle_from
        if quiet_ms >= RELEARN_MS:
            self._wires.relearn(leg.row)
        told = quiet_ms // 1000 // IDLE_SECONDS * IDLE_SECONDS
        news = told > leg.idle_told
        leg.idle_told = told
        return [MediaIdle(leg.leg, float(told))] if news else []
