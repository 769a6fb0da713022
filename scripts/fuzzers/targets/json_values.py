"""JSON values that resemble documents: samples with parts exchanged, dropped, doubled or made absurd."""

import copy
from collections.abc import Sequence
from random import Random
from typing import Any

SCALARS: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.0, 1e308, 10**40, float("inf"), float("nan"), 2**63, 3, 120, 7200,
    "", " ", "0", "1", "-1", "3", "1e9", "true", "FALSE", "null", "٣", "\0", "\ud800", "a" * 1600, "<speak>",
    "<speak>a</speak>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "dtmf", "speech", "phone", "sip", "websocket", "#",
    "**", "en-US", "xx-XX", "https://a.example/x", "http://[", "https://a.example:99999/", "file:///etc/passwd",
    "sip:a@b.example", "sip:", "sips:a@[::1]:5061;transport=tls", "14155550100", "+44 20", "synchronous",
    "conversation", "mp3", "\r\nX: y", [], {}, [[]], [None], ["dtmf", "speech"],
)  # fmt: skip
NAMES = (
    "action", "text", "bargeIn", "loop", "level", "language", "style", "premium", "voiceName", "streamUrl",
    "type", "mode", "dtmf", "speech", "eventUrl", "event_url", "eventMethod", "timeOut", "timeout",
    "maxDigits", "submitOnHash", "endpoint", "from", "randomFromNumber", "limit", "eventType",
    "ringbackTone", "format", "split", "channels", "endOnSilence", "endOnKey", "beepStart", "transcription",
    "payload", "advancedMachineDetection", "machineDetection", "number", "uri", "user", "domain", "headers",
    "standardHeaders", "User-to-User", "onAnswer", "url", "ringback", "dtmfAnswer", "shaken", "X\r\nY", "",
)  # fmt: skip
ACTIONS = ("talk", "stream", "input", "record", "connect", "notify", "wait", "conversation", "pay", "tlak")
DEEPEST = 40


class JsonValues:
    """`samples` are whole documents."""

    def __init__(self, samples: Sequence[Any]) -> None:
        self._samples = samples

    def document(self, random: Random) -> Any:
        """A document, mostly with some sense left."""
        if random.random() < 0.05:
            return self.value(random, 3)
        made = copy.deepcopy(random.choice(self._samples))
        if isinstance(made, list) and random.random() < 0.5:
            other = random.choice(self._samples)
            made += copy.deepcopy(other) if isinstance(other, list) else [self.action(random)]
        for _ in range(random.choice((0, 1, 1, 2, 4))):
            made = self._change(random, made)
        return made

    def action(self, random: Random) -> dict[str, Any]:
        options = {random.choice(NAMES): self.value(random, 2) for _ in range(random.randrange(7))}
        return {**options, "action": random.choice(ACTIONS)}

    def value(self, random: Random, depth: int) -> Any:
        way = random.random()
        if depth <= 0 or way < 0.6:
            return copy.deepcopy(random.choice(SCALARS))
        if way < 0.62:
            return self._deep(random)
        if way < 0.8:
            return [self.value(random, depth - 1) for _ in range(random.randrange(4))]
        return {random.choice(NAMES): self.value(random, depth - 1) for _ in range(random.randrange(4))}

    def _deep(self, random: Random) -> Any:
        made: Any = 1
        for _ in range(random.randrange(DEEPEST)):
            made = [made] if random.random() < 0.5 else {"a": made}
        return made

    def _change(self, random: Random, made: Any) -> Any:
        """Walk to some place and change it."""
        if isinstance(made, list) and made and random.random() < 0.8:
            place = random.randrange(len(made))
            if random.random() < 0.15:
                made.append(copy.deepcopy(made[place]))
            else:
                made[place] = self._change(random, made[place])
            return made
        if isinstance(made, dict) and made:
            name = random.choice(sorted(made))
            way = random.random()
            if way < 0.2:
                del made[name]
            elif way < 0.5:
                made[random.choice(NAMES)] = self.value(random, 2)
            else:
                made[name] = self._change(random, made[name])
            return made
        return self.action(random) if random.random() < 0.2 else self.value(random, 2)
