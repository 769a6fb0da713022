"""The journal: one line for everything that went into or came out of a machine, keyed by leg.

A line is (node, seq, t, leg, conversation, kind, data). Lines about a conversation as a whole have no leg and
are found under the conversation's id. A call is drawn, explained and replayed from its lines. The journal
may lose what was written in the last turn of the loop and is never what a crash is recovered from.

This module has the line, what is cleaned out of it and the in-memory journal; `journal_file` keeps lines on
disk. Secrets and credentials never reach a line; `hide_digits` also hides the keys pressed on one leg.
"""

import base64
import json
import math
from dataclasses import dataclass
from typing import Any, Protocol

from offhook.core.redact import MASK, Masks, hides, redact, redact_text, speaks

Json = Any
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False).encode


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `t` is the machine's `now` in nanoseconds; `seq` counts within a node."""

    node: int
    seq: int
    t: int
    leg: str | None
    conversation: str | None
    kind: str
    data: Json

    @property
    def key(self) -> str:
        """What the line is found under: its leg, else its conversation, else nothing."""
        return self.leg or self.conversation or ""


class Journal(Protocol):
    """Where machines' inputs and outputs are written down."""

    def write(self, t: int, leg: str | None, conversation: str | None, kind: str, data: Json) -> None:
        """Add a line. Never raises for what `data` holds and never waits for the disk."""
        ...

    def hide_digits(self, leg: str) -> None:
        """From now on mask the keys in lines of `leg` (a setting of its application)."""
        ...

    def leg_over(self, leg: str) -> None:
        """Nothing more will be written for `leg`."""
        ...

    def read(self, key: str) -> list[Line]:
        """The lines of a leg id, or those of a conversation id that belong to no leg, in order."""
        ...


class Scrubber:
    """Makes values fit for a line: JSON types only, floats of 3 decimals, nothing secret."""

    def __init__(self, *, mask_digits: bool = False, mask_numbers: bool = False) -> None:
        self._masks = Masks(digits=mask_digits, numbers=mask_numbers)
        self._hiding = Masks(digits=True, numbers=mask_numbers)
        self._hidden: set[str] = set()

    def hide_digits(self, leg: str) -> None:
        self._hidden.add(leg)

    def leg_over(self, leg: str) -> None:
        self._hidden.discard(leg)

    def clean(self, leg: str | None, data: Json) -> Json:
        """`data` as it may be written for `leg`."""
        return _cleaned(data, self._hiding if leg in self._hidden else self._masks)


class MemoryJournal:
    """A journal in memory, for tests and worlds."""

    def __init__(self, node: int = 0, *, mask_digits: bool = False, mask_numbers: bool = False) -> None:
        self._node = node
        self._scrubber = Scrubber(mask_digits=mask_digits, mask_numbers=mask_numbers)
        self.lines: list[Line] = []

    def write(self, t: int, leg: str | None, conversation: str | None, kind: str, data: Json) -> None:
        # Through the text form and back: a test reads exactly what a file would have kept.
        line = Line(
            self._node, len(self.lines) + 1, t, leg, conversation, kind, self._scrubber.clean(leg, data)
        )
        self.lines.append(decode_line(encode_line(line)))

    def hide_digits(self, leg: str) -> None:
        self._scrubber.hide_digits(leg)

    def leg_over(self, leg: str) -> None:
        self._scrubber.leg_over(leg)

    def read(self, key: str) -> list[Line]:
        return [line for line in self.lines if line.key == key]

    def kinds(self, key: str | None = None) -> list[str]:
        """The kinds of all lines, or of one leg's: what most assertions are about."""
        return [line.kind for line in self.lines if key is None or line.key == key]

    def dump(self) -> bytes:
        """Every line in its text form: two runs of one seed must give the same bytes."""
        return b"".join(encode_line(line) + b"\n" for line in self.lines)


def encode_line(line: Line) -> bytes:
    """A line as one JSON array without a line break; ASCII, so undecodable bytes in strings survive."""
    return encode_fields([line.node, line.seq, line.t, line.leg, line.conversation, line.kind, line.data])


def encode_fields(fields: list[Json]) -> bytes:
    """`encode_line` for a line that is not kept: its fields in their order."""
    return _encode(fields).encode("ascii")


def decode_line(text: bytes) -> Line:
    """The line that `encode_line` wrote. Raises ValueError for anything else."""
    fields = json.loads(text)
    if not isinstance(fields, list) or len(fields) != 7:
        raise ValueError("a journal line is an array of seven values")
    node, seq, t, leg, conversation, kind, data = fields
    return Line(node, seq, t, leg, conversation, kind, _restored(data))


def _cleaned(value: Any, masks: Masks) -> Json:
    """`_plain(redact(value))` in one walk for the types that nearly every value has."""
    kind = type(value)
    if kind is str:
        return redact_text(value, masks)
    if value is None or kind is int or kind is bool:
        return value
    if kind is dict:
        return _mapping(value, masks)
    if kind is list or kind is tuple:
        return [_element(item, masks) for item in value]
    return _plain(redact(value, masks))


def _mapping(value: dict[Any, Any], masks: Masks) -> Json:
    cleaned: dict[str, Json] = {}
    for key, item in value.items():
        if type(key) is str and not speaks(key):
            kind = type(item)
            plain = item is None or kind is int or kind is bool
            cleaned[key] = item if plain else _cleaned(item, masks)
        else:
            cleaned[str(key)] = _entry(key, item, masks)
    return _marked(cleaned)


def _entry(key: Any, value: Any, masks: Masks) -> Json:
    return MASK if hides(key, value, masks) else _cleaned(value, masks)


def _element(item: Any, masks: Masks) -> Json:
    """One element of a sequence: a pair of a header list, or a value."""
    if isinstance(item, (list, tuple)) and len(item) == 2 and isinstance(item[0], str):
        return [item[0], _entry(item[0], item[1], masks)]
    return _cleaned(item, masks)


def _plain(value: Any) -> Json:
    """A redacted value in JSON types. Bytes become `{"$bytes": base64}`."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return _marked({str(key): _plain(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in a journal line")


def _marked(plain: dict[str, Json]) -> Json:
    """A mapping that looks like our own mark is wrapped, so that reading gives it back as it was."""
    return {"$dict": plain} if len(plain) == 1 and ("$bytes" in plain or "$dict" in plain) else plain


def _restored(value: Json) -> Json:
    """The value that `_plain` wrote, with its bytes."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    inner = value["$dict"] if value.keys() == {"$dict"} else value
    return {key: _restored(item) for key, item in inner.items()}
