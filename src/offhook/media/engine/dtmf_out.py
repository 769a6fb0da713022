"""Keys that we press: RFC 4733 packets in place of audio, or tones in the audio when the peer has no events.

An event's packets all carry the timestamp of its first one; the first is marked, durations grow by one packet
time, the last is sent three times (RFC 4733 §2.5.1). Audio stops meanwhile and begins again with the gap.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from offhook.audio.tones import KEYPAD, dtmf
from offhook.core.errors import LocalStateError
from offhook.media.engine.legs import Legs
from offhook.media.engine.send import Sender
from offhook.media.engine.types import FRAME, FRAME_MS, NO_EVENTS, DigitsSent, Floats
from offhook.rtp.telephone_event import MAX_DURATION, TelephoneEvent, event_code

END_PACKETS: Final = 3
VOLUME: Final = 10
"""−10 dBm0, what most gateways say."""
PAUSE: Final = "p"
PAUSE_TICKS: Final = 25
SHORTEST_TICKS: Final = 2
"""40 ms, the least a receiver must recognise (Q.24)."""
LONGEST_TICKS: Final = MAX_DURATION // FRAME
_ALLOWED: Final = frozenset("".join(KEYPAD) + PAUSE)


@dataclass(slots=True)
class Sequence:
    """A string of keys on its way out of one row."""

    ident: int
    waiting: deque[str]
    tone: int
    gap: int
    key: str = ""
    step: int = 0
    """Ticks since the present key began."""
    timestamp: int = 0


@dataclass(slots=True)
class DigitSender:
    """The key strings of all rows; those of one row go one after another."""

    _queues: dict[int, deque[Sequence]] = field(default_factory=dict)

    def send(self, row: int, ident: int, digits: str, tone_ms: int, gap_ms: int) -> None:
        """Queue a string. `LocalStateError` when it holds anything but `0-9*#A-D` and `p`."""
        keys = [PAUSE if digit == PAUSE else digit.upper() for digit in digits]
        wrong = next((digit for digit in keys if digit not in _ALLOWED), None)
        if wrong is not None:
            raise LocalStateError(f"{wrong!r} is not a key; send 0-9, *, #, A-D and p for a pause.")
        tone = min(max(-(-tone_ms // FRAME_MS), SHORTEST_TICKS), LONGEST_TICKS)
        gap = max(-(-gap_ms // FRAME_MS), END_PACKETS)
        self._queues.setdefault(row, deque()).append(Sequence(ident, deque(keys), tone, gap))

    def wipe(self, row: int) -> None:
        self._queues.pop(row, None)

    def tones(self, legs: Legs, heard: Floats) -> None:
        """Put tones in place of the audio of rows whose peer has no events; call before encoding."""
        for row, queue in self._queues.items():
            sequence = queue[0]
            if legs.event_type[row] == NO_EVENTS and _begin(sequence) and sequence.key != PAUSE:
                if sequence.step < sequence.tone:
                    heard[row] = dtmf(sequence.key, FRAME_MS, first=sequence.step * FRAME)
                else:
                    heard[row] = 0

    def packets(self, legs: Legs, sender: Sender) -> list[DigitsSent]:
        """Put event packets in place of audio packets, and move every string on by a tick."""
        over: list[DigitsSent] = []
        for row in list(self._queues):
            queue = self._queues[row]
            sequence = queue[0]
            running = _begin(sequence)
            if running and sequence.step == 0:
                sequence.timestamp = int(sender.timestamp[row])
            if running and sequence.key != PAUSE and legs.event_type[row] != NO_EVENTS and legs.tx[row]:
                _event(sequence, row, legs, sender)
            if running:
                _advance(sequence)
            if not sequence.key and not sequence.waiting:
                over.append(DigitsSent(sequence.ident))
                queue.popleft()
                if not queue:
                    del self._queues[row]
        return over


def _begin(sequence: Sequence) -> bool:
    """Take the next key if none is down; False when the string is over."""
    if not sequence.key and sequence.waiting:
        sequence.key, sequence.step = sequence.waiting.popleft(), 0
    return bool(sequence.key)


def _advance(sequence: Sequence) -> None:
    sequence.step += 1
    length = PAUSE_TICKS if sequence.key == PAUSE else sequence.tone + sequence.gap
    if sequence.step >= length:
        sequence.key = ""


def _event(sequence: Sequence, row: int, legs: Legs, sender: Sender) -> None:
    if sequence.step >= sequence.tone + END_PACKETS - 1:
        return
    packets = min(sequence.step + 1, sequence.tone)
    end = sequence.step >= sequence.tone - 1
    event = TelephoneEvent(event_code(sequence.key), end, VOLUME, packets * FRAME)
    payload_type = int(legs.event_type[row])
    sender.event(row, payload_type, sequence.timestamp, event.serialise(), marker=sequence.step == 0)
