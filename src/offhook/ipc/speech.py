"""Messages between control and a speech worker."""

from offhook.ipc.media import Message


class Synthesise(Message):
    """Speak `text`, plain or SSML (root `<speak>`). Answered by `Synthesised` or `SynthesisFailed`."""

    job: str
    text: str
    language: str
    style: int = 0


class CancelJob(Message):
    job: str


class Synthesised(Message):
    job: str
    prompt: str
    """Shared-memory name, 8 kHz signed 16 bit mono."""
    samples: int


class SynthesisFailed(Message):
    job: str
    reason: str
    retryable: bool


Command = Synthesise | CancelJob
Event = Synthesised | SynthesisFailed
