"""Whether a request still wants what it asks for: If-Match, If-None-Match and their dates (RFC 9110 §13).

If-Range is part of a range and read there (`ranges.py`). Pure: headers in, a status out.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from starlette.datastructures import Headers

from offhook.http.files.ranges import Version

NAMES = frozenset({"if-match", "if-none-match", "if-modified-since", "if-unmodified-since"})
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def refused(method: str, headers: Headers, version: Version | None) -> int | None:
    """The status that a condition of the request asks for: 304 or 412; None where all of them hold.

    `version` is what is there, None for nothing. The order is that of §13.2.2: dates count only where no tag
    is named, and a date that is none does not count.
    """
    reads = method in ("GET", "HEAD")
    if "if-match" in headers:
        if not _named(headers, "if-match", version, weakly=False):
            return 412
    elif _later(version, _date(headers, "if-unmodified-since")):
        return 412
    if "if-none-match" in headers:
        if _named(headers, "if-none-match", version, weakly=True):
            return 304 if reads else 412
    elif reads and _later(version, _date(headers, "if-modified-since")) is False:
        return 304
    return None


def _named(headers: Headers, name: str, version: Version | None, *, weakly: bool) -> bool:
    """Whether the header names this version, `*` any. A weak tag counts where tags are compared weakly."""
    value = ",".join(headers.getlist(name)).strip()
    if version is None or value == "*":
        return version is not None
    return any(tag == version.etag and (weakly or not weak) for weak, tag in _TAG.findall(value))


def _later(version: Version | None, date: datetime | None) -> bool | None:
    """Whether the file was written after `date`, in whole seconds; None where either is missing."""
    if version is None or date is None:
        return None
    return parsedate_to_datetime(version.modified) > date


def _date(headers: Headers, name: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(headers.get(name, ""))
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
