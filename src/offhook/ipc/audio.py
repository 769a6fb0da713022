"""Messages of the audio worker: jobs from control, recorder blocks from media workers."""

from offhook.ipc.media import Message

# ── control → audio worker ──────────────────────────────────────────────────────────────────────


class Decode(Message):
    """Decode a fetched audio file to 8 kHz mono shared memory. Answered by `Decoded` or `DecodeFailed`."""

    job: str
    path: str
    max_seconds: float = 7200.0


class Finalise(Message):
    """Turn a recording's spool into a file. Answered by `Finalised` or `FinaliseFailed`."""

    recording: str
    format: str
    """`wav`, `mp3` or `ogg`."""
    path: str
    """Where the file goes; written beside it and renamed when complete."""


class DropPrompt(Message):
    """Nobody plays this prompt any more."""

    prompt: str


# ── audio worker → control ──────────────────────────────────────────────────────────────────────


class Decoded(Message):
    job: str
    prompt: str
    """Shared-memory name."""
    samples: int


class DecodeFailed(Message):
    job: str
    reason: str


class Finalised(Message):
    recording: str
    path: str
    size: int
    duration_ms: int


class FinaliseFailed(Message):
    recording: str
    reason: str


class SpoolRefused(Message):
    """The disk does not take what is being recorded: nothing more of it is kept. Said once."""

    recording: str
    reason: str


class SpoolFound(Message):
    """At start-up: a recording that nobody finalised."""

    recording: str
    duration_ms: int


# ── media worker → audio worker ─────────────────────────────────────────────────────────────────


class RecorderBlock(Message):
    """Up to one second of 8 kHz signed 16-bit little-endian PCM, channels interleaved.

    `sequence` counts from 0 within the recording; `last` closes it (its `pcm` may be empty).
    """

    recording: str
    sequence: int
    channels: int
    pcm: bytes
    last: bool = False


Command = Decode | Finalise | DropPrompt
Event = Decoded | DecodeFailed | Finalised | FinaliseFailed | SpoolFound | SpoolRefused
