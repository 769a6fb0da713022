"""Phone numbers as the API writes them: E.164 digits without `+` (ITU-T E.164, 7 to 15 digits).

Knows how to clean what people type, which country a number belongs to (calling code only, with the North
American and Kazakh splits that matter) and which numbers are never dialled: emergency and premium ranges.
The ranges are a guard against fraud and accidents, not a numbering database: a number outside them may
still be expensive.
"""

import re
from dataclasses import dataclass

from offhook.core.e164_ranges import CALLING_CODES, CANADA, EMERGENCY, PREMIUM, UNROUTED
from offhook.core.errors import Invalid

MIN_DIGITS = 7
MAX_DIGITS = 15

_E164 = re.compile(r"[1-9][0-9]{6,14}", re.ASCII)
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a number is not dialled. `rule` is stable: `emergency`, `short-number`, `premium:NL-0900` …"""

    rule: str
    message: str


def is_e164(text: str) -> bool:
    """True for 7 to 15 ASCII digits that do not begin with 0: what a destination must look like."""
    return _E164.fullmatch(text) is not None


def normalise(text: str, field: str = "number") -> str:
    """The E.164 digits of what a person typed: `+31 (20) 123-4567` and `0031201234567` → `31201234567`.

    Raises Invalid with `field` when no international number can be read out of it.
    """
    digits = _PUNCTUATION.sub("", text)
    if digits.startswith("+"):
        digits = digits[1:]
    elif digits.startswith("00"):
        digits = digits[2:]
    if not digits.isascii() or not digits.isdigit():
        raise Invalid(field, "must hold digits only, with the country code, for example 31201234567")
    if digits.startswith("0"):
        raise Invalid(field, "must begin with the country code, not with 0, for example 31201234567")
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        raise Invalid(field, f"must have {MIN_DIGITS} to {MAX_DIGITS} digits; it has {len(digits)}")
    return digits


def country_of(number: str) -> str | None:
    """The ISO 3166 country of an E.164 number, or None where the calling code belongs to none."""
    if number.startswith("1"):
        if number[1:4] in CANADA:
            return "CA"
        return CALLING_CODES.get(number[:4], "US")
    if number.startswith("7"):
        return "KZ" if number[1:2] in {"6", "7"} else "RU"
    for size in (2, 3):
        country = CALLING_CODES.get(number[:size])
        if country is not None:
            return country
    return None


def refusal(number: str) -> Refusal | None:
    """The rule that forbids dialling `number` (with or without `+`), or None when no rule does."""
    digits = number.removeprefix("+")
    if digits in EMERGENCY or _national_part(digits) in EMERGENCY:
        return Refusal("emergency", f"{number} is an emergency number; this platform never dials those")
    if not is_e164(digits):
        if digits.isascii() and digits.isdigit() and len(digits) < MIN_DIGITS:
            return Refusal("short-number", f"{number} is a short number; dial the full international number")
        return Refusal("not-e164", _not_e164(number, digits))
    for form in (digits, _without_trunk_prefix(digits)):
        for prefix, rule in _by_prefix(form):
            return Refusal(rule, f"{number} is in the range {prefix}…, which rule {rule} forbids")
        if form.startswith("1") and form[4:7] == "976":
            return Refusal(
                "premium:NANP-976", f"{number} is in a 976 exchange, which rule premium:NANP-976 forbids"
            )
    return None


def _not_e164(number: str, digits: str) -> str:
    """Why a number is none, and what to do."""
    for prefix in ("00", "011"):
        rest = digits.removeprefix(prefix)
        if rest != digits and is_e164(rest):
            return f"{number} begins with {prefix}, which is dialled and not part of a number; give {rest}"
    if digits.startswith("0") and digits.isascii() and digits.isdigit():
        return f"{number} begins with 0; give the country code first, for example 31201234567"
    return f"{number} is not an international number of 7 to 15 digits"


def _without_trunk_prefix(digits: str) -> str:
    """The number without the 0 (in +1: 0 or 1) that is dialled inside a country, if one was left in.

    Some carriers drop it, so `44 0 9…` would reach what `44 9…` may not. In Italy the 0 belongs to a number.
    """
    if digits.startswith("39"):
        return digits
    if digits.startswith("1"):
        return "1" + digits[1:].lstrip("01")
    for size in (1, 2, 3):
        code = digits[:size]
        if code == "7" or code in CALLING_CODES:
            return code + digits[size:].lstrip("0")
    return digits


def _by_prefix(digits: str) -> list[tuple[str, str]]:
    """The forbidden range that holds `digits`, longest prefix first; at most one entry."""
    for size in range(min(len(digits), 7), 1, -1):
        rule = PREMIUM.get(digits[:size]) or UNROUTED.get(digits[:size])
        if rule is not None:
            return [(digits[:size], rule)]
    return []


def _national_part(digits: str) -> str:
    """The digits after the calling code of a number too short to be a subscriber's (`44999` → `999`)."""
    if len(digits) >= MIN_DIGITS:
        return ""
    for size in (1, 2, 3):
        code = digits[:size]
        if (size == 1 and code in {"1", "7"}) or code in CALLING_CODES:
            return digits[size:]
    return ""
