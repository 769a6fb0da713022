"""Level and voice of every row: mean square of each frame against an adaptive noise floor.

Telephone voice detection for prompts and recordings, not for speech recognition: a frame is voice when it is
9 dB above the floor and above −50 dBov; 60 ms of it are an onset, 200 ms without it an end.
"""

from typing import Final

import numpy as np

from offhook.media.engine.types import Doubles, Flags, Floats, Longs, Octets

FULL_SCALE: Final = 32768.0**2
LEAST: Final = np.float32(FULL_SCALE * 1e-5)
"""−50 dBov: nothing below it is voice."""
HIGHEST_FLOOR: Final = np.float32(FULL_SCALE * 10**-3.5)
"""−35 dBov: a steady tone louder than −26 dBov never becomes "noise"."""
LOWEST_FLOOR: Final = np.float32(1.0)
ABOVE: Final = np.float32(8.0)
RISE: Final = np.float32(1.0046)
"""A frame: the floor climbs 1 dB a second."""
FALL: Final = np.float32(0.3)
ONSET: Final = 3
HANGOVER: Final = 10


class Activity:
    """Power, noise floor and voice of all rows."""

    def __init__(self, capacity: int) -> None:
        self.power: Floats = np.zeros(capacity, np.float32)
        self.noise: Floats = np.full(capacity, LEAST / 8, np.float32)
        self.run: Octets = np.zeros(capacity, np.uint8)
        self.hang: Octets = np.zeros(capacity, np.uint8)
        self.voice: Flags = np.zeros(capacity, np.bool_)
        """Somebody is talking, hang-over included."""
        self.onset: Flags = np.zeros(capacity, np.bool_)
        """Talking began in this tick."""
        self.last_voice: Longs = np.full(capacity, -1, np.int64)
        """The last tick with voice in it, hang-over not included."""
        self.voice_power: Doubles = np.zeros(capacity, np.float64)
        self.voice_frames: Longs = np.zeros(capacity, np.int64)

    def wipe(self, row: int) -> None:
        self.power[row] = 0
        self.noise[row] = LEAST / 8
        self.run[row] = self.hang[row] = 0
        self.voice[row] = self.onset[row] = False
        self.last_voice[row] = -1
        self.voice_power[row] = 0
        self.voice_frames[row] = 0

    def measure(self, audio: Floats, real: Flags, tick: int) -> None:
        """Take this tick's audio of rows `[:len(audio)]`; what is not `real` was made up and is no voice."""
        n = len(audio)
        power, noise, voice = self.power[:n], self.noise[:n], self.voice[:n]
        np.einsum("ij,ij->i", audio, audio, out=power)
        power /= np.float32(audio.shape[1])
        loud = (power > np.maximum(noise * ABOVE, LEAST)) & real
        falling = noise + (power - noise) * FALL
        moved = np.where(power < noise, falling, noise * RISE)
        np.minimum(np.maximum(moved, LOWEST_FLOOR), HIGHEST_FLOOR, out=noise, where=real)
        run = self.run[:n]
        np.minimum((run + 1) * loud, ONSET, out=run)
        sure = loud & ((run >= ONSET) | voice)
        hang = self.hang[:n]
        np.subtract(hang, hang > 0, out=hang)
        hang[sure] = HANGOVER
        talking = hang > 0
        np.greater(talking, voice, out=self.onset[:n])
        voice[:] = talking
        self.last_voice[:n][sure] = tick
        self.voice_power[:n] += power * sure
        self.voice_frames[:n] += sure
