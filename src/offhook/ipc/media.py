"""Messages between control and a media worker. Ids are chosen by control; commands are idempotent by id.

Audio inside the platform is 8 000 Hz, 16 bit, mono; instants are monotonic nanoseconds of the host.
A *target* is `leg:<id>` or `conversation:<id>`.
"""

from msgspec import Struct


class Message(Struct, tag=True, omit_defaults=True):
    """Base of every message: the class name travels as the tag."""


# ── control → worker ────────────────────────────────────────────────────────────────────────────


class OpenLeg(Message):
    """Take the warm `port` and start a leg on it. `remote` None: latch to whoever sends first."""

    leg: str
    port: int
    codec: str
    """`PCMU` or `PCMA`."""
    payload_type: int
    event_payload_type: int | None
    """The telephone-event payload type (RFC 4733), None when the peer has none."""
    remote: tuple[str, int] | None
    ssrc: int
    send: bool = True
    receive: bool = True


class UpdateLeg(Message):
    """Apply a new offer/answer to a leg. Fields left None stay as they are."""

    leg: str
    codec: str | None = None
    payload_type: int | None = None
    event_payload_type: int | None = None
    remote: tuple[str, int] | None = None
    send: bool | None = None
    receive: bool | None = None


class CloseLeg(Message):
    """End a leg; its playbacks and recordings finish with reason `closed`; a last `LegStats` follows."""

    leg: str


class Join(Message):
    """Put a leg or a link into a conversation (and take it out of the one it was in)."""

    leg: str
    conversation: str


class Leave(Message):
    leg: str


class SetAudio(Message):
    """`muted`: others do not hear the leg. `earmuffed`: the leg does not hear others."""

    leg: str
    muted: bool
    earmuffed: bool


class SetHearing(Message):
    """The rows of its conversation that a leg or a link does not hear, by leg or link id; replaces what was
    said before. Ids that are not there, or not yet, are remembered.
    """

    leg: str
    deaf_to: list[str]


class OpenTap(Message):
    """A link whose far end hears one leg and nothing else, and that says nothing to anybody here."""

    link: str
    leg: str
    local: str
    remote: str


class OpenLink(Message):
    """Join this worker's part of a conversation to another worker's over a Unix datagram pair."""

    link: str
    conversation: str
    local: str
    """The address this end binds; the file lives in `<data>/run`."""
    remote: str
    stands_for: str | None = None
    """It speaks for this leg of the other worker, and its far end hears nothing."""


class CloseLink(Message):
    link: str


class Play(Message):
    """Play a prompt of shared memory to a target. `loop` 0 is for ever; `gain` is a linear factor."""

    playback: str
    target: str
    prompt: str
    """The shared-memory name (see `ipc/shm.py`), 8 kHz signed 16 bit."""
    samples: int
    loop: int = 1
    gain: float = 1.0
    stop_on_digit: str | None = None
    """A leg id: a key from it ends the prompt at once."""
    stop_on_speech: str | None = None
    """A leg id: speech from it ends the prompt at once."""


class StopPlay(Message):
    playback: str


class SendDigits(Message):
    """Send `0-9*#` as RFC 4733 events (in-band tones when the peer has no event payload type).

    `p` is a pause of 500 ms.
    """

    sequence: str
    leg: str
    digits: str
    tone_ms: int = 160
    gap_ms: int = 80


class StartRecord(Message):
    """Record a target. Blocks go to the audio worker under the same id.

    `layout`: `mixed` (one channel), `split` (left: what `owner` says; right: what `owner` hears) or
    `channels` (one leg per channel in joining order, the rest in the last).
    The first of the conditions that is met ends it; times start when the recording starts (after the beep).
    """

    recording: str
    target: str
    layout: str = "mixed"
    channels: int = 1
    owner: str | None = None
    """The leg whose key, silence and voice matter."""
    beep: bool = False
    end_on_silence_ms: int | None = None
    end_on_key: str | None = None
    timeout_ms: int | None = None


class MoveRecord(Message):
    """Record another target from now on, without a gap; layout, limits and owner stay as they are."""

    recording: str
    target: str


class StopRecord(Message):
    recording: str


class AskStats(Message):
    leg: str


# ── worker → control ────────────────────────────────────────────────────────────────────────────


class WarmPorts(Message):
    """RTP ports whose sockets are open and waiting, beyond those announced before.

    Those that wait when control connects are in the snapshot, as kind `port`.
    """

    ports: list[int]


class LegOpened(Message):
    leg: str


class LegRefused(Message):
    leg: str
    reason: str


class MediaStarted(Message):
    """The first valid packet of a leg arrived."""

    leg: str
    remote: tuple[str, int]


class MediaIdle(Message):
    """Nothing has arrived for `seconds` on a leg that should receive."""

    leg: str
    seconds: float


class PlaybackFinished(Message):
    """`reason`: `done`, `digit`, `speech`, `stopped`, `closed` or `failed` (the prompt could not be
    played).
    """

    playback: str
    reason: str
    played_ms: int


class DigitReceived(Message):
    """A key press ended (or its end was inferred), reported once. `at` is when it began."""

    leg: str
    digit: str
    duration_ms: int
    at: int


class DigitsSent(Message):
    sequence: str


class RecordFinished(Message):
    """Every block is on its way to the audio worker, which waits for the last one before it finalises.

    `reason`: `silence`, `key`, `timeout`, `stopped`, `closed` or `failed` (it could not be started).
    """

    recording: str
    reason: str
    duration_ms: int


class LegStats(Message):
    """Since the leg was opened. Counters are packets; `jitter_ms` is RFC 3550 §6.4.1 in milliseconds."""

    leg: str
    received: int
    lost: int
    late: int
    duplicate: int
    concealed: int
    sent: int
    jitter_ms: float
    delay_ms: float
    """The jitter buffer's present depth."""
    level_in: float
    """Mean level received while talking, dBov; −127 when nothing was heard."""


class Load(Message):
    """How the worker keeps its pace, over the seconds since the last one. Durations are microseconds."""

    legs: int
    capacity: int
    ticks: int
    skipped: int
    """20 ms steps that were left out because the process did not get the processor."""
    late_p50: int
    """How long after its instant a tick began."""
    late_p99: int
    late_max: int
    busy_p50: int
    """How long a tick took, receiving and sending included."""
    busy_p99: int
    blocks_lost: int
    """Recorder blocks dropped because the audio worker did not take them, since the start."""


Command = (
    OpenLeg
    | UpdateLeg
    | CloseLeg
    | Join
    | Leave
    | SetAudio
    | SetHearing
    | OpenLink
    | OpenTap
    | CloseLink
    | Play
    | StopPlay
    | SendDigits
    | StartRecord
    | MoveRecord
    | StopRecord
    | AskStats
)
Event = (
    WarmPorts
    | LegOpened
    | LegRefused
    | MediaStarted
    | MediaIdle
    | PlaybackFinished
    | DigitReceived
    | DigitsSent
    | RecordFinished
    | LegStats
    | Load
)
