"""What happens to a running NCCO: the inputs of the interpreter."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Begin:
    """The leg is ready. With `document` None the answer webhook is asked for; else it is run at once."""

    document: Any = None


@dataclass(frozen=True, slots=True)
class NccoFetched:
    """A web application answered a `FetchNcco` with a decoded JSON value.

    `fallback` tells that the fallback answer URL gave it, so that it is not asked a second time.
    """

    token: str
    document: Any
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """Neither the webhook nor its fallback gave an NCCO."""

    token: str
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookReplied:
    """The application accepted a webhook. `document` is the decoded JSON reply, None when it was empty."""

    token: str
    document: Any


@dataclass(frozen=True, slots=True)
class WebhookFailed:
    token: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """`reason` is `done`, `digit`, `speech`, `stopped` or `failed`."""

    playback: str
    reason: str


@dataclass(frozen=True, slots=True)
class Digit:
    """A key was pressed on the leg that owns the program."""

    digit: str
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class RecordingFinished:
    """`reason` is `silence`, `key`, `timeout`, `stopped`, `hangup` or `failed`."""

    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class ConnectFinished:
    """The connected leg is over, or never came about.

    `status` is the leg's last status before `completed` (`busy`, `timeout`, `rejected`, …). `ncco` is the
    reply to a synchronous failure event, None when there was none.
    """

    connect: str
    answered: bool
    status: str
    ncco: Any = None


@dataclass(frozen=True, slots=True)
class EntryRefused:
    """The leg could not enter a named conversation; the application has been told why."""

    entry: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    key: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Replace the program from outside: either a document or a URL to fetch."""

    document: Any = None
    url: str | None = None
    method: str | None = None


@dataclass(frozen=True, slots=True)
class LegGone:
    """The leg that owns the program is over; everything stops, background activities finish."""


Event = (
    Begin
    | NccoFetched
    | FetchFailed
    | WebhookReplied
    | WebhookFailed
    | PlaybackFinished
    | Digit
    | RecordingFinished
    | ConnectFinished
    | EntryRefused
    | TimerFired
    | Transfer
    | LegGone
)
