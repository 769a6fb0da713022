"""The engine: commands between ticks, `tick(now, arrivals) -> departures` every 20 ms. Pure: no clock, no
sockets, no files (docs/specs/media-engine.md).

This class only holds the parts together; each stage is in its own module. A row is one leg or one link; rows,
players, recorders and key strings are named by integers that the engine gives out.
"""

from collections.abc import Collection
from itertools import count

import numpy as np

from offhook.core.errors import LocalStateError
from offhook.media.engine.inbound import Inbound
from offhook.media.engine.legs import Legs
from offhook.media.engine.mixer import Mixer
from offhook.media.engine.outbound import Outbound
from offhook.media.engine.playback import Player
from offhook.media.engine.programme import Programme
from offhook.media.engine.recorder import Recording
from offhook.media.engine.stats import row_stats
from offhook.media.engine.types import FRAME_MS, Arrivals, Departures, LegSettings, RowStats, Shorts

PLAYERS_PER_ROW = 2
SPARE_PLAYERS = 16


class Engine:
    """All legs of one media worker. Commands take effect in the next tick."""

    def __init__(self, capacity: int) -> None:
        players = PLAYERS_PER_ROW * capacity + SPARE_PLAYERS
        self.legs = Legs(capacity)
        self.inbound = Inbound(self.legs)
        self.mixer = Mixer(self.legs, players)
        self.programme = Programme(self.mixer, players)
        self.outbound = Outbound(self.legs)
        self.ticks = 0
        """Ticks so far; the engine's own time."""
        self._idents = count(1)

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def open_rows(self) -> int:
        return int(np.count_nonzero(self.legs.active))

    def open_leg(self, settings: LegSettings) -> int:
        """A new leg's row. `MediaError` when the engine is full, `LocalStateError` for an unknown codec."""
        self.legs.check_settings(settings)
        row = self._open(link=False)
        self.legs.configure(row, settings)
        self.outbound.open(row, settings)
        return row

    def open_link(self) -> int:
        """A row whose far end speaks 320-octet frames: 20 ms of 8 kHz 16-bit little-endian samples."""
        row = self._open(link=True)
        self.outbound.open(row, LegSettings())
        self.inbound.links.open(row)
        return row

    def update_leg(self, row: int, settings: LegSettings) -> None:
        """Apply a new negotiation. What is under way goes on; first numbers are not used again."""
        self._check_leg(row)
        self.legs.check_settings(settings)
        self.legs.configure(row, settings)
        self.outbound.sender.set_ssrc(row, settings.ssrc)

    def close_row(self, row: int) -> None:
        """Free a row. Its playbacks and recordings end with `closed`, told by the next tick."""
        self.legs.check(row)
        self.mixer.forget(row)
        self.programme.forget(row)
        if self.legs.link[row]:
            self.inbound.links.close(row)
        self.outbound.digits.wipe(row)
        self.legs.release(row)

    def set_audio(self, row: int, muted: bool, earmuffed: bool) -> None:
        """`muted`: nobody hears or records the row. `earmuffed`: it hears only what is played to it."""
        self.legs.check(row)
        self.legs.muted[row] = muted
        self.legs.earmuffed[row] = earmuffed

    def flush(self, row: int) -> None:
        """Drop the audio received but not yet played."""
        self.legs.check(row)
        self.inbound.flush(row)

    def stats(self, row: int) -> RowStats:
        self.legs.check(row)
        part = self.inbound
        links = part.links if self.legs.link[row] else None
        sent = self.outbound.sender.sent
        return row_stats(
            row, self.ticks, part.streams, part.jitter, part.activity, part.concealed, sent, links
        )

    def idle(self, first: int, step: int) -> list[tuple[int, int]]:
        """Every `step`-th row from `first` up to the highest open one: (row, ms since its last packet)."""
        top = self.legs.top
        idle_ms = (self.ticks - self.inbound.streams.heard_at[first:top:step]) * FRAME_MS
        return list(zip(range(first, top, step), idle_ms.tolist(), strict=True))

    # ── conversations ────────────────────────────────────────────────────────────────────────────

    def join(self, row: int, conversation: int) -> None:
        """Put a row into a conversation, out of the one it was in."""
        self.legs.check(row)
        self.mixer.join(row, conversation)

    def leave(self, row: int) -> None:
        self.legs.check(row)
        self.mixer.leave(row)

    def set_hearing(self, row: int, deaf_to: Collection[int]) -> None:
        """The rows that this one does not hear while they share a conversation; nothing for everybody."""
        self.legs.check(row)
        self._check_rows(*deaf_to)
        self.mixer.set_hearing(row, deaf_to)

    def open_tap(self, row: int) -> int:
        """A link row outside all conversations whose far end hears `row` and nothing else."""
        self.legs.check(row)
        tap = self.open_link()
        self.mixer.tap(tap, row)
        return tap

    # ── players ──────────────────────────────────────────────────────────────────────────────────

    def play(
        self,
        samples: Shorts,
        *,
        row: int | None = None,
        conversation: int | None = None,
        loop: int = 1,
        gain: float = 1.0,
        stop_on_digit: int | None = None,
        stop_on_speech: int | None = None,
    ) -> int:
        """Play 8 kHz int16 samples to a row or a conversation; `loop` 0 is for ever. Returns the player.

        The array must stay as it is until the player has ended.
        """
        self._check_target(row, conversation)
        self._check_rows(stop_on_digit, stop_on_speech)
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise LocalStateError(f"A prompt is a row of int16 samples, not {samples.dtype} {samples.shape}.")
        total = samples.size * loop if loop > 0 and samples.size else (0 if samples.size == 0 else -1)
        player = Player(next(self._idents), samples, total, row, conversation)
        self.programme.start_player(player, gain, stop_on_digit, stop_on_speech)
        return player.ident

    def stop_play(self, player: int) -> None:
        """End a player with `stopped`; nothing when it has ended already."""
        self.programme.stop_player(player)

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────

    def send_digits(self, row: int, digits: str, tone_ms: int = 160, gap_ms: int = 80) -> int:
        """Press keys (`0-9*#A-D`, `p` pauses 500 ms). Returns the number of the string."""
        self._check_leg(row)
        sequence = next(self._idents)
        self.outbound.digits.send(row, sequence, digits, tone_ms, gap_ms)
        return sequence

    # ── recorders ────────────────────────────────────────────────────────────────────────────────

    def record(
        self,
        *,
        row: int | None = None,
        conversation: int | None = None,
        layout: str = "mixed",
        channels: int = 1,
        owner: int | None = None,
        beep: bool = False,
        end_on_silence_ms: int | None = None,
        end_on_key: str | None = None,
        timeout_ms: int | None = None,
    ) -> int:
        """Record a row or a conversation. Returns the recorder; its times start after the beep."""
        self._check_target(row, conversation)
        self._check_rows(owner)
        members = [] if conversation is None else self.mixer.joined.get(conversation, [])
        if owner is None:
            owner = row if row is not None else (members[0] if layout == "split" and members else None)
        width = {"mixed": 1, "split": 2}.get(layout, channels)
        recording = Recording(next(self._idents), layout, row, conversation, owner, width, end_on_key)
        recording.members = list(members)
        self.programme.recorders.start(recording, _frames(end_on_silence_ms), _frames(timeout_ms))
        if beep:
            self.programme.start_beep(recording, next(self._idents))
        return recording.ident

    def move_record(self, recorder: int, *, row: int | None = None, conversation: int | None = None) -> None:
        """Let a recording go on with another row or conversation, from the next tick on.

        Nothing when it has ended already.
        """
        self._check_target(row, conversation)
        recording = self.programme.recorders.running.get(recorder)
        if recording is not None:
            self.programme.recorders.move(recording, row, conversation)

    def stop_record(self, recorder: int) -> None:
        """End a recording with `stopped`; nothing when it has ended already."""
        self.programme.stop_recording(recorder)

    # ── the tick ─────────────────────────────────────────────────────────────────────────────────

    def tick(self, now: int, arrivals: Arrivals) -> Departures:
        """20 ms of every leg. `now` is only stamped on key presses."""
        tick, mixer, programme = self.ticks, self.mixer, self.programme
        programme.rebuild()
        events = programme.take_events()
        events.extend(self.inbound.run(mixer.bus, arrivals, tick, now))
        programme.obey(self.inbound.activity, self.inbound.keys)
        if programme.recorders.dirty:
            programme.recorders.rebuild(mixer, tick)
        programme.playback.render(mixer.bus[mixer.first_player :])
        mixer.mix()
        programme.direct.add(mixer)
        self.outbound.digits.tones(self.legs, mixer.heard)
        programme.record()
        programme.finish(self.inbound.activity, tick)
        events.extend(programme.take_events())
        departures = self.outbound.run(mixer.heard, self.inbound.links)
        departures.events[:0] = events
        self.ticks += 1
        return departures

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _open(self, *, link: bool) -> int:
        row = self.legs.take(link=link)
        self.inbound.wipe(row, self.ticks)
        self.mixer.dirty = True
        return row

    def _check_leg(self, row: int) -> None:
        self.legs.check(row)
        if self.legs.link[row]:
            raise LocalStateError(f"Row {row} is a link; only a leg can do this.")

    def _check_target(self, row: int | None, conversation: int | None) -> None:
        if (row is None) == (conversation is None):
            raise LocalStateError("Name either a row or a conversation.")
        self._check_rows(row)

    def _check_rows(self, *rows: int | None) -> None:
        for row in rows:
            if row is not None:
                self.legs.check(row)


def _frames(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else max(1, -(-milliseconds // FRAME_MS))
