"""NCCO documents and what may happen to them: the reader refuses in its own way, the interpreter never.

A case is a document and a list of steps. A step answers one of the effects of this case, or brings something
from outside; what is then still running when the leg is over is a finding.
"""

import json
import time
from pathlib import Path
from random import Random
from typing import Any

from offhook.core.clock import NS_PER_SECOND
from offhook.core.errors import NccoError
from offhook.core.ids import SeededIds
from offhook.ncco import effects as asked
from offhook.ncco import events as told
from offhook.ncco.document import check as check_document
from offhook.ncco.document import parse
from offhook.ncco.interpreter import Interpreter

from .case import pack, unpack
from .contract import SLOWEST_SECONDS, TargetOptions, require
from .json_values import JsonValues

VECTORS = Path(__file__).resolve().parents[3] / "tests" / "vectors" / "ncco"
KEYS = "0123456789*#AB"
ENDS = ("done", "digit", "speech", "stopped", "failed", "closed")
LONGEST = 20


class NccoTarget:
    """Documents from the vectors and from nowhere."""

    def __init__(self) -> None:
        paths = sorted(VECTORS.glob("*/*.json"))
        documents = [json.loads(path.read_bytes()) for path in paths]
        self._values = JsonValues(
            [item.get("ncco", item) if isinstance(item, dict) else item for item in documents]
        )

    def next(self, random: Random) -> bytes:
        steps = [
            [random.randrange(10), random.randrange(64), self._maybe(random)]
            for _ in range(random.randrange(LONGEST))
        ]
        return pack({"document": self._values.document(random), "steps": steps})

    def check(self, data: bytes) -> None:
        began, case = time.perf_counter(), unpack(data)
        document = case["document"]
        try:
            parse(document)
            valid = True
        except NccoError:
            valid = False
        findings = check_document(document)
        errors = any(finding.severity == "error" for finding in findings)
        require(valid != errors, "parse and check agree on whether a document is valid")
        _Leg().run(document, case["steps"])
        require(time.perf_counter() - began < SLOWEST_SECONDS, f"a case takes under {SLOWEST_SECONDS} s")

    def failing(self, data: bytes) -> bytes:
        return data

    def _maybe(self, random: Random) -> Any:
        return self._values.document(random) if random.random() < 0.3 else None


class _Leg:
    """One interpreter, a second one that is stored and loaded at every step, and what they left running."""

    def __init__(self) -> None:
        self._kept = Interpreter(SeededIds(5))
        self._ids = SeededIds(5)
        self._stored = Interpreter(self._ids)
        self._effects: list[Any] = []
        self._running: set[str] = set()
        self._hang_ups = 0
        self._now = 0

    def run(self, document: Any, steps: list[list[Any]]) -> None:
        self._give(told.Begin(document))
        for kind, number, other in steps:
            self._now += number % 5 * NS_PER_SECOND // 2
            self._give(self._event(kind, number, other))
        self._give(told.LegGone())
        require(not self._running, f"nothing runs when the leg is over: {sorted(self._running)}")
        require(self._hang_ups <= 1, "a leg is hung up once")

    def _give(self, event: Any) -> None:
        for name in ("playback", "recording", "connect", "key"):
            self._running.discard(getattr(event, name, ""))
        answers = self._kept.handle(self._now, event)
        again = self._stored.handle(self._now, event)
        require(answers == again, "an interpreter that was stored and loaded says the same")
        self._stored = Interpreter.load(self._ids, json.loads(json.dumps(self._stored.dump())))
        for effect in answers:
            self._note(effect)
        self._effects += answers

    def _note(self, effect: Any) -> None:
        match effect:
            case asked.StartTalk() | asked.StartStream():
                self._running.add(effect.playback)
            case asked.StartRecording():
                self._running.add(effect.recording)
            case asked.StartConnect():
                self._running.add(effect.connect)
            case asked.SetTimer():
                self._running.add(effect.key)
            case asked.StopPlayback():
                self._running.discard(effect.playback)
            case asked.StopRecording():
                self._running.discard(effect.recording)
            case asked.StopConnect():
                self._running.discard(effect.connect)
            case asked.CancelTimer():
                self._running.discard(effect.key)
            case asked.HangUpLeg():
                self._hang_ups += 1

    def _event(self, kind: int, number: int, other: Any) -> Any:
        if kind == 0:
            return told.Digit(KEYS[number % len(KEYS)])
        if kind == 1:
            return told.Transfer(other, "https://a.example/x" if number % 2 else None)
        if kind == 2 and number % 8 == 0:
            return told.LegGone()
        for effect in (self._effects[-1 - number % 6 :] or [None])[:1]:
            event = self._answer(effect, number, other)
            if event is not None:
                return event
        return told.Digit("#")

    def _answer(self, effect: Any, number: int, other: Any) -> Any:
        end = ENDS[number % len(ENDS)]
        match effect:
            case asked.StartTalk() | asked.StartStream():
                return told.PlaybackFinished(effect.playback, end)
            case asked.StartRecording():
                return told.RecordingFinished(effect.recording, end)
            case asked.StartConnect():
                return told.ConnectFinished(effect.connect, bool(number % 2), "busy", other)
            case asked.SendWebhook():
                return told.WebhookReplied(effect.token, other)
            case asked.FetchNcco():
                if number % 3 == 0:
                    return told.FetchFailed(effect.token, "closed")
                return told.NccoFetched(effect.token, other, bool(number % 2))
            case asked.SetTimer():
                return told.TimerFired(effect.key)
            case _:
                return None


def make(options: TargetOptions) -> NccoTarget:
    return NccoTarget()
