"""Addresses in an NCCO: web URLs alone and in arrays, event webhooks, phone numbers.

Only the form is checked here. Whether an address may be fetched is the fetch policy's business.
"""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from offhook.ncco.fields import Fields, shown
from offhook.ncco.findings import Findings

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f<>\"\\^`{|}]")
_NUMBER = re.compile(r"[0-9]{7,15}", re.ASCII)
METHODS = ("get", "post")


class Hook(NamedTuple):
    """Where an action's webhook goes; None means the leg's event URL and its method."""

    url: str | None = None
    method: str | None = None


def http_url(findings: Findings, path: str, value: object, longest: int) -> str | None:
    """An absolute http or https URL, or None with the reason noted."""
    if not isinstance(value, str):
        findings.error(path, f"must be a URL in quotes, not {shown(value)}")
        return None
    if len(value) > longest:
        findings.error(path, f"is {len(value)} characters long; a URL may have {longest}")
        return None
    if _FORBIDDEN.search(value) or not _has_host(value):
        findings.error(path, f"must be an absolute http:// or https:// URL, not {shown(value)}")
        return None
    return value


def _has_host(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)


def urls(fields: Fields, *names: str, either: bool = False) -> list[str]:
    """The URLs of an array field. A bare string is taken, with a warning unless `either` shape is right."""
    path, value = fields.find(*names)
    if value is None:
        return []
    if isinstance(value, str):
        if not either:
            fields.findings.warn(path, "should be an array with the URL in it; the bare string is accepted")
        found = http_url(fields.findings, path, value, fields.limits.url)
        return [] if found is None else [found]
    if not isinstance(value, list) or not value:
        fields.findings.error(path, f"must be an array with one URL in it, not {_emptiness(value)}")
        return []
    read = (
        http_url(fields.findings, f"{path}[{n}]", item, fields.limits.url) for n, item in enumerate(value)
    )
    return [url for url in read if url is not None]


def _emptiness(value: object) -> str:
    return "an empty array" if value == [] else shown(value)


def one_url(fields: Fields, *names: str, either: bool = False) -> str | None:
    """The one URL of an array field; of several the first, with a warning."""
    found = urls(fields, *names, either=either)
    if len(found) > 1:
        fields.findings.warn(fields.find(*names)[0], "has several URLs; only the first is used")
    return found[0] if found else None


def hook(fields: Fields) -> Hook:
    """`eventUrl` and `eventMethod`. An `eventUrl` without a method is called with POST."""
    url = one_url(fields, "eventUrl")
    method = fields.choice("eventMethod", options=METHODS)
    if method is None:
        return Hook(url, "POST" if url else None)
    return Hook(url, method.upper())


def required(fields: Fields, name: str, what: str) -> None:
    """Note that `name` is missing, unless it is there (a wrong value has been noted by its reader)."""
    if not fields.has(name):
        fields.error(name, f"is missing; give {what}")


def phone_number(fields: Fields, name: str) -> str | None:
    """A number in E.164 digits. A leading + is dropped with a warning; a JSON number is taken as digits."""
    path, value = fields.find(name)
    if value is None:
        return None
    text = str(value) if _is_digits(value) else value
    if not isinstance(text, str):
        fields.findings.error(path, f"must be a phone number in quotes, not {shown(value)}")
        return None
    digits = text.strip().removeprefix("+")
    if _NUMBER.fullmatch(digits) is None or digits.startswith("0"):
        fields.findings.error(
            path, f"must be 7 to 15 digits with the country code and no + or 00, not {shown(value)}"
        )
        return None
    if digits != text:
        fields.findings.warn(path, f"should be the digits alone; {digits} is used")
    return digits


def caller_number(fields: Fields, name: str) -> str | None:
    """Who calls: digits for phones, any short printable text towards other endpoints."""
    path, value = fields.find(name)
    if value is None:
        return None
    text = str(value) if _is_digits(value) else value
    if not isinstance(text, str) or not 0 < len(text.strip()) <= 64 or not text.isprintable():
        fields.findings.error(path, f"must be a number or a short name in quotes, not {shown(value)}")
        return None
    return text.strip().removeprefix("+")


def _is_digits(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15
