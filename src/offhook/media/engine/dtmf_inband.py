"""Keys in the audio of legs whose far end has no telephone-event payload type (ITU-T Q.24).

Eight Goertzel bins for all such rows are one matrix product. A frame shows a key when the strongest low and
high tone hold a good part of its energy, neither much louder than the other, and both stand out in their
group; it is pure when they hold most of it. Two frames in a row, one of them pure, are a press: so are 40 ms
wherever they begin. A quiet frame ends it at once, a disturbed one only with a second.
"""

from typing import Final

import numpy as np

from offhook.audio.tables import RATE
from offhook.audio.tones import HIGH_GROUP, KEYPAD, LOW_GROUP
from offhook.media.engine.dtmf_in import DigitReceiver
from offhook.media.engine.types import FRAME, Flags, Floats, Longs

LEAST_POWER: Final = np.float32(32768.0**2 * 10**-3.6)
"""−36 dBov: quieter keys are not looked for."""
PURITY: Final = 0.75
"""Share of the frame's energy that the two tones hold in a pure frame."""
PARTIAL: Final = 0.4
"""The same in a frame that the key fills only in part, or that is disturbed."""
TWIST: Final = 6.5
"""8 dB either way as a power ratio."""
STANDOUT: Final = 6.0
"""A tone against the second strongest of its group, as a power ratio."""
FRAMES_ON: Final = 2
FRAMES_OFF: Final = 2
NO_KEY: Final = -1
_KEYS: Final = "".join(KEYPAD)


def _basis() -> Floats:
    n = np.arange(FRAME)[:, None]
    phase = 2 * np.pi / RATE * n * np.array(LOW_GROUP + HIGH_GROUP)
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1).astype(np.float32)


_BASIS: Final = _basis()


class ToneDetector:
    """Which key each row's audio shows, and for how long."""

    def __init__(self, capacity: int) -> None:
        self.key: Longs = np.full(capacity, NO_KEY, np.int64)
        self.frames: Longs = np.zeros(capacity, np.int64)
        self.off: Longs = np.zeros(capacity, np.int64)
        """Disturbed frames since it was last seen."""
        self.pure: Flags = np.zeros(capacity, np.bool_)
        """Whether one of its frames was pure."""
        self.at: Longs = np.zeros(capacity, np.int64)

    def wipe(self, row: int) -> None:
        self.key[row] = NO_KEY
        self.frames[row] = self.off[row] = self.at[row] = 0
        self.pure[row] = False

    def listen(self, audio: Floats, power: Floats, rows: Longs, keys: DigitReceiver, now: int) -> None:
        """Look at this tick's frames of `rows`; tell `keys` what begins and ends."""
        if rows.size == 0:
            return
        loud = power[rows] > LEAST_POWER
        shown = np.full(rows.size, NO_KEY, np.int64)
        pure = np.zeros(rows.size, np.bool_)
        if loud.any():
            chosen = rows[loud]
            shown[loud], pure[loud] = classify(audio[chosen], power[chosen])
        changing = np.flatnonzero((shown != NO_KEY) | (self.key[rows] != NO_KEY))
        for i in changing.tolist():
            row, key = int(rows[i]), int(shown[i])
            if key == self.key[row]:
                self._hold(row, bool(pure[i]), keys)
            elif key != NO_KEY or not loud[i] or self._disturbed(row):
                self._end(row, keys)
                self.key[row], self.frames[row], self.pure[row], self.at[row] = (
                    key,
                    int(key != NO_KEY),
                    pure[i],
                    now,
                )

    def _hold(self, row: int, pure: bool, keys: DigitReceiver) -> None:
        """The key is still there."""
        before = self._pressed(row)
        self.frames[row] += 1 + self.off[row]
        self.off[row] = 0
        self.pure[row] |= pure
        if not before and self._pressed(row):
            keys.tone(row, _KEYS[self.key[row]])

    def _disturbed(self, row: int) -> bool:
        """One more frame is loud without the key; whether that ends it."""
        self.off[row] += 1
        return bool(self.off[row] >= FRAMES_OFF) or not self._pressed(row)

    def _end(self, row: int, keys: DigitReceiver) -> None:
        if self.key[row] != NO_KEY and self._pressed(row):
            keys.tone_over(row, _KEYS[self.key[row]], int(self.frames[row]), int(self.at[row]))
        self.off[row] = 0

    def _pressed(self, row: int) -> bool:
        return bool(self.frames[row] >= FRAMES_ON and self.pure[row])


def classify(audio: Floats, power: Floats) -> tuple[Longs, Flags]:
    """[n, 160] frames to key numbers (row × 4 + column of the keypad; −1: none), and which frames are pure.

    `power[n]` is the mean square of each frame.
    """
    bins = audio @ _BASIS
    tones = (bins[:, :8] ** 2 + bins[:, 8:] ** 2) * np.float32(2 / FRAME**2)
    low, high = tones[:, :4], tones[:, 4:]
    row, column = low.argmax(axis=1), high.argmax(axis=1)
    low_sorted, high_sorted = np.sort(low, axis=1), np.sort(high, axis=1)
    strongest_low, strongest_high = low_sorted[:, 3], high_sorted[:, 3]
    both = strongest_low + strongest_high
    good = both > PARTIAL * power
    good &= (strongest_low < TWIST * strongest_high) & (strongest_high < TWIST * strongest_low)
    good &= (strongest_low > STANDOUT * low_sorted[:, 2]) & (strongest_high > STANDOUT * high_sorted[:, 2])
    pure: Flags = both > PURITY * power
    return np.where(good, row * 4 + column, NO_KEY), pure & good
