"""What every speech engine offers: text to speech, as a plug-in.

Engines get *segments*, never SSML: markup is read once, in `speech.ssml`, so that every engine speaks it the
same way. An engine declares how many jobs it can do at once; where that is 1, whoever drives it queues. A
language that an engine cannot serve is refused with a SpeechError that names the code, never guessed.
PCM is 16-bit signed little-endian mono; the rate belongs to the voice. This module holds shapes only.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Say:
    """Words to speak."""

    text: str
    phonemes: str | None = None
    """IPA that replaces the sound of `text`, for engines that can."""
    language: str | None = None
    """A BCP 47 code when it differs from the voice's own language."""
    rate: float = 1.0
    """Factor on the speed; 2 is twice as fast."""
    pitch: float = 1.0
    """Factor on the fundamental frequency."""
    gain: float = 0.0
    """dB; `SILENT` for inaudible speech that still takes its time."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A pause of `milliseconds`."""

    milliseconds: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A named place between two segments."""

    name: str


Segment = Say | Silence | Mark
SILENT = -100.0
"""A gain below which nothing is left in 16 bits."""


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of an engine: what the outside calls it and what the engine does."""

    language: str
    """The code as the API spells it, e.g. `en-GB`."""
    style: int
    gender: str
    """`female` or `male`."""
    name: str
    """The engine's own name for it."""
    rate: int
    """Native sample rate, Hz."""
    pitch: float = 1.0


@dataclass(frozen=True, slots=True)
class Audio:
    """A piece of speech at the voice's rate."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Marked:
    """`Mark(name)` lies here: all audio before it has been given."""

    name: str


Spoken = Audio | Marked


class TTS(Protocol):
    """A text-to-speech engine."""

    name: str
    jobs: int
    """How many syntheses may run at once; 1 means the engine is not safe to share."""

    def voices(self) -> Sequence[Voice]:
        """Every voice, one per language and style."""
        ...

    def voice(self, language: str, style: int) -> Voice:
        """The voice for a language code (any case); raises SpeechError where there is none."""
        ...

    def synthesise(self, segments: Sequence[Segment], voice: Voice) -> AsyncGenerator[Spoken, None]:
        """Speak `segments` in order. Raises SpeechError, `retryable` when the engine broke."""
        ...

    async def close(self) -> None:
        """End the engine's processes."""
        ...


def plain(text: str) -> list[Segment]:
    """`text` as one segment, without reading markup."""
    return [Say(text)]
