"""One JSON object of an NCCO, read field by field: coercion, bounds, both spellings, paths.

A reader notes what is wrong and returns a usable value, so that one pass finds every error; whoever reads
the whole document refuses it afterwards. Meaning is not known here: see `addresses`, `endpoints`, `actions`.
"""

import math
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from offhook.ncco.findings import Findings
from offhook.ncco.settings import Limits

_CAPITAL = re.compile(r"(?<!^)([A-Z])")
_NUMERAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?", re.ASCII)
_LONGEST_SHOWN = 40
_MOST_UNKNOWN = 10


def snake(name: str) -> str:
    """`eventUrl` as `event_url`."""
    return _CAPITAL.sub(r"_\1", name).lower()


def shown(value: object) -> str:
    """A JSON value as an error message shows it: short, and never the inside of a container."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _LONGEST_SHOWN else f'"{value[:_LONGEST_SHOWN]}…"'
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge number"
    if isinstance(value, (int, float)):
        return str(value)
    return "an array" if isinstance(value, list) else "an object"


def as_number(value: object) -> int | float | None:
    """A JSON number, or a string that spells one; None for anything else, infinities included."""
    if isinstance(value, str):
        value = value.strip()
        if _NUMERAL.fullmatch(value) is None:
            return None
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


class Fields:
    """A JSON object and where it stands in the document.

    A field that is null counts as absent: several client libraries write every option they know.
    """

    __slots__ = ("_asked", "_raw", "findings", "limits", "path")

    def __init__(self, raw: Mapping[str, Any], path: str, findings: Findings, limits: Limits) -> None:
        self._raw = raw
        self._asked: dict[str, None] = {}
        self.path = path
        self.findings = findings
        self.limits = limits

    def find(self, *names: str) -> tuple[str, Any]:
        """The path and value of the first of `names` that is present, in camelCase or snake_case.

        The value is None, and the path that of the first name, when none is.
        """
        for name in names:
            self._asked[name] = None
            for spelling in (name, snake(name)):
                if self._raw.get(spelling) is not None:
                    self._asked[spelling] = None
                    return self.at(spelling), self._raw[spelling]
        return self.at(names[0]), None

    def has(self, *names: str) -> bool:
        return self.find(*names)[1] is not None

    def at(self, name: str) -> str:
        return f"{self.path}.{name}"

    def error(self, name: str, message: str) -> None:
        self.findings.error(self.at(name) if name else self.path, message)

    def warn(self, name: str, message: str) -> None:
        self.findings.warn(self.at(name) if name else self.path, message)

    def string(self, *names: str) -> str | None:
        path, value = self.find(*names)
        if value is None or isinstance(value, str):
            return value
        self.findings.error(path, f"must be a string in quotes, not {shown(value)}")
        return None

    def flag(self, *names: str, default: bool = False) -> bool:
        path, value = self.find(*names)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in ("true", "false"):
            self.findings.error(path, f"must be true or false, not {shown(value)}")
            return default
        return word == "true"

    def choice(self, *names: str, options: Collection[str], also: Collection[str] = ()) -> str | None:
        """One of `options`, which are lower case; capitals in the document do not matter.

        `also` is accepted too, but not named to people.
        """
        path, value = self.find(*names)
        if value is None:
            return None
        word = value.strip().lower() if isinstance(value, str) else None
        if word is not None and (word in options or word in also):
            return word
        self.findings.error(path, f"must be one of {', '.join(options)}, not {shown(value)}")
        return None

    def number(
        self, *names: str, low: float, high: float, clamp: bool = False, whole: bool = False
    ) -> float | None:
        """A number from `low` to `high`. With `clamp` one outside is moved to the bound, with a warning."""
        path, value = self.find(*names)
        if value is None:
            return None
        number = as_number(value)
        kind = "a whole number" if whole else "a number"
        if number is None or (whole and number != int(number)):
            self.findings.error(path, f"must be {kind} from {low:g} to {high:g}, not {shown(value)}")
            return None
        if low <= number <= high:
            return number
        bound = low if number < low else high
        if clamp:
            self.findings.warn(path, f"{shown(value)} is outside {low:g} to {high:g}; {bound:g} is used")
            return bound
        self.findings.error(path, f"must be {kind} from {low:g} to {high:g}, not {shown(value)}")
        return None

    def integer(self, *names: str, low: int, high: int, clamp: bool = False) -> int | None:
        """A whole number from `low` to `high`; `3`, `3.0` and `"3"` are the same."""
        number = self.number(*names, low=low, high=high, clamp=clamp, whole=True)
        return None if number is None else int(number)

    def mapping(self, *names: str) -> dict[str, Any] | None:
        """A JSON object as it stands."""
        path, value = self.find(*names)
        if value is None or isinstance(value, dict):
            return value
        self.findings.error(path, f"must be an object in curly brackets, not {shown(value)}")
        return None

    def child(self, *names: str) -> "Fields | None":
        """A JSON object to be read field by field."""
        path, value = self.find(*names)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.findings.error(path, f"must be an object in curly brackets, not {shown(value)}")
            return None
        return Fields(value, path, self.findings, self.limits)

    def note_unknown(self) -> None:
        """Warn of fields that nobody asked for, with the likely meaning of a misspelled one."""
        if not self.findings.wants_warnings:
            return
        unknown = [name for name in self._raw if name not in self._asked and self._raw[name] is not None]
        for name in unknown[:_MOST_UNKNOWN]:
            close = get_close_matches(name[:_LONGEST_SHOWN], self._asked, 1, 0.75)
            hint = f"; did you mean {close[0]}?" if close else ""
            self.warn(name[:_LONGEST_SHOWN], f"is not a known option and is ignored{hint}")
