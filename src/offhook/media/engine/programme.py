"""What is being played and recorded, and what ends it: the players' and recorders' side of the engine.

Every end, by command, rule, key, voice or closed row, goes through here, so that each is told once.
"""

from offhook.audio.tones import beep
from offhook.media.engine.direct import DirectPlayback
from offhook.media.engine.dtmf_in import DigitReceiver
from offhook.media.engine.mixer import NOWHERE, Mixer
from offhook.media.engine.playback import NOBODY, Playback, Player
from offhook.media.engine.recorder import Recorders, Recording
from offhook.media.engine.types import EngineEvent
from offhook.media.engine.vad import Activity


class Programme:
    """Players and recorders, and the events that they have caused since they were last taken."""

    def __init__(self, mixer: Mixer, players: int) -> None:
        self.mixer = mixer
        self.playback = Playback(players)
        self.direct = DirectPlayback()
        self.recorders = Recorders()
        self._events: list[EngineEvent] = []

    def take_events(self) -> list[EngineEvent]:
        events, self._events = self._events, []
        return events

    def rebuild(self) -> None:
        """Lay out again what changed since the last tick."""
        if self.mixer.dirty:
            self.mixer.rebuild()
            self.recorders.dirty = True
        if self.direct.dirty:
            self.direct.rebuild(self.playback)

    def start_player(
        self, player: Player, gain: float = 1.0, stop_digit: int | None = None, stop_speech: int | None = None
    ) -> None:
        slot = self.playback.start(
            player,
            gain,
            NOBODY if stop_digit is None else stop_digit,
            NOBODY if stop_speech is None else stop_speech,
        )
        if player.conversation is not None:
            self.mixer.attach_player(slot, player.conversation)
        else:
            self.direct.dirty = True

    def stop_player(self, ident: int) -> None:
        if self.playback.playing(ident):
            self._end_player(self.playback.slot_of(ident), "stopped")

    def start_beep(self, recording: Recording, ident: int) -> None:
        """Let a recording wait for a beep to its target."""
        tone = beep()
        player = Player(ident, tone, tone.size, recording.row, recording.conversation, reported=False)
        self.start_player(player)
        recording.beep = ident

    def stop_recording(self, ident: int) -> None:
        recording = self.recorders.running.get(ident)
        if recording is not None:
            self._events.extend(self.recorders.finish(recording, "stopped"))

    def forget(self, row: int) -> None:
        """A row closes: what was for it ends."""
        for slot in self.playback.forget(row):
            self._end_player(slot, "closed")
        for recording in self.recorders.forget(row):
            self._events.extend(self.recorders.finish(recording, "closed"))

    def obey(self, activity: Activity, keys: DigitReceiver) -> None:
        """End what this tick's voices and keys end; tell the keys that are over."""
        for slot in self.playback.stopped_by_speech(activity.onset, activity.voice):
            self._end_player(slot, "speech")
        pressed, finished = keys.take()
        for row, digit in pressed:
            for slot in self.playback.stopped_by_digit(row):
                self._end_player(slot, "digit")
            for recording in self.recorders.ended_by_key(row, digit):
                self._events.extend(self.recorders.finish(recording, "key"))
        self._events.extend(finished)

    def record(self) -> None:
        """Let every recording take this tick's frame."""
        self._events.extend(self.recorders.take(self.mixer.bus))

    def finish(self, activity: Activity, tick: int) -> None:
        """End what is over after this tick's frame."""
        for slot in self.playback.ended():
            self._end_player(slot, "done")
        for recording, reason in self.recorders.over(tick, activity.last_voice, self.mixer.conversation):
            self._events.extend(self.recorders.finish(recording, reason))

    def _end_player(self, slot: int, reason: str) -> None:
        player = self.playback.players[slot]
        if player is None:
            return
        event = self.playback.end(slot, reason)
        if event is not None:
            self._events.append(event)
        if player.conversation is not None:
            self.mixer.attach_player(slot, NOWHERE)
        self.direct.dirty = True
        if not player.reported:
            self.recorders.beep_over(player.ident)
