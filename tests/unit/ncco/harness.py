"""A leg that runs an NCCO in virtual time: feed it events, look at the effects."""

from typing import Any, TypeVar

from offhook.core.clock import NS_PER_SECOND, seconds
from offhook.core.ids import SeededIds
from offhook.ncco.contract import Action
from offhook.ncco.document import check, parse
from offhook.ncco.effects import (
    CancelTimer,
    Effect,
    HangUpLeg,
    SendWebhook,
    SetTimer,
    StartConnect,
    StartRecording,
    StartStream,
    StartTalk,
    StopPlayback,
)
from offhook.ncco.events import (
    Begin,
    Digit,
    Event,
    NccoFetched,
    PlaybackFinished,
    RecordingFinished,
    TimerFired,
    WebhookReplied,
)
from offhook.ncco.interpreter import Interpreter
from offhook.ncco.settings import DEFAULT_SETTINGS, Settings

EffectT = TypeVar("EffectT")
START = 1_000 * NS_PER_SECOND


def action(fields: dict[str, Any]) -> Action:
    """One checked action."""
    taken = parse([fields]).take()
    assert taken is not None
    return taken


def errors(document: Any) -> list[tuple[str, str]]:
    return [(one.path, one.message) for one in check(document) if one.severity == "error"]


def warnings(document: Any) -> list[tuple[str, str]]:
    return [(one.path, one.message) for one in check(document) if one.severity == "warning"]


class Leg:
    """An interpreter, its clock, and what its effects have left running."""

    def __init__(self, document: Any = None, settings: Settings = DEFAULT_SETTINGS, seed: int = 7) -> None:
        self.interpreter = Interpreter(SeededIds(seed), settings)
        self.now = START
        self.effects: list[Effect] = []
        self.timers: dict[str, int] = {}
        self.playing: dict[str, StartTalk | StartStream] = {}
        if document is not None:
            self.send(Begin(document))

    def send(self, event: Event) -> list[Effect]:
        effects = self.interpreter.handle(self.now, event)
        if isinstance(event, PlaybackFinished):
            self.playing.pop(event.playback, None)
        for effect in effects:
            match effect:
                case SetTimer():
                    self.timers[effect.key] = effect.at
                case CancelTimer():
                    self.timers.pop(effect.key, None)
                case StartTalk() | StartStream():
                    self.playing[effect.playback] = effect
                case StopPlayback():
                    self.playing.pop(effect.playback, None)
        self.effects += effects
        return effects

    def wait(self, duration_s: float) -> list[Effect]:
        """Let time pass; timers fire at their instants."""
        end = self.now + seconds(duration_s)
        effects: list[Effect] = []
        while self.timers and min(self.timers.values()) <= end:
            key = min(self.timers, key=lambda one: (self.timers[one], one))
            self.now = max(self.now, self.timers.pop(key))
            effects += self.send(TimerFired(key))
        self.now = end
        return effects

    def all(self, kind: type[EffectT]) -> list[EffectT]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def last(self, kind: type[EffectT]) -> EffectT:
        return self.all(kind)[-1]

    @property
    def heard(self) -> list[str]:
        """Everything that has begun to play, in order: texts and URLs."""
        return [
            one.text if isinstance(one, StartTalk) else one.url
            for one in self.effects
            if isinstance(one, (StartTalk, StartStream))
        ]

    @property
    def over(self) -> str | None:
        """Why the leg was to be hung up."""
        reasons = [one.reason for one in self.all(HangUpLeg)]
        assert len(reasons) < 2, reasons
        return reasons[0] if reasons else None

    def is_finished(self) -> bool:
        return self.interpreter.finished

    def play_out(self, reason: str = "done") -> list[Effect]:
        """The one prompt that plays comes to its end."""
        (playback,) = self.playing
        return self.send(PlaybackFinished(playback, reason))

    def press(self, digits: str) -> list[Effect]:
        return [effect for digit in digits for effect in self.send(Digit(digit, 120))]

    def reply(self, document: Any = None) -> list[Effect]:
        """The application answers the last webhook."""
        return self.send(WebhookReplied(self.last(SendWebhook).token, document))

    def recorded(self, reason: str) -> list[Effect]:
        return self.send(RecordingFinished(self.last(StartRecording).recording, reason))

    @property
    def connect(self) -> str:
        return self.last(StartConnect).connect

    def fetched(self, token: str, document: Any, *, fallback: bool = False) -> list[Effect]:
        return self.send(NccoFetched(token, document, fallback))
