"""Whatever happens, in whatever order: no exception, nothing left running, and storage changes nothing."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.ncco.strategies import DOCUMENTS, next_event

from offhook.core.clock import NS_PER_SECOND
from offhook.core.ids import SeededIds
from offhook.ncco.effects import (
    CancelTimer,
    Effect,
    HangUpLeg,
    SetTimer,
    StartConnect,
    StartRecording,
    StartStream,
    StartTalk,
    StopConnect,
    StopPlayback,
    StopRecording,
)
from offhook.ncco.events import (
    Begin,
    ConnectFinished,
    Event,
    LegGone,
    PlaybackFinished,
    RecordingFinished,
    TimerFired,
)
from offhook.ncco.interpreter import Interpreter

STEP = NS_PER_SECOND // 2


class Outside:
    """What the effects have left running in the world."""

    def __init__(self) -> None:
        self.running: set[str] = set()
        self.hang_ups = 0

    def told(self, event: Event) -> None:
        match event:
            case PlaybackFinished():
                self.running.discard(event.playback)
            case RecordingFinished():
                self.running.discard(event.recording)
            case ConnectFinished():
                self.running.discard(event.connect)
            case TimerFired():
                self.running.discard(event.key)

    def asked(self, effect: Effect) -> None:
        match effect:
            case StartTalk() | StartStream():
                self.running.add(effect.playback)
            case StartRecording():
                self.running.add(effect.recording)
            case StartConnect():
                self.running.add(effect.connect)
            case SetTimer():
                self.running.add(effect.key)
            case CancelTimer():
                self.running.discard(effect.key)
            case StopPlayback():
                self.running.discard(effect.playback)
            case StopConnect():
                self.running.discard(effect.connect)
            case StopRecording():
                self.running.discard(effect.recording)
            case HangUpLeg():
                self.hang_ups += 1


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_random_events(data: st.DataObject) -> None:
    kept = Interpreter(SeededIds(5))
    ids = SeededIds(5)
    stored = Interpreter(ids)
    outside = Outside()
    effects: list[Effect] = []
    now = 0
    asked: set[str] = set()
    event: Event = Begin(data.draw(DOCUMENTS))
    for _ in range(data.draw(st.integers(1, 25))):
        now += data.draw(st.integers(0, 4)) * STEP
        answers = kept.handle(now, event)
        outside.told(event)
        for effect in answers:
            outside.asked(effect)
        assert stored.handle(now, event) == answers
        stored = Interpreter.load(ids, json.loads(json.dumps(stored.dump())))
        effects += answers
        asked.update(effect.recording for effect in answers if isinstance(effect, StartRecording))
        event = data.draw(next_event(effects))
    for effect in kept.handle(now, LegGone()):
        outside.asked(effect)
    assert outside.running == set()
    assert outside.hang_ups <= 1
    for recording in sorted(asked):
        assert kept.handle(now, RecordingFinished(recording, "stopped")) == []
    assert kept.finished


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_nothing_plays_once_the_hang_up_is_asked_for(data: st.DataObject) -> None:
    """Only recordings go on between the end of the program and the end of the leg."""
    interpreter = Interpreter(SeededIds(5))
    outside = Outside()
    effects: list[Effect] = []
    event: Event = Begin(data.draw(DOCUMENTS))
    for step in range(30):
        outside.told(event)
        answers = interpreter.handle(step * 4 * NS_PER_SECOND, event)
        for effect in answers:
            outside.asked(effect)
        effects += answers
        if outside.hang_ups:
            break
        event = data.draw(next_event(effects))
    if outside.hang_ups:
        recordings = {effect.recording for effect in effects if isinstance(effect, StartRecording)}
        assert outside.running <= recordings
