"""Keys in the audio of legs whose far end has no telephone-event payload type (ITU-T Q.24).

Eight Goertzel bins for all such rows are one matrix product. A frame shows a key when the strongest low and
high tone hold most of its energy, neither much louder than the other, and both stand out in their group.
Two such frames are a press, two without are its end.
"""

from typing import Final

import numpy as np

from offhook.audio.tables import RATE
from offhook.audio.tones import HIGH_GROUP, KEYPAD, LOW_GROUP
from offhook.media.engine.dtmf_in import DigitReceiver
from offhook.media.engine.types import FRAME, Floats, Longs

LEAST_POWER: Final = np.float32(32768.0**2 * 10**-3.6)
"""−36 dBov: quieter keys are not looked for."""
PURITY: Final = 0.75
"""Share of the frame's energy that the two tones hold."""
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
        self.at: Longs = np.zeros(capacity, np.int64)

    def wipe(self, row: int) -> None:
        self.key[row] = NO_KEY
        self.frames[row] = self.off[row] = self.at[row] = 0

    def listen(self, audio: Floats, power: Floats, rows: Longs, keys: DigitReceiver, now: int) -> None:
        """Look at this tick's frames of `rows`; tell `keys` what begins and ends."""
        if rows.size == 0:
            return
        loud = rows[power[rows] > LEAST_POWER]
        shown = np.full(rows.size, NO_KEY, np.int64)
        if loud.size:
            shown[power[rows] > LEAST_POWER] = classify(audio[loud], power[loud])
        changing = (shown != NO_KEY) | (self.key[rows] != NO_KEY)
        if changing.any():
            for row, key in zip(rows[changing].tolist(), shown[changing].tolist(), strict=True):
                self._follow(row, key, keys, now)

    def _follow(self, row: int, key: int, keys: DigitReceiver, now: int) -> None:
        current = int(self.key[row])
        if key == current:
            self.frames[row] += 1 + self.off[row]
            self.off[row] = 0
            if self.frames[row] == FRAMES_ON:
                keys.tone(row, _KEYS[key])
            return
        self.off[row] += 1
        pressed = self.frames[row] >= FRAMES_ON
        if current != NO_KEY and pressed and self.off[row] < FRAMES_OFF and key == NO_KEY:
            return
        if current != NO_KEY and pressed:
            keys.tone_over(row, _KEYS[current], int(self.frames[row]), int(self.at[row]))
        self.key[row], self.frames[row], self.off[row], self.at[row] = key, int(key != NO_KEY), 0, now


def classify(audio: Floats, power: Floats) -> Longs:
    """[n, 160] frames to key numbers (row × 4 + column of the keypad), −1 where there is none.

    `power[n]` is the mean square of each frame.
    """
    bins = audio @ _BASIS
    tones = (bins[:, :8] ** 2 + bins[:, 8:] ** 2) * np.float32(2 / FRAME**2)
    low, high = tones[:, :4], tones[:, 4:]
    row, column = low.argmax(axis=1), high.argmax(axis=1)
    low_sorted, high_sorted = np.sort(low, axis=1), np.sort(high, axis=1)
    strongest_low, strongest_high = low_sorted[:, 3], high_sorted[:, 3]
    good = strongest_low + strongest_high > PURITY * power
    good &= (strongest_low < TWIST * strongest_high) & (strongest_high < TWIST * strongest_low)
    good &= (strongest_low > STANDOUT * low_sorted[:, 2]) & (strongest_high > STANDOUT * high_sorted[:, 2])
    return np.where(good, row * 4 + column, NO_KEY)
