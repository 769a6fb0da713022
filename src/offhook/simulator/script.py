"""What a virtual phone does once a call is up, as data, and the one-line form people type.

    wait-speech; wait-silence; press 1; say "hello" en-GB; hangup

Steps run in order; a script that ends leaves the call up until the other side ends it. Words may be quoted;
`;` and new lines separate steps. docs/specs/simulator.md lists every step.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from offhook.core.errors import Invalid

DEFAULT_PATIENCE = 30.0
KEYS = "0123456789*#ABCDabcd"


@dataclass(frozen=True, slots=True)
class WaitSpeech:
    """Until the far end has begun to speak; a problem in the report after `seconds`."""

    seconds: float = DEFAULT_PATIENCE


@dataclass(frozen=True, slots=True)
class WaitSilence:
    """Until the far end has been quiet for `quiet` seconds."""

    quiet: float = 0.7
    seconds: float = DEFAULT_PATIENCE


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class WaitHangUp:
    seconds: float = 3_600.0


@dataclass(frozen=True, slots=True)
class Press:
    """Keys, as telephone events (RFC 4733) or as tones in the audio. `p` pauses for 500 ms."""

    keys: str
    in_band: bool = False
    tone_ms: int = 100
    gap_ms: int = 80


@dataclass(frozen=True, slots=True)
class Speak:
    """Words through the phone's text-to-speech engine."""

    text: str
    language: str = "en-US"


@dataclass(frozen=True, slots=True)
class PlayFile:
    """A WAV file: 16-bit PCM, any rate, first channel."""

    path: str


@dataclass(frozen=True, slots=True)
class Tone:
    """A marker that the far end can recognise."""

    hertz: float
    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Record:
    """Write everything heard from here on to a WAV file when the call ends."""

    path: str


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Step = WaitSpeech | WaitSilence | Wait | WaitHangUp | Press | Speak | PlayFile | Tone | Record | HangUp
Script = tuple[Step, ...]


def parse(text: str) -> Script:
    """The steps of a script. Raises Invalid, naming the step."""
    steps: list[Step] = []
    for number, words in enumerate(_split(text), 1):
        verb, *rest = words
        maker = _STEPS.get(verb.lower())
        if maker is None:
            raise Invalid("script", f"step {number}: {verb!r} is not known; use one of {', '.join(_STEPS)}")
        try:
            steps.append(maker(rest))
        except (ValueError, IndexError) as error:
            usage = _USAGE[verb.lower()]
            raise Invalid("script", f"step {number}: {error}; write `{usage}`") from error
    return tuple(steps)


def _split(text: str) -> list[list[str]]:
    """Words by step; quotes protect spaces and separators."""
    steps: list[list[str]] = [[]]
    lexer = shlex.shlex(text.replace("\r", "").replace("\n", ";"), posix=True, punctuation_chars=";")
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        for word in lexer:
            if set(word) == {";"}:
                steps.append([])
            else:
                steps[-1].append(word)
    except ValueError as error:
        raise Invalid("script", "a quotation mark is never closed") from error
    return [step for step in steps if step]


def _at_most(words: list[str], most: int) -> list[str]:
    if len(words) > most:
        raise ValueError(f"{words[most]!r} is one word too many")
    return words


def _first(words: list[str], what: str, most: int = 1) -> str:
    if not _at_most(words, most):
        raise ValueError(f"{what} is missing")
    return words[0]


def _seconds(words: list[str], default: float | None = None, place: int = 0) -> float:
    if len(words) <= place:
        if default is None:
            raise ValueError("the number of seconds is missing")
        return default
    value = _number(words[place].removesuffix("s"))
    if not 0 <= value <= 86_400:
        raise ValueError(f"{words[place]!r} is not between 0 and 86400 seconds")
    return value


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a number") from None


def _press(words: list[str]) -> Step:
    in_band = bool(words) and words[0] == "in-band"
    keys = "".join(words[1:] if in_band else words)
    if not keys or any(key not in KEYS + "p" for key in keys):
        raise ValueError(f"{keys!r} is not a row of keys (0-9, *, #, A-D, p for a pause)")
    return Press(keys, in_band)


def _tone(words: list[str]) -> Step:
    hertz = _number(_first(words, "the frequency", 2))
    if not 100 <= hertz <= 3_800:
        raise ValueError(f"{hertz:g} Hz does not fit a telephone call (100 to 3800)")
    return Tone(hertz, _seconds(words, 1.0, 1))


def _say(words: list[str]) -> Step:
    text = _first(words, "the text in quotation marks", 2)
    return Speak(text, words[1]) if len(words) > 1 else Speak(text)


def _hangup(words: list[str]) -> Step:
    _at_most(words, 0)
    return HangUp()


_STEPS: dict[str, Callable[[list[str]], Step]] = {
    "wait-speech": lambda words: WaitSpeech(_seconds(_at_most(words, 1), DEFAULT_PATIENCE)),
    "wait-silence": lambda words: WaitSilence(_seconds(_at_most(words, 1), 0.7)),
    "wait": lambda words: Wait(_seconds(_at_most(words, 1))),
    "wait-hangup": lambda words: WaitHangUp(_seconds(_at_most(words, 1), 3_600.0)),
    "press": _press,
    "say": _say,
    "play": lambda words: PlayFile(_first(words, "the WAV file")),
    "tone": _tone,
    "record": lambda words: Record(_first(words, "the WAV file")),
    "hangup": _hangup,
}
_USAGE = {
    "wait-speech": "wait-speech [SECONDS]",
    "wait-silence": "wait-silence [QUIET-SECONDS]",
    "wait": "wait SECONDS",
    "wait-hangup": "wait-hangup [SECONDS]",
    "press": "press [in-band] KEYS",
    "say": 'say "TEXT" [LANGUAGE]',
    "play": "play FILE.wav",
    "tone": "tone HERTZ [SECONDS]",
    "record": "record FILE.wav",
    "hangup": "hangup",
}
