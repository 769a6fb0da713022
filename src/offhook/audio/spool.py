"""Recordings in progress on disk: one file each, written block by block, readable after any crash.

A file begins with `OFFHOOK-PCM 1` and its numbers; every block follows with its own sequence number,
length and checksum. What a crash tore off the end is found by these and left out; a block that comes twice
is written once; blocks that never came are silence. Layout: docs/specs/media-worker.md §6. Not here:
encoding, and any policy on when a recording is over.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from offhook.core.errors import MediaError

RATE = 8_000
MAGIC = b"OFFHOOK-PCM 1\n\x00\x00"
MAX_CHANNELS = 32
MAX_BLOCKS = 86_400
"""A day of one-second blocks: nothing longer is taken."""
MAX_BLOCK = 1 << 20

_FILE = struct.Struct("<16sIHH8x")
"""Magic, samples a second, channels, bits a sample, reserved."""
_BLOCK = struct.Struct("<4sIIII")
"""`BLK` and a flags octet, sequence, bytes, CRC-32 of the bytes, CRC-32 of the four fields before."""
_LAST = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

Frames = npt.NDArray[np.int16]


@dataclass(slots=True)
class SpoolState:
    """What a scan of a spool file finds."""

    channels: int
    next_sequence: int = 0
    closed: bool = False
    """The last block was marked as such."""
    frames: int = 0
    end: int = _FILE.size
    """Bytes that are sound; anything behind is a torn tail."""
    blocks: list[tuple[int, int, int]] = field(default_factory=list)
    """(sequence, offset, bytes) of every sound block."""

    @property
    def duration_ms(self) -> int:
        return self.frames * 1000 // RATE


def spool_path(directory: Path, recording: str) -> Path:
    """Where a recording's spool is. Raises MediaError for an id that cannot be a file name."""
    if not _NAME.fullmatch(recording):
        raise MediaError(f"{recording[:40]!r} is not a recording id: use letters, digits, - and _")
    return directory / f"{recording}.pcm"


def scan(path: Path) -> SpoolState:
    """Read a spool's structure. Raises MediaError when it is not there or is not a spool at all."""
    try:
        with path.open("rb") as file:
            return _scan(file.fileno())
    except FileNotFoundError:
        raise MediaError(f"nothing was recorded under {path.stem}") from None
    except OSError as error:
        raise MediaError(f"the spool of {path.stem} cannot be read: {error.strerror}") from None


def blocks(path: Path) -> Iterator[Frames]:
    """The audio in order as int16 (n, channels), in pieces of at most a few seconds; gaps are silence.

    An empty recording gives nothing. Raises MediaError as `scan` does.
    """
    state = scan(path)
    expected = 0
    with path.open("rb") as file:
        for sequence, offset, size in state.blocks:
            for _ in range(sequence - expected):
                yield np.zeros((RATE, state.channels), dtype=np.int16)
            expected = sequence + 1
            file.seek(offset)
            yield np.frombuffer(file.read(size), dtype="<i2").reshape(-1, state.channels)


class SpoolWriter:
    """Appends to one spool; opens what is there and cuts a torn tail off.

    Raises MediaError when the disk refuses; the file then still ends with its last whole block.
    """

    def __init__(self, path: Path, channels: int) -> None:
        if not 1 <= channels <= MAX_CHANNELS:
            raise MediaError(f"a recording has 1 to {MAX_CHANNELS} channels, not {channels}")
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self.state = self._begin(channels)
        except BaseException:
            os.close(self._handle)
            raise

    def append(self, sequence: int, pcm: bytes, last: bool) -> bool:
        """Write a block; False when it was there already or cannot belong here."""
        state = self.state
        if state.closed or not state.next_sequence <= sequence < MAX_BLOCKS:
            return False
        pcm = pcm[: min(len(pcm), MAX_BLOCK) // (2 * state.channels) * 2 * state.channels]
        head = _BLOCK.pack(_tag(last), sequence, len(pcm), zlib.crc32(pcm), 0)[:-4]
        self._write(head + zlib.crc32(head).to_bytes(4, "little") + pcm)
        _note(state, sequence, len(pcm), last)
        return True

    def close(self) -> None:
        os.close(self._handle)

    def _begin(self, channels: int) -> SpoolState:
        if os.fstat(self._handle).st_size < _FILE.size:
            os.ftruncate(self._handle, 0)
            state = SpoolState(channels, end=0)
            self.state = state
            self._write(_FILE.pack(MAGIC, RATE, channels, 16))
            return state
        state = _scan(self._handle)
        os.ftruncate(self._handle, state.end)
        return state

    def _write(self, data: bytes) -> None:
        try:
            done = os.pwrite(self._handle, data, self.state.end)
            while done < len(data):
                done += os.pwrite(self._handle, data[done:], self.state.end + done)
        except OSError as error:
            os.ftruncate(self._handle, self.state.end)
            raise MediaError(f"the recording cannot be written: {error.strerror}") from None
        if self.state.end == 0:
            self.state.end = len(data)


def _tag(last: bool) -> bytes:
    return b"BLK" + bytes([_LAST if last else 0])


def _scan(handle: int) -> SpoolState:
    head = os.pread(handle, _FILE.size, 0)
    if len(head) < _FILE.size:
        raise MediaError("the spool is torn within its first bytes: nothing can be read from it")
    magic, rate, channels, bits = _FILE.unpack(head)
    if (magic, rate, bits) != (MAGIC, RATE, 16) or not 1 <= channels <= MAX_CHANNELS:
        raise MediaError("the file is not a spool of this version")
    state = SpoolState(channels)
    while (found := _next(handle, state)) is not None:
        _note(state, *found)
    return state


def _next(handle: int, state: SpoolState) -> tuple[int, int, bool] | None:
    """Sequence, bytes and last flag of the block at `state.end`; None when there is no sound one."""
    head = os.pread(handle, _BLOCK.size, state.end)
    if len(head) < _BLOCK.size:
        return None
    tag, sequence, size, check, head_check = _BLOCK.unpack(head)
    if zlib.crc32(head[:-4]) != head_check or not state.next_sequence <= sequence < MAX_BLOCKS:
        return None
    if size > MAX_BLOCK or size % (2 * state.channels) or state.closed:
        return None
    pcm = os.pread(handle, size, state.end + _BLOCK.size)
    if len(pcm) < size or zlib.crc32(pcm) != check:
        return None
    return sequence, size, tag == _tag(True)


def _note(state: SpoolState, sequence: int, size: int, last: bool) -> None:
    """A sound block lies at `state.end`."""
    state.blocks.append((sequence, state.end + _BLOCK.size, size))
    state.frames += (sequence - state.next_sequence) * RATE + size // (2 * state.channels)
    state.next_sequence = sequence + 1
    state.closed = last
    state.end += _BLOCK.size + size
