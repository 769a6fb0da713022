"""conversation: move the leg into a named conversation of the application, and keep it there.

The leg stays until it hangs up, the conversation is ended for all, or the program is replaced from outside.
Only a leg that cannot enter goes on with the next action. Who is in, who hears whom and when it begins is
known to `calls/rooms.py`; this module reads the options and holds the program up.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from offhook.ncco.actions.record import read_transcription
from offhook.ncco.addresses import hook, one_url, required
from offhook.ncco.contract import Action, Context
from offhook.ncco.effects import Effect, EnterConversation, StartRecording
from offhook.ncco.events import EntryRefused, Event
from offhook.ncco.fields import Fields, shown


@dataclass(slots=True, kw_only=True)
class Conversation(Action):
    kind: ClassVar[str] = "conversation"
    request: EnterConversation

    def start(self, now: int, ctx: Context) -> list[Effect]:
        self.request = replace(self.request, entry=ctx.ids.uuid())
        return [self.request]

    def on(self, now: int, event: Event) -> list[Effect]:
        if isinstance(event, EntryRefused) and event.entry == self.request.entry:
            self.done = True
        return []

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        stored = data["request"]
        recording = stored["recording"]
        request = EnterConversation(
            **{
                **stored,
                "can_hear": _legs_of(stored["can_hear"]),
                "can_speak": _legs_of(stored["can_speak"]),
                "recording": None if recording is None else StartRecording(**recording),
            }
        )
        return cls(**{**data, "request": request})


def _legs_of(stored: list[str] | None) -> tuple[str, ...] | None:
    return None if stored is None else tuple(stored)


def read(fields: Fields) -> Conversation:
    request = EnterConversation(
        entry="",
        name=_name(fields),
        start_on_enter=fields.flag("startOnEnter", default=True),
        end_on_exit=fields.flag("endOnExit"),
        music_url=one_url(fields, "musicOnHoldUrl", either=True),
        can_hear=_legs(fields, "canHear"),
        can_speak=_legs(fields, "canSpeak"),
        mute=fields.flag("mute"),
        recording=_recording(fields),
    )
    if request.mute and request.can_speak is not None:
        fields.error("mute", "cannot stand next to canSpeak; leave out one of them")
    if request.music_url is not None and request.start_on_enter:
        fields.warn(
            "musicOnHoldUrl",
            "is not heard: the conversation begins with this leg unless startOnEnter is false",
        )
    return Conversation(request=request)


def _name(fields: Fields) -> str:
    required(fields, "name", "the name that all its legs give")
    name = fields.string("name")
    if name is None:
        return ""
    if not name.strip():
        fields.error("name", "is empty; give the name that all its legs give")
    longest = fields.limits.conversation_name
    if len(name) > longest:
        fields.error("name", f"is {len(name)} characters long; a name may have {longest}")
    return name


def _legs(fields: Fields, name: str) -> tuple[str, ...] | None:
    """Leg ids as they stand; those of nobody are harmless. An empty array is nobody, absent is everybody."""
    path, value = fields.find(name)
    if value is None:
        return None
    if isinstance(value, str):
        fields.findings.warn(
            path, "should be an array with the leg's uuid in it; the bare string is accepted"
        )
        value = [value]
    if not isinstance(value, list):
        fields.findings.error(path, f"must be an array of leg uuids, not {shown(value)}")
        return None
    if len(value) > fields.limits.conversation_legs:
        fields.findings.error(path, f"has {len(value)} legs; at most {fields.limits.conversation_legs}")
        return None
    for n, item in enumerate(value):
        if not isinstance(item, str):
            fields.findings.error(f"{path}[{n}]", f"must be the uuid of a leg in quotes, not {shown(item)}")
    return tuple(item for item in value if isinstance(item, str))


def _recording(fields: Fields) -> StartRecording | None:
    """The recording of the whole conversation: one channel, until the last leg has left."""
    url, method = hook(fields)
    transcription = read_transcription(fields)
    if not fields.flag("record"):
        if transcription is not None:
            fields.warn("transcription", "is ignored: it needs record true")
        return None
    return StartRecording(
        recording="",
        format="mp3",
        split=False,
        channels=1,
        beep=False,
        end_on_silence_ms=None,
        end_on_key=None,
        timeout_ms=None,
        event_url=url,
        event_method=method,
        transcription=transcription,
    )
