"""record: record the conversation, in the background or until a condition ends it.

`endOnSilence`, `endOnKey` or `timeOut` make it hold the program up (of `timeOut` alone a setting decides);
without any it goes on under the later actions until its conversation is over.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from offhook.ncco.activities.recording import Recording
from offhook.ncco.activities.spent_key import LATEST, SpentKey
from offhook.ncco.addresses import hook
from offhook.ncco.contract import Action, Activity, Context
from offhook.ncco.effects import Effect, Json, StartRecording
from offhook.ncco.events import Digit, Event
from offhook.ncco.fields import Fields, shown
from offhook.ncco.input_result import KEYS
from offhook.ncco.settings import Settings

FORMATS = ("mp3", "wav", "ogg")
MOST_CHANNELS = 32
MOST_COMPRESSED_CHANNELS = 2
SILENCE_S = (3, 10)
TIMEOUT_S = (3, 7200)


@dataclass(slots=True, kw_only=True)
class Record(Action):
    kind: ClassVar[str] = "record"
    recording: Recording
    key_told: bool = False
    """The key that ends the recording has been reported, so that no report of it is still to come."""
    ended: int = 0

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.done = not self.is_synchronous(ctx.settings)
        return self.recording.start(now, ctx)

    def is_synchronous(self, settings: Settings) -> bool:
        request = self.recording.request
        if request.end_on_silence_ms is not None or request.end_on_key is not None:
            return True
        return request.timeout_ms is not None and settings.record_waits_for_timeout

    def on(self, now: int, event: Event) -> list[Effect]:
        key = self.recording.request.end_on_key
        self.key_told = self.key_told or (isinstance(event, Digit) and event.digit == key)
        effects = self.recording.on(now, event)
        self.done = self.recording.done
        self.ended = now
        return effects

    def stop(self, now: int, reason: str) -> list[Effect]:
        self.done = True
        return self.recording.stop(now, reason)

    def leave(self) -> list[Activity]:
        if not self.recording.done:
            return [self.recording]
        key = self.recording.request.end_on_key
        if self.recording.reason == "key" and key is not None and not self.key_told:
            return [SpentKey(digit=key, until=self.ended + LATEST)]
        return []

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        return cls(**{**data, "recording": Recording.load(data["recording"])})


def read(fields: Fields) -> Record:
    channels = _channels(fields)
    url, method = hook(fields)
    request = StartRecording(
        recording="",
        format=_format(fields, channels),
        split=channels > 1,
        channels=channels,
        beep=fields.flag("beepStart"),
        end_on_silence_ms=_milliseconds(fields, "endOnSilence", *SILENCE_S),
        end_on_key=_key(fields),
        timeout_ms=_milliseconds(fields, "timeOut", *TIMEOUT_S),
        event_url=url,
        event_method=method,
        transcription=read_transcription(fields),
    )
    return Record(recording=Recording(request=request))


def _channels(fields: Fields) -> int:
    split = fields.choice("split", options=("conversation",))
    channels = fields.integer("channels", low=1, high=MOST_CHANNELS)
    if channels is None:
        return 1 if split is None else 2
    return channels


def _format(fields: Fields, channels: int) -> str:
    wanted = fields.choice("format", options=FORMATS)
    if channels <= MOST_COMPRESSED_CHANNELS:
        return wanted or "mp3"
    if wanted not in (None, "wav"):
        fields.warn("format", f"{wanted} holds at most {MOST_COMPRESSED_CHANNELS} channels; wav is used")
    return "wav"


def _milliseconds(fields: Fields, name: str, low: int, high: int) -> int | None:
    value = fields.number(name, low=low, high=high)
    return None if value is None else round(value * 1000)


def _key(fields: Fields) -> str | None:
    path, value = fields.find("endOnKey")
    if value is None:
        return None
    key = str(value) if isinstance(value, int) and value in range(10) and value is not True else value
    if isinstance(key, str) and key in KEYS:
        return key
    fields.findings.error(path, f"must be one of the keys 0 to 9, * and #, not {shown(value)}")
    return None


def read_transcription(fields: Fields) -> dict[str, Json] | None:
    """The transcription that is wanted, in snake_case; {} in the document asks for the defaults."""
    options = fields.child("transcription")
    if options is None:
        return None
    url, method = hook(options)
    wanted = {
        "language": options.string("language") or "en-US",
        "event_url": url,
        "event_method": method,
        "sentiment_analysis": options.flag("sentimentAnalysis"),
    }
    options.note_unknown()
    return wanted
