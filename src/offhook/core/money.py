"""Amounts of money: integers of 10⁻⁸ of a currency, and the text that people and APIs write.

Prices of numbers have two decimals, more where they are needed; amounts of calls have eight and are written
by those who show them.
"""

import re

from offhook.core.errors import Invalid

UNITS = 100_000_000
"""Stored units in one unit of currency."""
_TEXT = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,8}))?", re.ASCII)


def price_text(units: int) -> str:
    """`125000000` → `1.25`."""
    whole, part = divmod(units, UNITS)
    decimals = f"{part:08d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}"


def price_units(text: str, field: str = "price") -> int:
    """`1.25` → `125000000`. Raises Invalid with `field` for what is no price."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise Invalid(field, f"must be an amount such as 1.25, not {text[:20]!r}")
    return int(found[1]) * UNITS + int((found[2] or "").ljust(8, "0"))
