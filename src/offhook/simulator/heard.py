"""What a phone hears, as it is heard: one frame every 20 ms from the moment media begins.

A frame that did not arrive in time is silence in the audio and a mark in `missing`, so a recording is as
long as the call was and its gaps can be seen. Steps that wait for speech or silence watch it grow.
"""

import asyncio
import contextlib
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from offhook.audio.levels import dbov
from offhook.audio.tables import FRAME, Pcm

SPEECH_DBOV = -45.0
SPEECH_FRAMES = 3
"""Of the last five that must be loud before it counts as speech: a click does not."""


class Heard:
    """A growing recording."""

    def __init__(self) -> None:
        self._frames: list[Pcm] = []
        self._loud: list[bool] = []
        self._missing: list[bool] = []
        self._quiet_for = 0
        self._watchers: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    def add(self, frame: Pcm | None) -> None:
        """The next 20 ms, None when nothing came in time."""
        self._missing.append(frame is None)
        self._frames.append(np.zeros(FRAME, np.int16) if frame is None else frame)
        loud = frame is not None and dbov(frame) > SPEECH_DBOV
        self._loud.append(loud)
        self._quiet_for = 0 if loud else self._quiet_for + 1
        for watcher in [watcher for watcher in self._watchers if watcher[0]()]:
            self._watchers.remove(watcher)
            if not watcher[1].done():
                watcher[1].set_result(None)

    @property
    def pcm(self) -> Pcm:
        """Everything so far."""
        return np.concatenate(self._frames) if self._frames else np.zeros(0, np.int16)

    @property
    def milliseconds(self) -> int:
        return 20 * len(self._frames)

    @property
    def speaking(self) -> bool:
        """The far end is speaking now."""
        return sum(self._loud[-5:]) >= SPEECH_FRAMES

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """Where frames were missing between frames that came: (start ms, duration ms)."""
        return _inner_runs(self._missing)

    async def wait_speech(self, seconds: float) -> bool:
        """Until the far end speaks; False when it did not within `seconds`."""
        return await self._until(lambda: self.speaking, seconds)

    async def wait_silence(self, quiet: float, seconds: float) -> bool:
        """Until the last `quiet` seconds were silent; False when that did not happen within `seconds`."""
        frames = max(1, round(quiet * 50))
        return await self._until(lambda: self._quiet_for >= frames, seconds)

    async def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        if condition():
            return True
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        watcher = (condition, reached)
        self._watchers.append(watcher)
        try:
            async with asyncio.timeout(seconds):
                await reached
        except TimeoutError:
            return False
        finally:
            with contextlib.suppress(ValueError):
                self._watchers.remove(watcher)
        return True


def _inner_runs(missing: list[bool]) -> list[tuple[int, int]]:
    """Runs of missing frames, without those before the first and after the last frame that came."""
    came = [place for place, gone in enumerate(missing) if not gone]
    runs = pairwise(came)
    return [(20 * (before + 1), 20 * (after - before - 1)) for before, after in runs if after - before > 1]
