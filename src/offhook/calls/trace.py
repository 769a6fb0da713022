"""What the calls write to the journal: every machine input and output, one line each.

Values are turned into mappings here; the journal itself hides secrets, and the keys pressed on legs for which
that was asked (`hide_digits`).
"""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, cast

import msgspec

from offhook.calls.leg import Leg
from offhook.calls.ports import JournalPort
from offhook.core.clock import Clock
from offhook.sip.commands import Credentials
from offhook.sip.events import DigestOffered
from offhook.sip.flow import Flow

Json = Any
_JSON = frozenset((str, int, float, bool))


class Trace:
    """Journal lines of one calls domain."""

    def __init__(self, clock: Clock, journal: JournalPort) -> None:
        self._clock = clock
        self._journal = journal

    def leg(self, leg: Leg, kind: str, what: object) -> None:
        """A line of one leg. `what` is an event, an effect, a command or a mapping."""
        conversation = leg.conversation.conversation_id
        self._journal.write(self._clock.now(), leg.leg_id, conversation, kind, printable(what))

    def bare(self, kind: str, what: object) -> None:
        """A line that belongs to no leg, e.g. an INVITE that was refused."""
        self._journal.write(self._clock.now(), None, None, kind, printable(what))

    def hide_digits(self, leg: Leg) -> None:
        """Do not write down the keys of this leg."""
        self._journal.hide_digits(leg.leg_id)

    def over(self, leg: Leg) -> None:
        """The leg's last line has been written."""
        self._journal.leg_over(leg.leg_id)


def printable(what: object) -> dict[str, Json]:
    """`{"type": …, field: value}` with values that JSON has."""
    if isinstance(what, dict):
        return {str(key): _value(value) for key, value in what.items()}
    named: dict[str, Json] = {"type": type(what).__name__}
    kind: Any = type(what)
    for name in _fields(kind):
        named[name] = _value(getattr(what, name))
    return named


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The fields of a message or a dataclass; nothing of any other type."""
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return tuple(item.name for item in fields(kind)) if is_dataclass(kind) else ()


def _value(value: object) -> Json:
    kind = type(value)
    if value is None or kind in _JSON:
        return value
    if kind is dict:
        return {str(key): _value(item) for key, item in cast(dict[Any, Any], value).items()}
    if kind is list or kind is tuple:
        return [_value(item) for item in cast(list[Any], value)]
    return _converted(value)


def _converted(value: object) -> Json:
    """A value of a type that JSON does not have."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, Credentials | DigestOffered):
        return {"username": value.username}
    if isinstance(value, Flow):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    if isinstance(value, str | int | float):
        return value
    return printable(value) if is_dataclass(value) else str(value)
