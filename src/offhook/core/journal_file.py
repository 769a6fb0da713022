"""The journal on disk: append-only segments with an index by leg, under `<data>/journal`.

A segment is `<node>-<number>.jsonl`, one line of JSON per line, beginning with a heading that ties the
monotonic `t` of its lines to wall time. When it has grown to its limit it is closed, and the places of each
leg's lines are written beside it as `.idx`, one text line per key. Lines are gathered during a turn of the
event loop and written in one go at its end. A segment that a crash left without an index is indexed again
when the journal opens; a line that was cut short is ignored.
"""

import asyncio
import contextlib
import errno
import json
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from offhook.core.clock import US_PER_SECOND, Clock
from offhook.core.journal import Json, Line, Scrubber, decode_line, encode_fields

SEGMENT_BYTES = 8_000_000
KEEP_SEGMENTS = 64
"""Closed segments beyond this many are removed, oldest first."""
US_PER_DAY = 86_400 * US_PER_SECOND
MAX_WAITING = 20_000
"""Lines held while the disk does not take them; the oldest go first."""

Heading = Callable[[], bytes]
Index = dict[str, list[tuple[int, int]]]
"""Key → (offset, length) of each of its lines."""
Written = tuple[int, str, bytes]
"""A line as it waits for the disk: its number, its key and its text."""

log = logging.getLogger("offhook.journal")
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class FileJournal:
    """Writes and reads the segments of one node. `write` belongs to the loop's thread, `read` to any."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        *,
        node: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        keep_segments: int = KEEP_SEGMENTS,
        mask_digits: bool = False,
        mask_numbers: bool = False,
    ) -> None:
        self._clock = clock
        self._node = node
        self._seq = 0
        self._scrubber = Scrubber(mask_digits=mask_digits, mask_numbers=mask_numbers)
        self._waiting: deque[Written] = deque(maxlen=MAX_WAITING)
        self._scheduled = False
        self._failing = False
        self._lock = threading.Lock()
        self._segments = _Segments(directory, node, segment_bytes, keep_segments)
        try:
            self._segments.open(self._heading())
        except OSError as error:
            log.error("the journal cannot be written (%s); calls go on without it", error)
            self._failing = True

    def write(self, t: int, leg: str | None, conversation: str | None, kind: str, data: Json) -> None:
        self._seq += 1
        cleaned = self._scrubber.clean(leg, data)
        text = encode_fields([self._node, self._seq, t, leg, conversation, kind, cleaned])
        self._waiting.append((self._seq, leg or conversation or "", text + b"\n"))
        if self._scheduled:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        self._scheduled = True
        loop.call_soon(self.flush)

    def hide_digits(self, leg: str) -> None:
        self._scrubber.hide_digits(leg)

    def leg_over(self, leg: str) -> None:
        self._scrubber.leg_over(leg)

    def flush(self) -> None:
        """Write what waits. A full disk is reported once; its lines wait, the oldest are given up."""
        with self._lock:
            self._scheduled = False
            lines = list(self._waiting)
            if not lines:
                return
            try:
                self._segments.append(lines, self._heading)
            except OSError as error:
                if not self._failing:
                    log.error("the journal cannot be written (%s); calls go on without it", error)
                self._failing = True
                return
            self._failing = False
            # Lines that came meanwhile stay; by number, because a full queue has lost its oldest.
            while self._waiting and self._waiting[0][0] <= lines[-1][0]:
                self._waiting.popleft()

    def read(self, key: str) -> list[Line]:
        """The lines of a leg or conversation, oldest first. Reads files: use `core.tasks.outside`."""
        self.flush()
        with self._lock:
            places = self._segments.places(key)
        found = [line for path, spots in places for line in _lines_at(path, spots)]
        return [line for line in found if line.key == key]

    def remove_old(self, before: int) -> int:
        """Remove the segments that were closed before an instant (UTC µs); gives how many.

        The segment that is being written is closed once it is a day old, so that no line gets much older
        than it should. Writes files: use `core.tasks.outside`.
        """
        self.flush()
        with self._lock:
            if self._clock.wall() - self._segments.began >= US_PER_DAY:
                self._segments.turn(self._heading)
            return self._segments.remove_closed(before)

    def close(self) -> None:
        """Write what waits and the index of the segment."""
        self.flush()
        with self._lock:
            self._segments.finish()

    def _heading(self) -> bytes:
        heading = {"journal": 1, "node": self._node, "t": self._clock.now(), "wall": self._clock.wall()}
        return json.dumps(heading, separators=(",", ":")).encode() + b"\n"


class _Segments:
    """The files: the one being written with its index in memory, and the closed ones."""

    def __init__(self, directory: Path, node: int, limit: int, keep: int) -> None:
        self._directory = directory
        self._node = node
        self._limit = limit
        self._keep = keep
        self._file: BinaryIO | None = None
        self._path = directory
        self._offset = 0
        self._index: Index = {}
        self.began = 0
        """When the open segment began, UTC µs."""

    def open(self, heading: bytes) -> None:
        """Index what a crash left without, and begin. Raises OSError."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._closed():
            if not path.with_suffix(".idx").exists():
                _write_index(path, _index_of(path))
        self.begin(heading)

    def begin(self, heading: bytes) -> None:
        """Open the next segment."""
        self._remove_oldest()
        numbers = [int(path.stem.rpartition("-")[2]) for path in self._closed()]
        self._path = self._directory / f"{self._node:04d}-{max(numbers, default=0) + 1:08d}.jsonl"
        file = open(self._path, "xb", buffering=0)  # noqa: SIM115 — lives as long as the segment
        try:
            self._path.chmod(0o600)
            if file.write(heading) != len(heading):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.close()
            self._path.unlink(missing_ok=True)
            raise
        self._file = file
        self._offset = len(heading)
        self._index = {}
        self.began = _wall_of(heading)

    def _remove_oldest(self) -> None:
        closed = self._closed()
        for path in closed[: max(0, len(closed) - self._keep + 1)]:
            path.unlink(missing_ok=True)
            path.with_suffix(".idx").unlink(missing_ok=True)

    def turn(self, heading: Heading) -> None:
        """Close the open segment and begin the next, unless nothing was written to it."""
        if self._file is not None and self._index:
            self.finish()
            self.begin(heading())

    def remove_closed(self, before: int) -> int:
        """Remove segments that were closed before an instant; the next one's beginning is their end."""
        paths = [path for path in self._closed() if path < self._path]
        ends = [*(_began(path) for path in paths[1:]), self.began]
        old = [path for path, end in zip(paths, ends, strict=False) if end < before]
        for path in old:
            path.unlink(missing_ok=True)
            path.with_suffix(".idx").unlink(missing_ok=True)
        return len(old)

    def append(self, lines: list[Written], heading: Heading) -> None:
        """Write lines in one go, in a new segment when this one is full."""
        if self._file is None or self._offset >= self._limit:
            self.finish()
            self.begin(heading())
        assert self._file is not None
        block = b"".join([text for _, _, text in lines])
        written = 0
        try:
            while written < len(block):
                taken = self._file.write(memoryview(block)[written:])
                if not taken:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                written += taken
        except OSError:
            self._file.truncate(self._offset)
            raise
        for _, key, text in lines:
            self._index.setdefault(key, []).append((self._offset, len(text)))
            self._offset += len(text)

    def places(self, key: str) -> list[tuple[Path, list[tuple[int, int]]]]:
        """Where the lines of `key` are, segment by segment."""
        places = [(path, _indexed(path, key)) for path in self._closed() if path != self._path]
        places.append((self._path, list(self._index.get(key, ()))))
        return [(path, spots) for path, spots in places if spots]

    def finish(self) -> None:
        """Close the segment and write its index."""
        if self._file is not None:
            self._file.close()
            self._file = None
            try:
                _write_index(self._path, self._index)
            except OSError as error:
                log.error("%s has no index until the journal opens again: %s", self._path.name, error)

    def _closed(self) -> list[Path]:
        return sorted(self._directory.glob(f"{self._node:04d}-*.jsonl"))


def _index_of(path: Path) -> Index:
    """The index of a segment that has none, from its lines."""
    index: Index = {}
    offset = 0
    with path.open("rb") as segment:
        for text in segment:
            try:
                line = decode_line(text)
            except (ValueError, TypeError, KeyError):
                pass  # the heading, or a line that a crash cut short
            else:
                index.setdefault(line.key, []).append((offset, len(text)))
            offset += len(text)
    return index


def _write_index(path: Path, index: Index) -> None:
    rows = (_encode([key, spots]) + "\n" for key, spots in sorted(index.items()))
    target = path.with_suffix(".idx")
    partial = target.with_suffix(".tmp")
    try:
        partial.write_text("".join(rows), encoding="ascii")
        partial.chmod(0o600)
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _indexed(path: Path, key: str) -> list[tuple[int, int]]:
    """The places of one key in a closed segment."""
    start = json.dumps([key])[:-1] + ","
    try:
        with path.with_suffix(".idx").open(encoding="ascii") as index:
            row = next((row for row in index if row.startswith(start)), None)
    except FileNotFoundError:
        return []
    return [(offset, length) for offset, length in json.loads(row)[1]] if row else []


def _lines_at(path: Path, spots: list[tuple[int, int]]) -> list[Line]:
    lines = []
    try:
        with path.open("rb") as segment:
            for offset, length in spots:
                segment.seek(offset)
                with contextlib.suppress(ValueError):  # being erased: `journal_erasure.py`
                    lines.append(decode_line(segment.read(length)))
    except FileNotFoundError:
        pass  # removed by whoever keeps the disk in order
    return lines


def _began(path: Path) -> int:
    """When a segment was begun, UTC µs; a heading that a crash cut short counts as just now."""
    with path.open("rb") as segment:
        return _wall_of(segment.readline())


def _wall_of(heading: bytes) -> int:
    try:
        return int(json.loads(heading)["wall"])
    except (ValueError, TypeError, KeyError):
        return sys.maxsize
