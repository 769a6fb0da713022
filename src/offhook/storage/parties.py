"""Which rows have to do with a phone number.

SQL narrows down with LIKE, which every database has; whether the number is there as a whole, and not inside
a longer one, is then looked at row by row.
"""

import re
from typing import Any

from sqlalchemy import Column, ColumnElement, Text, or_, type_coerce

from offhook.storage.records import Leg


def mentions(number: str, *columns: Column[Any]) -> ColumnElement[bool]:
    """Rows in which the text of one of these columns, JSON too, may hold the number."""
    return or_(*(type_coerce(column, Text).like(f"%{number}%") for column in columns))


def whole(number: str) -> re.Pattern[str]:
    """Finds the number as it is or percent-encoded, but not as a part of a longer one."""
    return re.compile(rf"(?:(?<!\d)|(?<=%[0-9A-Fa-f]{{2}})){number}(?!\d)")


def is_party(leg: Leg, number: str) -> bool:
    """Whether one side of a call is this number, as a phone or in a SIP URI."""
    pattern = whole(number)
    sides = [side.get(name) for side in (leg.to, leg.from_) for name in ("number", "uri", "user")]
    return any(isinstance(text, str) and pattern.search(text) for text in sides)
