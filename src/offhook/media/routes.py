"""Which worker has which leg, playback, recording and string of keys. Pure."""

from collections.abc import Iterator, Set

from offhook.ipc.media import (
    CloseLeg,
    CloseLink,
    Command,
    DigitReceived,
    DigitsSent,
    Event,
    LegOpened,
    MediaIdle,
    MediaStarted,
    PlaybackFinished,
    RecordFinished,
    StopPlay,
    StopRecord,
)


class Routes:
    """Each table maps an id to the name of a worker."""

    def __init__(self) -> None:
        self.legs: dict[str, str] = {}
        self.links: dict[str, str] = {}
        """Links of callers; those between workers belong to the plan."""
        self.opened: set[str] = set()
        """Legs that their worker has confirmed."""
        self.playbacks: dict[str, str] = {}
        self.recordings: dict[str, str] = {}
        self.sequences: dict[str, str] = {}
        self._pressed: set[str] = set()
        self._watches: dict[str, set[str]] = {}

    def watch(self, leg: str, playback: str) -> None:
        """A key of `leg` stops a playback that runs on another worker."""
        self._watches.setdefault(leg, set()).add(playback)

    def watched(self, leg: str) -> list[str]:
        """Playbacks that a key of `leg` stops; from now on they count as stopped by a key."""
        playbacks = sorted(self._watches.pop(leg, ()))
        self._pressed.update(playbacks)
        return playbacks

    def forget_leg(self, leg: str) -> str | None:
        """A leg is closed; gives its worker."""
        self._watches.pop(leg, None)
        self.opened.discard(leg)
        return self.legs.pop(leg, None)

    def note(self, worker: str, event: Event) -> Event | None:
        """Keep up with an event; gives what to tell of it, None for one of something that is gone."""
        if isinstance(event, PlaybackFinished):
            return self._playback_finished(event) if self.playbacks.pop(event.playback, None) else None
        if isinstance(event, RecordFinished):
            return event if self.recordings.pop(event.recording, None) else None
        if isinstance(event, DigitsSent):
            return event if self.sequences.pop(event.sequence, None) else None
        if isinstance(event, LegOpened | MediaStarted | MediaIdle | DigitReceived):
            if self.legs.get(event.leg) != worker:
                return None
            self.opened.add(event.leg)
        return event

    def lose(self, worker: str) -> list[Event]:
        """A worker is gone: forget all it had; the ends that it can no longer tell."""
        for leg in [leg for leg, at in self.legs.items() if at == worker]:
            self.forget_leg(leg)
        _take(self.links, worker)
        ended: list[Event] = [PlaybackFinished(name, "closed", 0) for name in _take(self.playbacks, worker)]
        ended += [RecordFinished(name, "closed", 0) for name in _take(self.recordings, worker)]
        ended += [DigitsSent(name) for name in _take(self.sequences, worker)]
        return ended

    def strangers(self, worker: str, items: dict[str, list[str]], links: Set[str]) -> Iterator[Command]:
        """Commands that end what a worker holds and nobody here knows: it served another control.

        `links`: the links that are known.
        """
        for recording in items.get("recording", []):
            if self.recordings.get(recording) != worker:
                yield StopRecord(recording)
        for playback in items.get("playback", []):
            if self.playbacks.get(playback) != worker:
                yield StopPlay(playback)
        for leg in items.get("leg", []):
            if self.legs.get(leg) != worker:
                yield CloseLeg(leg)
        for link in items.get("link", []):
            if link not in links:
                yield CloseLink(link)

    def _playback_finished(self, event: PlaybackFinished) -> PlaybackFinished:
        for playbacks in self._watches.values():
            playbacks.discard(event.playback)
        if event.playback in self._pressed:
            self._pressed.discard(event.playback)
            if event.reason == "stopped":
                return PlaybackFinished(event.playback, "digit", event.played_ms)
        return event


def _take(table: dict[str, str], worker: str) -> list[str]:
    """Remove a worker's ids from a table; the ids."""
    names = [name for name, at in table.items() if at == worker]
    for name in names:
        del table[name]
    return names
