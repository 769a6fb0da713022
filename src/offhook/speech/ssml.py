"""SSML to engine-neutral segments.

Engines disagree about markup (espeak-ng reads `<break time="0.5s"/>` as no pause and ignores `<phoneme>`),
so it is read here and nowhere else. Tags and values: docs/specs/speech.md. Unknown tags are passed over and
their text is spoken; markup that is not well formed, and a value that cannot be read, is a SpeechError that
names the line and column. Document type declarations are refused, so no entity can be defined.
"""

from dataclasses import dataclass, field, replace
from xml.parsers import expat

from offhook.core.errors import SpeechError
from offhook.speech import ssml_values as values
from offhook.speech.base import Mark, Say, Segment, Silence, plain
from offhook.speech.phonemes import from_x_sampa
from offhook.speech.say_as import normalise

MAX_DEPTH = 64
SENTENCE_PAUSE_MS = 250
PARAGRAPH_PAUSE_MS = 600
EXPLETIVE_MS = 400


def is_ssml(text: str) -> bool:
    """Whether `text` is markup: its root is `<speak>`."""
    start = text.lstrip()
    if start.startswith("<?xml"):
        start = start.partition("?>")[2].lstrip()
    if start.startswith("<!DOCTYPE"):
        return True  # markup, though `parse` refuses it
    return start.startswith("<speak") and start[6:7] in (">", "/", " ", "\t", "\r", "\n")


def parse(text: str, language: str) -> list[Segment]:
    """The segments of `text`, plain or SSML, spoken by a voice of `language`."""
    if not is_ssml(text):
        return plain(" ".join(text.split())) if text.strip() else []
    return _Reader(language).read(text.strip())


@dataclass(frozen=True, slots=True)
class _Style:
    """What the open tags ask for."""

    tag: str = ""
    say: Say = field(default_factory=lambda: Say(""))
    interpret_as: str = ""
    date_format: str = ""
    alias: str | None = None
    """Spoken instead of the text inside."""


class _Reader:
    """One document, read once."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._segments: list[Segment] = []
        self._stack = [_Style()]
        self._text = ""
        self._spaced = False
        self._parser = expat.ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, text: str) -> list[Segment]:
        try:
            # The parser is told UTF-8, so an encoding that the document names is not applied again.
            self._parser.Parse(text.encode("utf-8", "replace"), True)
        except expat.ExpatError as error:
            problem = expat.errors.messages.get(error.code, "not well formed")
            raise self._error(problem, error.lineno, error.offset + 1) from error
        return self._segments

    def _error(self, problem: str, line: int | None = None, column: int | None = None) -> SpeechError:
        line = line or self._parser.CurrentLineNumber
        column = column or self._parser.CurrentColumnNumber + 1
        return SpeechError(f"the SSML is wrong at line {line}, column {column}: {problem}")

    def _doctype(self, *_: object) -> None:
        raise self._error("a document type declaration is not allowed; remove <!DOCTYPE …>")

    # ── tags ────────────────────────────────────────────────────────────────────────────────────

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._flush()
        if len(self._stack) > MAX_DEPTH:
            raise self._error(f"tags are nested more than {MAX_DEPTH} deep")
        try:
            self._stack.append(self._opened(tag, attributes))
        except ValueError as error:
            raise self._error(str(error)) from error

    def _opened(self, tag: str, attributes: dict[str, str]) -> _Style:
        style = replace(self._stack[-1], tag=tag)
        match tag:
            case "break":
                self._pause(values.break_ms(attributes))
            case "mark":
                self._segments.append(Mark(attributes.get("name", "")))
            case "prosody":
                style = replace(style, say=values.prosody(style.say, attributes))
            case "emphasis":
                style = replace(style, say=values.emphasis(style.say, attributes))
            case "lang" | "voice" | "s" | "p" | "speak":
                style = replace(style, say=_language(style.say, attributes))
            case "phoneme":
                style = replace(style, say=_phoneme(style.say, attributes))
            case "sub":
                style = replace(style, alias=_required(attributes, "alias", tag))
            case "say-as":
                kind = _required(attributes, "interpret-as", tag)
                style = replace(style, interpret_as=kind, date_format=attributes.get("format", ""))
        return style

    def _end(self, tag: str) -> None:
        self._flush()
        self._stack.pop()
        if tag == "s":
            self._pause(SENTENCE_PAUSE_MS)
        elif tag == "p":
            self._pause(PARAGRAPH_PAUSE_MS)

    def _characters(self, data: str) -> None:
        self._text += data

    # ── segments ────────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        style, raw, text = self._stack[-1], self._text, " ".join(self._text.split())
        spaced = self._spaced or raw[:1].isspace()
        self._spaced = raw[-1:].isspace() if text else spaced
        self._text = ""
        if style.alias is not None:
            text = style.alias if text else ""
        if not text:
            return
        if style.interpret_as == "expletive":
            self._pause(EXPLETIVE_MS)
            return
        language = style.say.language or self._language
        spoken = normalise(text, style.interpret_as, style.date_format, language)
        self._append(replace(style.say, text=spoken), " " if spaced else "")

    def _append(self, say: Say, space: str) -> None:
        last = self._segments[-1] if self._segments else None
        # A tag that changed nothing must not break a sentence in two (the melody would end twice), and
        # punctuation left alone would be read out by its name.
        same = isinstance(last, Say) and say.phonemes is None and replace(last, text=say.text) == say
        alone = not any(character.isalnum() for character in say.text)
        if isinstance(last, Say) and (same or alone):
            self._segments[-1] = replace(last, text=f"{last.text}{space}{say.text}")
        elif not alone or say.phonemes is not None:
            self._segments.append(say)

    def _pause(self, milliseconds: int) -> None:
        last = self._segments[-1] if self._segments else None
        if milliseconds <= 0:
            return
        if isinstance(last, Silence):
            self._segments[-1] = Silence(last.milliseconds + milliseconds)
        else:
            self._segments.append(Silence(milliseconds))


def _required(attributes: dict[str, str], name: str, tag: str) -> str:
    if name not in attributes:
        raise ValueError(f"<{tag}> needs the attribute {name}")
    return attributes[name]


def _language(say: Say, attributes: dict[str, str]) -> Say:
    code = attributes.get("xml:lang")
    return replace(say, language=code) if code else say


def _phoneme(say: Say, attributes: dict[str, str]) -> Say:
    sounds = _required(attributes, "ph", "phoneme")
    alphabet = attributes.get("alphabet", "ipa")
    if alphabet not in ("ipa", "x-sampa"):
        raise ValueError(f"alphabet {alphabet!r} is not known; use ipa or x-sampa")
    return replace(say, phonemes=from_x_sampa(sounds) if alphabet == "x-sampa" else sounds)
