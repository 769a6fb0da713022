"""Which bytes of a file a request asks for (RFC 9110 §14, §13.1.5): none said, one range, or several.

A Range that is not understood, that overlaps itself, or that names more ranges than anybody needs is
ignored, as §14.2 permits: the answer is the whole file. Pure: text in, numbers out.
"""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_RANGES = 16
_SPEC = re.compile(r"([0-9]{1,15})?-([0-9]{1,15})?", re.ASCII)
Part = tuple[int, int]
"""First byte and the one after the last."""


class Unsatisfiable(Exception):  # noqa: N818
    """No range that was asked for lies in the file."""


@dataclass(frozen=True, slots=True)
class Version:
    """What tells one state of a file from another."""

    etag: str
    """A strong one, with its quotes."""
    modified: str
    """An HTTP date."""


def wanted(headers: Mapping[str, str], size: int, version: Version) -> list[Part]:
    """The parts of a file of `size` bytes that are asked for, in the order asked; empty is all of it.

    Raises Unsatisfiable.
    """
    unit, _, specs = headers.get("range", "").partition("=")
    if unit.strip().lower() != "bytes" or not _unchanged(headers.get("if-range"), version):
        return []
    found = [spec.strip() for spec in specs.split(",") if spec.strip()]
    if not 1 <= len(found) <= MAX_RANGES:
        return []
    parts: list[Part] = []
    for spec in found:
        match = _SPEC.fullmatch(spec)
        if match is None or spec == "-" or _backwards(match):
            return []
        part = _part(match, size)
        if part is not None:
            parts.append(part)
    if not parts:
        raise Unsatisfiable
    return [] if _overlap(parts) else parts


def _unchanged(condition: str | None, version: Version) -> bool:
    """Whether If-Range lets the Range count: only for exactly this state of the file."""
    return condition is None or condition.strip() in (version.etag, version.modified)


def _backwards(match: re.Match[str]) -> bool:
    return bool(match[1] and match[2]) and int(match[2]) < int(match[1])


def _part(match: re.Match[str], size: int) -> Part | None:
    """One range within the file; None when it lies behind the end."""
    first, last = match[1], match[2]
    if first is None:
        length = min(int(last), size)
        return (size - length, size) if length else None
    if int(first) >= size:
        return None
    return int(first), size if last is None else min(int(last) + 1, size)


def _overlap(parts: list[Part]) -> bool:
    """Whether some byte was asked for twice: a cheap way to make a server send much."""
    inorder = sorted(parts)
    return any(after[0] < before[1] for before, after in itertools.pairwise(inorder))
