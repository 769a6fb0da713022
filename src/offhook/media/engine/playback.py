"""Players: audio from memory to one leg or to a whole conversation, with loop, gain and stop rules.

A player copies a second of its samples at a time into a stage and hands them out from there, so that the
tick is one gather for all players and the prompt itself is never copied whole. First fills are staggered:
prompts that began together must not refill together. Loops meet sample to
sample; the end is padded with silence.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from offhook.core.errors import LocalStateError, MediaError
from offhook.media.engine.types import FRAME, FRAME_MS, Flags, Floats, Longs, PlayFinished, Shorts

STAGE: Final = 50
"""Frames in a player's stage: one second."""
NOBODY: Final = -1
PATIENCE: Final = 25
"""Frames after which a voice that was there before the prompt ends it too."""


@dataclass(slots=True)
class Player:
    """What one player plays and where it is."""

    ident: int
    samples: Shorts
    total: int
    """Samples to play with all loops; −1 for ever."""
    row: int | None
    conversation: int | None
    position: int = 0
    """Samples put into the stage so far."""
    reported: bool = True
    """False for the engine's own tones, whose end is nobody's business."""


class Playback:
    """The slots of all players. Bus rows from `first` belong to them."""

    def __init__(self, slots: int) -> None:
        self.top = 0
        self.players: list[Player | None] = [None] * slots
        self.stage: Shorts = np.zeros((slots * STAGE, FRAME), np.int16)
        self.cursor: Longs = np.zeros(slots, np.int64)
        self.filled: Longs = np.zeros(slots, np.int64)
        self.played: Longs = np.zeros(slots, np.int64)
        self.gain: Floats = np.zeros(slots, np.float32)
        self.on: Flags = np.zeros(slots, np.bool_)
        self.stop_digit: Longs = np.full(slots, NOBODY, np.int64)
        """The row whose keys end it."""
        self.stop_speech: Longs = np.full(slots, NOBODY, np.int64)
        """The row whose voice ends it."""
        self._slot: dict[int, int] = {}
        self._offset = np.arange(slots, dtype=np.int64) * STAGE

    def start(self, player: Player, gain: float, stop_digit: int = NOBODY, stop_speech: int = NOBODY) -> int:
        """Take a slot. `MediaError` when all are taken."""
        try:
            slot = self.players.index(None)
        except ValueError:
            raise MediaError("Every player of this media worker is in use; stop one first.") from None
        self.players[slot] = player
        self._slot[player.ident] = slot
        self.cursor[slot] = self.filled[slot] = self.played[slot] = 0
        self.gain[slot] = gain
        self.stop_digit[slot], self.stop_speech[slot] = stop_digit, stop_speech
        self.on[slot] = True
        self.top = max(self.top, slot + 1)
        self._fill(slot, player, slot % STAGE + 1)
        return slot

    def slot_of(self, ident: int) -> int:
        slot = self._slot.get(ident)
        if slot is None:
            raise LocalStateError(f"Player {ident} is not playing.")
        return slot

    def playing(self, ident: int) -> bool:
        return ident in self._slot

    def slots(self) -> list[tuple[int, Player]]:
        """Every player that is on."""
        return [(slot, player) for slot, player in enumerate(self.players[: self.top]) if player is not None]

    def end(self, slot: int, reason: str) -> PlayFinished | None:
        """Free a slot; the event that tells it, unless the player is the engine's own."""
        player = self.players[slot]
        if player is None:
            return None
        self.players[slot] = None
        del self._slot[player.ident]
        self.on[slot] = False
        while self.top and self.players[self.top - 1] is None:
            self.top -= 1
        samples = int(self.played[slot]) * FRAME
        if player.total >= 0:
            samples = min(samples, player.total)
        return PlayFinished(player.ident, reason, samples * FRAME_MS // FRAME) if player.reported else None

    def stopped_by_digit(self, row: int) -> list[int]:
        """Slots that a key of this row ends."""
        return np.flatnonzero(self.on[: self.top] & (self.stop_digit[: self.top] == row)).tolist()

    def stopped_by_speech(self, onset: Flags, voice: Flags) -> list[int]:
        """Slots that a voice ends: one that begins now, or one that goes on into the prompt."""
        rows = self.stop_speech[: self.top]
        talked_over = voice[rows] & (self.played[: self.top] >= PATIENCE)
        return np.flatnonzero(self.on[: self.top] & (rows != NOBODY) & (onset[rows] | talked_over)).tolist()

    def forget(self, row: int) -> list[int]:
        """A row closes: its voice and keys stop nothing. Returns the slots that played to it."""
        self.stop_digit[self.stop_digit == row] = NOBODY
        self.stop_speech[self.stop_speech == row] = NOBODY
        return [slot for slot, player in self.slots() if player.row == row]

    def ended(self) -> list[int]:
        """Slots that have nothing left to play. Stages that ran empty are filled again."""
        spent = np.flatnonzero(self.on[: self.top] & (self.cursor[: self.top] >= self.filled[: self.top]))
        over: list[int] = []
        for slot in spent.tolist():
            player = self.players[slot]
            if player is None or player.position == player.total:
                over.append(slot)
            else:
                self._fill(slot, player, STAGE)
        return over

    def render(self, out: Floats) -> None:
        """This tick's frame of every player into `out[:top]` (zeros where none is on)."""
        top = self.top
        if top == 0:
            return
        on = self.on[:top]
        frames = self.stage[self._offset[:top] + np.minimum(self.cursor[:top], STAGE - 1)]
        np.multiply(frames, (self.gain[:top] * on)[:, None], out=out[:top])
        self.cursor[:top] += on
        self.played[:top] += on

    def _fill(self, slot: int, player: Player, frames: int) -> None:
        want = frames * FRAME
        if player.total >= 0:
            want = min(want, player.total - player.position)
        # A prompt of no samples still takes a tick, so that its end is told like any other.
        frames = max(-(-want // FRAME), 1)
        first = slot * STAGE
        flat = self.stage[first : first + frames].reshape(-1)
        done = 0
        while done < want:
            at = (player.position + done) % player.samples.size
            take = min(player.samples.size - at, want - done)
            flat[done : done + take] = player.samples[at : at + take]
            done += take
        flat[want:] = 0
        player.position += want
        self.cursor[slot] = 0
        self.filled[slot] = frames
