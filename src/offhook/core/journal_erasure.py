"""Erases lines from the journal on disk, with or without a server that writes to it.

Lines are overwritten where they are and keep their length: every offset in an index, and in the memory of
the process that appends to the newest segment, stays true. Indexes of closed segments lose the keys. A line
of a call that is erased becomes one of kind `erased`; in every other line each digit of the number becomes
`x`. Whoever reads at that moment sees a line as it was, as it is, or none. See docs/guides/data.md.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offhook.core.journal import Line, decode_line, encode_fields

_BETWEEN = rb"[-. ()]{0,3}"
"""What may stand between the digits of a number that a person or a peer wrote."""

_JSON = json.JSONDecoder()


@dataclass(slots=True)
class Erased:
    """How much of a journal was erased, or would be."""

    lines: int = 0
    masked: int = 0
    """Lines of others in which the number was."""
    segments: int = 0
    """Files that were changed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to go."""

    keys: frozenset[str]
    """Ids of legs, and of conversations, whose lines go as a whole."""
    number: str | None = None
    """Digits that go from all other lines."""
    masks: Callable[[str | None], bool] = lambda _: True
    """Whether they go from lines of this key, too; None: from lines of no call."""


def erase(directory: Path, wanted: Wanted, *, dry_run: bool = False) -> Erased:
    """Go through every segment of every node. Raises OSError when one cannot be written."""
    done = Erased()
    for path in sorted(directory.glob("*.jsonl")):
        try:
            changes = list(_changes(path, wanted, done))
            if changes:
                done.segments += 1
            if changes and not dry_run:
                _overwrite(path, changes)
            if not dry_run:
                _forget(path.with_suffix(".idx"), wanted.keys)
        except FileNotFoundError:
            continue  # its time was over meanwhile
    return done


def pattern_of(number: str) -> re.Pattern[bytes]:
    """Finds a number as it is, percent-encoded, and with separators; not as a part of a longer one."""
    digits = _BETWEEN.join(digit.encode("ascii") for digit in number)
    return re.compile(rb"(?:(?<!\d)|(?<=%[0-9A-Fa-f]{2}))" + digits + rb"(?!\d)")


def _changes(path: Path, wanted: Wanted, done: Erased) -> Iterator[tuple[int, bytes]]:
    """(offset, new text of the same length) of every line to change."""
    pattern = pattern_of(wanted.number) if wanted.number else None
    with path.open("rb") as segment:
        offset = len(segment.readline())
        for text in segment:
            if text.endswith(b"\n"):
                line = _line(text)
                if line is not None and line.key in wanted.keys:
                    done.lines += 1
                    yield offset, _blank(line, len(text))
                elif (
                    pattern is not None
                    and (changed := _masked(text, line, pattern)) is not None
                    and wanted.masks(line.key if line is not None else None)
                ):
                    done.masked += 1
                    yield offset, changed
            offset += len(text)


def _line(text: bytes) -> Line | None:
    try:
        return decode_line(text)
    except (ValueError, TypeError, KeyError):
        return None


def _blank(line: Line, length: int) -> bytes:
    """A line that says when, and nothing else; without room for that, spaces, which are no line."""
    text = encode_fields([line.node, line.seq, line.t, None, None, "erased", None])
    return (text if len(text) < length else b"").ljust(length - 1) + b"\n"


def _masked(text: bytes, line: Line | None, pattern: re.Pattern[bytes]) -> bytes | None:
    """The line without the number; None when it has none. Where that leaves no JSON, nothing is left."""
    changed = pattern.sub(lambda found: re.sub(rb"\d", b"x", found[0]), text)
    if changed == text and not (b'"$bytes"' in text and line is not None and _in_bytes(line.data, pattern)):
        return None
    if changed != text and _line(changed) is not None:
        return changed
    return _blank(line, len(text)) if line is not None else b"\n".rjust(len(text))


def _in_bytes(value: Any, pattern: re.Pattern[bytes]) -> bool:
    """Whether the number is in bytes, which a line holds in base64."""
    if isinstance(value, bytes):
        return pattern.search(value) is not None
    if isinstance(value, dict):
        return any(_in_bytes(item, pattern) for item in value.values())
    return isinstance(value, list) and any(_in_bytes(item, pattern) for item in value)


def _overwrite(path: Path, changes: list[tuple[int, bytes]]) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        for offset, text in changes:
            os.pwrite(handle, text, offset)
        os.fsync(handle)
    finally:
        os.close(handle)


def _forget(index: Path, keys: Collection[str]) -> None:
    """Take the keys out of an index; a segment that is still written to has none."""
    try:
        rows = index.read_text(encoding="ascii").splitlines(keepends=True)
    except FileNotFoundError:
        return
    left = [row for row in rows if _key_of(row) not in keys]
    if len(left) == len(rows):
        return
    partial = index.with_suffix(".erasing")
    partial.write_text("".join(left), encoding="ascii")
    partial.chmod(0o600)
    partial.replace(index)


def _key_of(row: str) -> str | None:
    """The first member of a row; the others may be many."""
    try:
        found = _JSON.raw_decode(row, 1)[0]
    except ValueError:
        return None
    return found if isinstance(found, str) else None
