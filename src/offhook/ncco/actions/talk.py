"""talk: speak a text, plain or SSML, to the conversation."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.ncco import voices
from offhook.ncco.actions.prompt import Prompt, read_level, read_loop
from offhook.ncco.effects import Barge, StartTalk
from offhook.ncco.fields import Fields
from offhook.ncco.spoken import spoken_length

MOST_STYLES = 1000


@dataclass(slots=True, kw_only=True)
class Talk(Prompt):
    """`language` is canonical where it is known; whether it can be spoken shows when it is."""

    kind: ClassVar[str] = "talk"
    text: str
    language: str = voices.DEFAULT_LANGUAGE
    style: int = 0
    premium: bool = False

    def play(self, barge: Barge) -> StartTalk:
        return StartTalk(
            self.playback, self.text, self.language, self.style, self.premium, self.loop, self.level, barge
        )


def read(fields: Fields) -> Talk:
    language, style = _voice(fields)
    _note_providers(fields)
    return Talk(
        text=_text(fields),
        language=language,
        style=style,
        premium=fields.flag("premium"),
        loop=read_loop(fields),
        level=read_level(fields),
        barge_in=fields.flag("bargeIn"),
    )


def _text(fields: Fields) -> str:
    if not fields.has("text"):
        fields.error("text", "is missing; give the words to speak")
    text = fields.string("text") or ""
    limits = fields.limits
    if isinstance(fields.find("text")[1], str) and not text.strip():
        fields.error("text", "is empty; give the words to speak")
    if len(text) > limits.text:
        fields.error("text", f"has {len(text)} characters; {limits.text} are accepted, tags included")
    elif (length := spoken_length(text)) > limits.spoken:
        fields.error("text", f"has {length} characters to speak; split it into talks of {limits.spoken}")
    return text


def _voice(fields: Fields) -> tuple[str, int]:
    language = fields.string("language")
    style = fields.integer("style", low=0, high=MOST_STYLES)
    name = fields.string("voiceName")
    if name is not None:
        _note_name(fields, name, language)
    if language is not None and not voices.is_known_language(language):
        fields.warn("language", f"{language[:40]} is not a known language; it may fail when it is spoken")
    resolved = voices.resolve(language, style, name)
    if style and (language is not None or name is None) and resolved[1] != style:
        fields.warn("style", f"{resolved[0]} has no style {style}; style 0 is used")
    return resolved


def _note_name(fields: Fields, name: str, language: str | None) -> None:
    if language is not None:
        fields.warn("voiceName", "is not used because language is given")
    elif voices.legacy_voice(name) is None:
        fields.warn("voiceName", "is not a known voice; the default voice is used")
    else:
        spoken, style = voices.resolve(None, None, name)
        fields.warn("voiceName", f"is deprecated; write language {spoken} and style {style}")


def _note_providers(fields: Fields) -> None:
    for name in ("provider", "providerOptions"):
        if fields.has(name):
            fields.warn(name, "is ignored: the speech engine is chosen by the server's settings")
