"""The prompts that the platform played in a call, sample by sample: from its journal and its shared memory.

The journal says which prompt was played to whom and when; the samples are still in shared memory while the
platform keeps them in its cache. That is what the audio received is compared with.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from offhook.audio.tables import Pcm
from offhook.core import journal_reader
from offhook.core.errors import MediaError
from offhook.core.tasks import outside
from offhook.ipc.shm import SharedPrompts
from offhook.ipc.shm_names import prefix_of


@dataclass(frozen=True, slots=True)
class Played:
    """One prompt of a call."""

    wall: int
    """When it was told to play, UTC microseconds."""
    name: str
    pcm: Pcm


class PlayedPrompts:
    """Reads what was played on a leg of the instance in `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._journal = data_dir / "journal"
        self._prompts = SharedPrompts(prefix_of(data_dir))
        self._known: dict[str, Pcm] = {}

    async def number(self, leg: str, count: int, seconds: float = 30.0) -> Played:
        """The `count`-th prompt of a leg (1 is the first), waiting for it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                found = await outside(self.of, leg)
                if len(found) >= count:
                    return found[count - 1]
                await asyncio.sleep(0.1)

    def of(self, leg: str) -> list[Played]:
        """Every prompt so far. Raises `MediaError` for one that is gone."""
        played = []
        for dated in journal_reader.read(self._journal, leg):
            data = dated.line.data
            if dated.line.kind == "media.command" and isinstance(data, dict) and data.get("type") == "Play":
                played.append(Played(dated.wall, data["prompt"], self._samples(data)))
        return played

    def _samples(self, data: dict[str, object]) -> Pcm:
        name, samples = str(data["prompt"]), int(str(data["samples"]))
        if name not in self._known:
            try:
                self._known[name] = np.array(self._prompts.open(name, samples))
            except MediaError:
                self._known[name] = np.zeros(0, np.int16)
        return self._known[name]
