"""What a running NCCO asks of the world. Each carries the id under which the answer comes back.

The interpreter and its actions are pure: they return these values and never call anything. `calls/perform`
has one module per family below.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class FetchNcco:
    """Get an NCCO from a web application: `url` None means the application's answer webhook.

    Answered by `NccoFetched` or `FetchFailed` with the same one-shot `token`. With `fallback` the address
    has answered, but not with an NCCO that can run: ask the fallback answer URL only, and give it `reason`;
    `url` is still the address that was asked first. Without a fallback answer URL that is a `FetchFailed`.
    """

    token: str
    url: str | None = None
    method: str | None = None
    fallback: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """Tell the application about something that an action produced.

    `url` None means the leg's event URL. With `expects_ncco` the reply is answered by `WebhookReplied` or
    `WebhookFailed` with the same one-shot `token`; without it nothing comes back.
    """

    token: str
    kind: str
    """`input`, `notify`: names the payload builder in `webhooks/payloads.py`."""
    data: dict[str, Json]
    url: str | None = None
    method: str | None = None
    expects_ncco: bool = False


@dataclass(frozen=True, slots=True)
class Barge:
    """What interrupts a prompt."""

    digits: bool = False
    speech: bool = False


@dataclass(frozen=True, slots=True)
class StartTalk:
    """Speak `text` to the conversation. Answered by `PlaybackFinished`."""

    playback: str
    text: str
    language: str
    style: int
    premium: bool
    loop: int
    """Plays; 0 is for ever."""
    level: float
    """−1 … 1, 0 unchanged."""
    barge: Barge


@dataclass(frozen=True, slots=True)
class StartStream:
    """Play the audio file at `url` to the conversation. Answered by `PlaybackFinished`."""

    playback: str
    url: str
    loop: int
    level: float
    barge: Barge


@dataclass(frozen=True, slots=True)
class StopPlayback:
    """Stop a prompt. `PlaybackFinished(reason="stopped")` follows."""

    playback: str


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the conversation. Answered by `RecordingFinished` after the `record` webhook was handed on."""

    recording: str
    format: str
    """`mp3`, `wav` or `ogg`."""
    split: bool
    channels: int
    beep: bool
    end_on_silence_ms: int | None
    end_on_key: str | None
    timeout_ms: int | None
    event_url: str | None
    event_method: str | None
    transcription: dict[str, Json] | None


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End a recording now. `RecordingFinished(reason="stopped")` follows."""

    recording: str


@dataclass(frozen=True, slots=True)
class PhoneEndpoint:
    number: str
    dtmf_answer: str | None = None
    on_answer_url: str | None = None
    ringback_url: str | None = None
    shaken: str | None = None


@dataclass(frozen=True, slots=True)
class SipEndpoint:
    uri: str | None
    user: str | None = None
    domain: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """Names without the `X-` prefix, as the application wrote them."""
    user_to_user: str | None = None
    on_answer_url: str | None = None
    ringback_url: str | None = None


Endpoint = PhoneEndpoint | SipEndpoint


@dataclass(frozen=True, slots=True)
class StartConnect:
    """Add a leg to the conversation. Answered by `ConnectFinished`."""

    connect: str
    endpoint: Endpoint
    from_number: str | None
    random_from: bool
    timeout_s: int
    limit_s: int
    synchronous: bool
    """`eventType: synchronous`: the reply to a failure event may be an NCCO."""
    event_url: str | None
    event_method: str | None
    ringback_url: str | None
    machine_detection: str | None = None
    advanced_machine_detection: dict[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class StopConnect:
    """Give up a connect that has not been answered, or hang up the leg it added."""

    connect: str


@dataclass(frozen=True, slots=True)
class EnterConversation:
    """Move the leg into the application's conversation of this name, made when there is none.

    Answered by `EntryRefused` when that cannot be; otherwise nothing comes back: the leg stays until the call
    is over, or until whoever replaces the program moves it out.
    """

    entry: str
    name: str
    start_on_enter: bool
    """The conversation begins with this leg; else it waits for one with which it begins."""
    end_on_exit: bool
    """Everybody is hung up when this leg leaves."""
    music_url: str | None
    """What the leg hears while it waits."""
    can_hear: tuple[str, ...] | None
    """Of the legs that are in already, those it hears; None is all."""
    can_speak: tuple[str, ...] | None
    """Of the legs that are in already, those that hear it; None is all."""
    mute: bool
    recording: StartRecording | None
    """How the conversation is to be recorded, None when this leg does not ask for it."""


@dataclass(frozen=True, slots=True)
class ListenKeys:
    """From now on every key of the leg is one webhook, whose reply is not looked at. Nothing comes back.

    A later listener takes the place of an earlier one; the last ends with the leg.
    """

    url: str | None
    """None means the leg's event URL."""
    method: str | None
    legacy: bool
    """The older shape of the result."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Answered by `TimerFired(key)` at the monotonic instant `at` (ns). Setting a key again moves it."""

    key: str
    at: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    key: str


@dataclass(frozen=True, slots=True)
class ReportError:
    """Send the `error` webhook with this reason."""

    reason: str
    details: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """The program is over: end the leg."""

    reason: str


Effect = (
    FetchNcco
    | SendWebhook
    | StartTalk
    | StartStream
    | StopPlayback
    | StartRecording
    | StopRecording
    | StartConnect
    | StopConnect
    | ListenKeys
    | EnterConversation
    | SetTimer
    | CancelTimer
    | ReportError
    | HangUpLeg
)
