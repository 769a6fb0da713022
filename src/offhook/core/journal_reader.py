"""Reads journals of other processes: what `offhook inspect` draws from.

Nothing is written and nothing is locked: segments without an index, such as the one a server writes at this
moment, are read from their beginning.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from offhook.core.journal import Line, decode_line


@dataclass(frozen=True, slots=True)
class Dated:
    """A line and when it was written."""

    wall: int
    """UTC microseconds."""
    line: Line


def read(directory: Path, key: str) -> list[Dated]:
    """The lines of a leg id, or of a conversation id with no leg, oldest first, over all nodes."""
    found: list[Dated] = []
    needle = json.dumps(key).encode("ascii")
    for path in sorted(directory.glob("*.jsonl")):
        found.extend(_of_segment(path, key, needle))
    found.sort(key=lambda dated: (dated.wall, dated.line.node, dated.line.seq))
    return found


def _of_segment(path: Path, key: str, needle: bytes) -> list[Dated]:
    found: list[Dated] = []
    with path.open("rb") as segment:
        offset = _offset(segment.readline())
        for text in segment:
            if needle not in text:
                continue
            try:
                line = decode_line(text)
            except (ValueError, TypeError, KeyError):
                continue  # a line that is being written, or that a crash cut short
            if line.key == key:
                found.append(Dated(line.t // 1000 + offset, line))
    return found


def _offset(heading: bytes) -> int:
    """What turns the monotonic `t` of a segment into UTC: both stand in its first line."""
    try:
        values = json.loads(heading)
        return int(values["wall"]) - int(values["t"]) // 1000
    except (ValueError, TypeError, KeyError):
        return 0
