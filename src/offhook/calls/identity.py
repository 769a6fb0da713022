"""What a call shows as its `from`: an own number, one picked at random, or nothing of the sort.

A phone sees only numbers of the account. A SIP endpoint may be shown any text that fits into a SIP user.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from offhook.core import e164
from offhook.core.errors import Invalid
from offhook.storage import numbers
from offhook.storage.records import Number

_PLAIN_USER = re.compile(r"[A-Za-z0-9_.!~*'()&=+$,;?/-]{1,64}", re.ASCII)
UNKNOWN = "unknown"
MOST_NUMBERS = 1000
"""Of an application with more numbers than this, the first ones take part in the choice."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the application asked for."""

    number: str | None
    random: bool = False
    fallback: str | None = None
    """The platform's number in the call that this one is part of; used when nothing was asked for."""


def candidates(connection: Connection, account_id: str, application_id: str, wish: Wish) -> list[Number]:
    """The account's numbers that matter for a wish: the one asked for, or all of the application."""
    if wish.random:
        return list(numbers.list(connection, application_id=application_id, page_size=MOST_NUMBERS).rows)
    asked = wish.number or wish.fallback
    found = numbers.get(connection, _cleaned(asked), account_id=account_id) if asked else None
    return [] if found is None else [found]


def for_phone(wish: Wish, own: Sequence[Number], application_id: str, to: str, *, unowned: str) -> str:
    """The number shown to a phone. Raises Invalid with field `from` when there is none we may show."""
    if wish.random:
        return pick(own, application_id, to)
    asked = wish.number or wish.fallback
    if asked is None:
        raise Invalid("from", "is missing: give one of the account's numbers or random_from_number true")
    number = _cleaned(asked)
    if any(candidate.msisdn == number for candidate in own):
        return number
    if unowned == UNKNOWN:
        return UNKNOWN
    raise Invalid("from", f"{asked} is not a number of this account; `offhook numbers list` shows those")


def for_sip(wish: Wish, own: Sequence[Number], application_id: str, to: str) -> str:
    """The user part shown to a SIP endpoint: any plain text. Raises Invalid with field `from`."""
    if wish.random:
        return pick(own, application_id, to)
    shown = wish.number or wish.fallback or UNKNOWN
    if shown.startswith(("sip:", "sips:")):
        shown = shown.partition(":")[2].partition("@")[0]
    shown = shown.removeprefix("+")
    if not _PLAIN_USER.fullmatch(shown):
        raise Invalid("from", f"{shown!r} cannot be shown as a SIP user; use letters, digits and -_.")
    return shown


def pick(own: Sequence[Number], application_id: str, to: str) -> str:
    """One of the application's numbers, of the destination's country where there is one."""
    linked = sorted(number.msisdn for number in own if number.application_id == application_id)
    candidates = [number for number in linked if number != to]
    if not candidates:
        raise Invalid("random_from_number", "the application has no number linked to it; link one first")
    country = e164.country_of(to)
    at_home = [number for number in candidates if country and e164.country_of(number) == country]
    return (at_home or candidates)[0]


def _cleaned(text: str) -> str:
    """The number in a text, or the text. A SIP URI stands for its user part."""
    if text.lower().startswith(("sip:", "sips:")):
        text = text.partition(":")[2].partition("@")[0].partition(";")[0]
    try:
        return e164.normalise(text)
    except Invalid:
        return text
