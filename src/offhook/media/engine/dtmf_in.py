"""Keys that legs press, told in packets (RFC 4733 §2.5.2): one report a press, whatever is lost or repeated.

A press is known by its timestamp. It ends with a packet that says so, with a newer press, or when nothing
more is heard of it. A press longer than its 16-bit duration comes in segments (§2.5.1.3) and is one press.
In-band keys end up here too, so that everything that waits for a key asks one place.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from offhook.media.engine.types import FRAME_MS, DigitHeard, Longs
from offhook.rtp.sequence import timestamp_step
from offhook.rtp.telephone_event import MAX_DURATION, TelephoneEvent

SILENT_TICKS: Final = 8
"""160 ms without a packet end a press: three updates at the slowest usual rate of 50 ms."""
UNITS_PER_MS: Final = 8
NO_PRESS: Final = -1


@dataclass(slots=True)
class Press:
    """One key that is down."""

    digit: str
    timestamp: int
    at: int
    heard: int
    """The tick of the last packet."""
    duration: int = 0
    """Timestamp units in the present segment."""
    before: int = 0
    """Units in the segments before."""


class DigitReceiver:
    """Presses of all rows. `pressed` and `finished` are this tick's news."""

    def __init__(self, capacity: int) -> None:
        self.done: Longs = np.full(capacity, NO_PRESS, np.int64)
        """The timestamp of the last press that was reported; its repeats are dropped unseen."""
        self.pressed: list[tuple[int, str]] = []
        self.finished: list[DigitHeard] = []
        self._down: dict[int, Press] = {}

    def wipe(self, row: int) -> None:
        self.done[row] = NO_PRESS
        self._down.pop(row, None)

    def packet(
        self, row: int, timestamp: int, marker: bool, event: TelephoneEvent, tick: int, now: int
    ) -> None:
        """Take one event packet that is not a repeat of a reported press."""
        digit = event.digit
        if digit is None:
            return
        press = self._down.get(row)
        if press is not None and press.timestamp != timestamp:
            if timestamp_step(timestamp, press.timestamp) < 0:
                return
            if _continues(press, digit, timestamp, marker):
                press.before += press.duration
                press.timestamp, press.duration = timestamp, 0
            else:
                self._end(row, press)
                press = None
        elif press is None and self._reported_later(row, timestamp):
            return
        if press is None:
            press = self._down[row] = Press(digit, timestamp, now, tick)
            self.pressed.append((row, digit))
        press.heard = tick
        press.duration = max(press.duration, event.duration)
        if event.end:
            self._end(row, press)

    def tone(self, row: int, digit: str) -> None:
        """A key was recognised in the audio."""
        self.pressed.append((row, digit))

    def tone_over(self, row: int, digit: str, frames: int, at: int) -> None:
        self.finished.append(DigitHeard(row, digit, frames * FRAME_MS, at))

    def infer_ends(self, tick: int) -> None:
        """End the presses of which nothing more is heard."""
        if self._down:
            silent = [r for r, press in self._down.items() if tick - press.heard >= SILENT_TICKS]
            for row in silent:
                self._end(row, self._down[row])

    def take(self) -> tuple[list[tuple[int, str]], list[DigitHeard]]:
        """This tick's news: (row, key) of presses that began, and presses that ended."""
        news = self.pressed, self.finished
        self.pressed, self.finished = [], []
        return news

    def _reported_later(self, row: int, timestamp: int) -> bool:
        done = int(self.done[row])
        return done != NO_PRESS and timestamp_step(timestamp, done) <= 0

    def _end(self, row: int, press: Press) -> None:
        self._down.pop(row, None)
        self.done[row] = press.timestamp
        milliseconds = (press.before + press.duration) // UNITS_PER_MS
        self.finished.append(DigitHeard(row, press.digit, milliseconds, press.at))


def _continues(press: Press, digit: str, timestamp: int, marker: bool) -> bool:
    """Whether a packet opens the next segment of a long press."""
    full = press.duration >= MAX_DURATION - 8 * FRAME_MS * UNITS_PER_MS
    return (
        digit == press.digit and not marker and full and timestamp_step(timestamp, press.timestamp) <= 0x10000
    )
