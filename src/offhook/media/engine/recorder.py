"""Recorders: what is recorded, in which layout, and what ends it. The audio itself is in `tracks.py`.

Layouts: `mixed` is the conversation's sum, or what a leg says and hears together; `split` is left what the
owner says, right what the owner hears; `channels` is one leg per channel in joining order, the rest in the
last. Muted legs are silent here as everywhere. Blocks of one second go out as they fill; the first is
shorter, so that recordings that began together do not all hand over in the same tick.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from offhook.core.errors import LocalStateError
from offhook.media.engine.mixer import Mixer
from offhook.media.engine.tracks import STAGE, Tracks
from offhook.media.engine.types import FRAME_MS, EngineEvent, Floats, Longs, RecordBlock, RecordFinished

MAX_CHANNELS: Final = 32
LAYOUTS: Final = ("mixed", "split", "channels")
NEVER: Final = 1 << 62
GONE: Final = -1


@dataclass(slots=True)
class Recording:
    """One recording as it was asked for; how far it is stands in the arrays of `Recorders` at `slot`."""

    ident: int
    layout: str
    row: int | None
    conversation: int | None
    owner: int | None
    channels: int
    end_on_key: str | None = None
    beep: int | None = None
    """The player whose end it waits for."""
    slot: int = 0
    sequence: int = 0
    tracks: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)
    """`channels`: the legs in the order in which they took their channels."""


class Recorders:
    """All recordings. Arrays are by slot; `_live` are the slots that record in this tick."""

    def __init__(self) -> None:
        self.running: dict[int, Recording] = {}
        self.dirty = True
        self.tracks = Tracks()
        self._by_slot: list[Recording | None] = []
        self._counts = np.zeros((5, 0), np.int64)
        """By slot: frames in the stage, frames of a full block, frames in all, and the limits of silence
        and length in frames."""
        self._began: Longs = np.zeros(0, np.int64)
        self._live: Longs = np.zeros(0, np.int64)
        self._track_slot: Longs = np.zeros(0, np.int64)

    def start(self, recording: Recording, silence: int | None, timeout: int | None) -> None:
        """Begin with the next tick, or when its beep is over. Limits are in frames; None for none."""
        if recording.layout not in LAYOUTS:
            raise LocalStateError(f"A recording is mixed, split or channels, not {recording.layout!r}.")
        if not 1 <= recording.channels <= MAX_CHANNELS:
            raise LocalStateError(f"A recording has 1 to {MAX_CHANNELS} channels, not {recording.channels}.")
        recording.slot = self._take_slot(recording)
        recording.tracks = self.tracks.take(recording.channels)
        limits = [NEVER if limit is None else limit for limit in (silence, timeout)]
        self._counts[:, recording.slot] = [0, recording.ident % STAGE + 1, 0, *limits]
        self._began[recording.slot] = GONE
        self.running[recording.ident] = recording
        self.dirty = True

    def move(self, recording: Recording, row: int | None, conversation: int | None) -> None:
        """Record another target from the next tick on; legs keep the channels that they have."""
        recording.row, recording.conversation = row, conversation
        self.dirty = True

    def finish(self, recording: Recording, reason: str) -> list[EngineEvent]:
        """Its last block and its end."""
        last = self._block(recording, last=True)
        frames = int(self._counts[2, recording.slot])
        del self.running[recording.ident]
        self._by_slot[recording.slot] = None
        self.tracks.release(recording.tracks)
        self.dirty = True
        return [last, RecordFinished(recording.ident, reason, frames * FRAME_MS)]

    def ended_by_key(self, row: int, digit: str) -> list[Recording]:
        """Recordings that this key of this row ends."""
        return [r for r in self.running.values() if r.owner == row and r.end_on_key == digit]

    def forget(self, row: int) -> list[Recording]:
        """A row closes: nobody listens to it any more. Returns the recordings whose target it was."""
        for recording in self.running.values():
            recording.members = [GONE if member == row else member for member in recording.members]
            if recording.owner == row:
                recording.owner = None
                self.dirty = True
        return [r for r in self.running.values() if r.row == row]

    def beep_over(self, player: int) -> None:
        for recording in self.running.values():
            if recording.beep == player:
                recording.beep = None
                self.dirty = True

    def rebuild(self, mixer: Mixer, tick: int) -> None:
        """Name the bus rows of every track again after the topology or the set of recorders changed."""
        self.dirty = False
        live = [r for r in self.running.values() if r.beep is None]
        self._live = np.array([r.slot for r in live], np.int64)
        fresh = self._live[self._began[self._live] == GONE]
        self._began[fresh] = tick
        pairs = [
            (track, rows)
            for recording in live
            for track, rows in zip(recording.tracks, _sources(recording, mixer), strict=True)
        ]
        self.tracks.route(pairs, mixer.zero)
        self._track_slot = np.repeat(self._live, [r.channels for r in live])

    def take(self, bus: Floats) -> list[EngineEvent]:
        """Add this tick's frame to every recording; the blocks that are full."""
        if self._live.size == 0:
            return []
        fill, block, frames = self._counts[0], self._counts[1], self._counts[2]
        self.tracks.record(bus, fill[self._track_slot])
        fill[self._live] += 1
        frames[self._live] += 1
        full = self._live[fill[self._live] >= block[self._live]]
        return [
            self._block(r, last=False) for slot in full.tolist() if (r := self._by_slot[slot]) is not None
        ]

    def over(self, tick: int, last_voice: Longs, conversation: Longs) -> list[tuple[Recording, str]]:
        """Recordings that silence or time ends after this tick's frame."""
        live = self._live
        if live.size == 0:
            return []
        over: list[tuple[Recording, str]] = []
        for slot in live[self._counts[2, live] >= self._counts[4, live]].tolist():
            if (recording := self._by_slot[slot]) is not None:
                over.append((recording, "timeout"))
        watching = live[self._counts[3, live] != NEVER]
        if watching.size == 0:
            return over
        # A recording this young cannot have been silent long enough; the rest need a look at their voices.
        ripe = watching[tick + 1 - self._began[watching] >= self._counts[3, watching]]
        for slot in ripe.tolist():
            recording = self._by_slot[slot]
            if recording is None or any(recording is other for other, _ in over):
                continue
            heard = max(int(self._began[slot]) - 1, _last_voice(recording, last_voice, conversation))
            if tick - heard >= self._counts[3, slot]:
                over.append((recording, "silence"))
        return over

    def _block(self, recording: Recording, *, last: bool) -> RecordBlock:
        slot = recording.slot
        pcm = self.tracks.pcm(recording.tracks, int(self._counts[0, slot]))
        block = RecordBlock(recording.ident, recording.sequence, recording.channels, pcm, last)
        recording.sequence += 1
        self._counts[0, slot] = 0
        self._counts[1, slot] = STAGE
        return block

    def _take_slot(self, recording: Recording) -> int:
        if None in self._by_slot:
            slot = self._by_slot.index(None)
            self._by_slot[slot] = recording
            return slot
        self._by_slot.append(recording)
        if len(self._by_slot) > self._began.size:
            more = max(8, self._began.size)
            self._counts = np.concatenate([self._counts, np.zeros((5, more), np.int64)], axis=1)
            self._began = np.concatenate([self._began, np.zeros(more, np.int64)])
        return len(self._by_slot) - 1


def _last_voice(recording: Recording, last_voice: Longs, conversation: Longs) -> int:
    """The last tick in which somebody whose silence matters spoke."""
    if recording.owner is not None:
        return int(last_voice[recording.owner])
    if recording.conversation is None:
        return GONE
    voices = last_voice[conversation[: last_voice.size] == recording.conversation]
    return int(voices.max()) if voices.size else GONE


def _sources(recording: Recording, mixer: Mixer) -> list[list[int]]:
    """For every track the bus rows that make it up."""
    row, heard = recording.row, mixer.first_heard
    if recording.layout == "split":
        owner = recording.owner
        return [[], []] if owner is None else [[owner], [heard + owner]]
    if recording.layout == "channels":
        return _channels(recording, mixer)
    if row is not None:
        return [[row, heard + row]]
    assert recording.conversation is not None
    return [[mixer.sum_row(recording.conversation)]]


def _channels(recording: Recording, mixer: Mixer) -> list[list[int]]:
    tracks: list[list[int]] = [[] for _ in range(recording.channels)]
    if recording.row is not None:
        tracks[0].append(recording.row)
        tracks[-1].append(mixer.first_heard + recording.row)
        return tracks
    assert recording.conversation is not None
    present = mixer.joined.get(recording.conversation, [])
    recording.members.extend(row for row in present if row not in recording.members)
    for channel, row in enumerate(recording.members):
        if row in present:
            tracks[min(channel, recording.channels - 1)].append(row)
    return tracks
